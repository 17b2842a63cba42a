"""Bring what people type to one plain form, and remember where each character came from."""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Any

WORD_LISTS: dict[str, Any] = json.loads(Path(__file__).with_name("words.json").read_text(encoding="utf-8"))

# Letters of other alphabets that are drawn like Latin ones, undone only beside Latin letters in one word:
# a word wholly in Cyrillic is another language, not a disguise.
LOOK_ALIKES = str.maketrans(
    "авеёкмнорстухіјѕԁһӏαβειικνορτυχζ",
    "abeekmhopctyxijsdhlabeiikvoptuxz",
)
QUOTES = str.maketrans(
    {
        "\u2018": "'",
        "\u2019": "'",
        "\u02bc": "'",
        "`": "'",
        "\u00b4": "'",
        "\u201c": '"',
        "\u201d": '"',
        "\u2013": "-",
        "\u2014": "-",
        "\u2026": ".",
    }
)
LEET = str.maketrans("013457@$!|*", "oieastasil_")
# Disguised words worth undoing: a digit or sign in any other word stays ("b4", "m8", "covid19").
DISGUISED = tuple(" ".join(WORD_LISTS["disguised"]).split())


def _slips(word: str) -> set[str]:
    """The word with one letter after the first left out or two neighbours swapped."""
    left_out = {word[:i] + word[i + 1 :] for i in range(1, len(word))}
    swapped = {word[:i] + word[i + 1] + word[i] + word[i + 2 :] for i in range(1, len(word) - 1)}
    return (left_out | swapped) - {word}


# Long words only: a slip in a short word is often another word. The listed forms win over the slips.
SHORT_FORMS: dict[str, str] = {
    slip: word for word in WORD_LISTS["misspelt"].split() for slip in sorted(_slips(word))
} | WORD_LISTS["short_forms"]

_WORD = re.compile(r"\S+")
_SPACED = re.compile(r"(?<![\w'])(?:[^\W\d_][ .\-*_]){3,}[^\W\d_](?![\w'])")
_LATIN = re.compile(r"[a-z]")
_EDGE = " \t\n\r\"'.,;:?()[]{}<>-~#"


@dataclass(frozen=True, slots=True)
class Plain:
    """`text` is the plain form; its character i was written at given[starts[i]:ends[i]]."""

    text: str
    starts: list[int]
    ends: list[int]


def _leet_pattern(word: str) -> str | None:
    """The known word that `word` disguises, or None."""
    decoded = word.translate(LEET)
    if decoded in _KNOWN:
        return decoded
    if "_" in decoded:
        shape = re.compile(re.escape(decoded).replace("_", "."))
        return next((known for known in DISGUISED if shape.fullmatch(known)), None)
    swapped = decoded.replace("i", "l")  # 1 and ! stand for l as often as for i
    for known in DISGUISED:
        if known.replace("i", "l") == swapped:
            return known
    return None


_KNOWN = frozenset(DISGUISED)


def _characters(given: str) -> Plain:
    """Lower case, compatibility forms folded, invisible characters dropped, long repeats shortened."""
    out: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    if given.isascii():
        pieces: list[tuple[str, int, int]] = [(c, i, i + 1) for i, c in enumerate(given.lower())]
    else:
        pieces = list(_folded(given))
    for char, start, end in pieces:
        plain = " " if char.isspace() else char
        if plain == " " and (not out or out[-1] == " "):
            continue
        if not plain.isprintable():
            continue
        if len(out) >= 2 and out[-1] == plain == out[-2]:  # "soooo" reads like "soo"
            ends[-1] = end
            continue
        out.append(plain)
        starts.append(start)
        ends.append(end)
    if out and out[-1] == " ":
        del out[-1], starts[-1], ends[-1]
    return Plain("".join(out), starts, ends)


def _folded(given: str) -> list[tuple[str, int, int]]:
    """The given text's characters in compatibility form, an accented letter as one character."""
    pieces: list[tuple[str, int, int]] = []
    i = 0
    while i < len(given):
        j = i + 1
        while j < len(given) and unicodedata.combining(given[j]):
            j += 1
        cluster = unicodedata.normalize("NFKC", given[i : min(j, i + 4)]).translate(QUOTES).lower()
        pieces.extend((c, i, j) for c in cluster if unicodedata.category(c) not in ("Cf", "Mn", "Me", "Cs", "Co", "Cn"))
        i = j
    return pieces


def _replacement(word: str) -> str | None:
    """What a single word should read as, or None when it stays as it is."""
    if word in SHORT_FORMS:
        return SHORT_FORMS[word]
    if not word.isascii() and _LATIN.search(word):
        plain = word.translate(LOOK_ALIKES)
        if plain != word:
            return SHORT_FORMS.get(plain, plain)
    if word.isalpha() or not _LATIN.search(word):
        return None
    return _leet_pattern(word)


def normalise(given: str) -> Plain:
    """The plain form of a text, with the way back to the offsets of the text as given."""
    plain = _joined(_characters(given))
    text, starts, ends = plain.text, plain.starts, plain.ends
    edits: list[tuple[int, int, str]] = []
    for match in _WORD.finditer(text):
        word = match.group()
        core = word.strip(_EDGE)
        left = match.start() + word.find(core) if core else match.start()
        new = _replacement(core) or (_replacement(core.rstrip("!*")) if core and core[-1] in "!*" else None)
        if new is not None:
            edits.append((left, left + len(core.rstrip("!*") if core[-1] in "!*" else core), new))
    return _edited(text, starts, ends, edits) if edits else plain


def _joined(plain: Plain) -> Plain:
    """Letters written apart ("k i l l", "s.u.i.c.i.d.e") read as one word."""
    edits: list[tuple[int, int, str]] = []
    for match in _SPACED.finditer(plain.text):
        letters = match.group()
        joined = re.sub(r"[ .\-*_]", "", letters)
        found = _known_words(joined)
        if found is not None:
            edits.append((match.start(), match.end(), found))
    return _edited(plain.text, plain.starts, plain.ends, edits) if edits else plain


def _known_words(letters: str) -> str | None:
    """`letters` cut into known words, longest first, or None when a letter is left over."""
    words: list[str] = []
    rest = letters
    vocabulary = sorted([*DISGUISED, "i", "to", "my", "me", "a", "the", "it", "all"], key=len, reverse=True)
    while rest:
        word = next((w for w in vocabulary if rest.startswith(w)), None)
        if word is None:
            return None
        words.append(word)
        rest = rest[len(word) :]
    return " ".join(words) if any(w in _KNOWN for w in words) else None


def _edited(text: str, starts: list[int], ends: list[int], edits: list[tuple[int, int, str]]) -> Plain:
    """The text with each (from, to, new) put in place; a new stretch points back to all it stands for."""
    out: list[str] = []
    new_starts: list[int] = []
    new_ends: list[int] = []
    at = 0
    for left, right, new in edits:
        out.append(text[at:left])
        new_starts += starts[at:left] + [starts[left]] * len(new)
        new_ends += ends[at:left] + [ends[right - 1]] * len(new)
        out.append(new)
        at = right
    out.append(text[at:])
    return Plain("".join(out), new_starts + starts[at:], new_ends + ends[at:])
