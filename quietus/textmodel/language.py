"""Can this text be read by an English model at all? Words, script and language, in microseconds."""

from __future__ import annotations

import re

from .normalise import WORD_LISTS

_LETTERS = re.compile(r"[^\W\d_]")
_WORDS = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*")

ENGLISH = frozenset(" ".join(WORD_LISTS["english"]).split())
# Short function words of the languages most likely to arrive; words that are also English are left out.
_OTHER_WORDS = {
    language: frozenset(words.split()) - ENGLISH for language, words in WORD_LISTS["other_languages"].items()
}


def reading(plain: str) -> str:
    """Either "english", "language" (another one), "unclear" (hardly a known word) or "no_words"."""
    letters = _LETTERS.findall(plain)
    if len(letters) < 2:
        return "no_words"
    latin = sum(c < "\u0250" for c in letters)
    if latin * 2 < len(letters):
        return "language"
    words = _WORDS.findall(plain)
    english = sum(w in ENGLISH for w in words)
    foreign = max(sum(w in known for w in words) for known in _OTHER_WORDS.values())
    accented = sum("\u00df" <= c < "\u0250" for c in letters)
    if (foreign >= 2 and foreign > english) or (accented >= 2 and english == 0 and len(words) >= 2):
        return "language"
    if len(words) >= 6 and english * 12 < len(words):
        return "unclear"
    return "english"
