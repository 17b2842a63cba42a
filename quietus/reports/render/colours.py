"""The colours of charts in files: those of the pages (app.css), so that HIGH looks the same everywhere."""

from typing import Final

OF_WORDS: Final = {"high": 0x8C2A3A, "moderate": 0xB07A1E, "low": 0x33557D, "unknown": 0x7B8A8D, "failed": 0x5A4768}
IN_TURN: Final = (0x1D5C63, 0xA9591D, 0x5A4768, 0x33557D, 0x7B8A8D, 0x8C2A3A)


def colour_of(name: str, turn: int) -> int:
    """The colour of a column or a label, as 0xRRGGBB; names without a meaning of their own take their turn."""
    parts = name.lower().split("_")
    return next((colour for word, colour in OF_WORDS.items() if word in parts), IN_TURN[turn % len(IN_TURN)])
