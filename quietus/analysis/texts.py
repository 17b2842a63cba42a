"""What counts as a text: the rule for every way in, whether a form, JSON or a file."""

import unicodedata

MIN_CHARACTERS = 5
MAX_CHARACTERS = 5000


def clean(text: str) -> str:
    """Trim and NFC-normalise a text. Raises ValueError, a sentence for a person, when it cannot be accepted."""
    if "\x00" in text:
        raise ValueError("The text holds a NUL character, which cannot be stored.")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError("The text holds half of a character, which cannot be stored.") from error
    # browsers send line ends as CRLF; one text has one form, so that a replay is recognised
    cleaned = unicodedata.normalize("NFC", text.replace("\r\n", "\n")).strip()
    if len(cleaned) < MIN_CHARACTERS:
        raise ValueError(f"Please write at least {MIN_CHARACTERS} characters.")
    if len(cleaned) > MAX_CHARACTERS:
        raise ValueError(f"That is {len(cleaned)} characters; at most {MAX_CHARACTERS} can be read at once.")
    return cleaned
