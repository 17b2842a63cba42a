globalThis.quietusWords = {
 "%(count)s characters too many": "%(count)s Zeichen zu viel",
 "%(count)s of %(most)s characters": "%(count)s von %(most)s Zeichen",
 "At least %(count)s characters are needed": "Es braucht mindestens %(count)s Zeichen",
 "Copied": "Kopiert",
 "Copied.": "Kopiert.",
 "Selected. Copy it with your keyboard.": "Markiert. Kopiere es mit der Tastatur.",
 "Your password is hidden.": "Dein Passwort ist verborgen.",
 "Your password is visible.": "Dein Passwort ist sichtbar."
};
