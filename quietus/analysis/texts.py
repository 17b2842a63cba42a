"""What counts as a text: the rule for every way in, whether a form, JSON or a file."""

import unicodedata

from flask_babel import gettext

MIN_CHARACTERS = 5
MAX_CHARACTERS = 5000


def clean(text: str) -> str:
    """Trim and NFC-normalise a text. Raises ValueError, a sentence for a person, when it cannot be accepted."""
    if "\x00" in text:
        raise ValueError(gettext("The text holds a NUL character, which cannot be stored."))
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError(gettext("The text holds half of a character, which cannot be stored.")) from error
    # browsers send line ends as CRLF; one text has one form, so that a replay is recognised
    cleaned = unicodedata.normalize("NFC", text.replace("\r\n", "\n")).strip()
    if len(cleaned) < MIN_CHARACTERS:
        raise ValueError(gettext("Please write at least %(least)s characters.", least=MIN_CHARACTERS))
    if len(cleaned) > MAX_CHARACTERS:
        raise ValueError(
            gettext(
                "That is %(count)s characters; at most %(most)s can be read at once.",
                count=len(cleaned),
                most=MAX_CHARACTERS,
            )
        )
    return cleaned
