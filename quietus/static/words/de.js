globalThis.quietusWords = {
 "%(count)s characters too many": "%(count)s Zeichen zu viel",
 "%(count)s of %(most)s characters": "%(count)s von %(most)s Zeichen",
 "%(count)s item in %(minutes)s minutes": [
  "%(count)s Eintrag in %(minutes)s Minuten",
  "%(count)s Einträge in %(minutes)s Minuten"
 ],
 "At least %(count)s characters are needed": "Es braucht mindestens %(count)s Zeichen",
 "Copied": "Kopiert",
 "Copied.": "Kopiert.",
 "Selected. Copy it with your keyboard.": "Markiert. Kopiere es mit der Tastatur.",
 "The text is blurred.": "Der Text ist unscharf.",
 "The text is shown.": "Der Text ist zu sehen.",
 "This item is not open with you any more. What you wrote stays here; saving it tells you how it stands.": "Dieser Eintrag ist nicht mehr bei dir offen. Was du geschrieben hast, bleibt hier stehen; beim Speichern erfährst du, wie es steht.",
 "Your password is hidden.": "Dein Passwort ist verborgen.",
 "Your password is visible.": "Dein Passwort ist sichtbar."
};
