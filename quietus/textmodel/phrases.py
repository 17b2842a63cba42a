"""Find phrases of risk in a normalised text and how they are meant: by whom, when, denied, quoted or as an idiom.

A phrase list cannot understand a text. It is used for two things only: to raise a priority that the scores missed,
never to lower one, and to tell the reader how a phrase seems to be meant.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

_PATTERNS: dict[str, re.Pattern[str]] = {
    name: re.compile("|".join(alternatives))
    for name, alternatives in json.loads(Path(__file__).with_name("phrases.json").read_text(encoding="utf-8")).items()
    if name != "about"
}
# strong: an active wish, intent or plan (what the C-SSRS calls ideation of level 2 and above). veiled: parting and
# settling affairs, innocent alone. other: the same of another person. foreign: in another language.
KINDS = ("foreign", "other", "strong", "veiled")
PARTING = ("parting_things", "parting_thanks", "parting_words")
_CLAUSE_END = re.compile(r"[.!?;:]+|,? (?:but|although|though|however|yet|whereas)\b|, (?:and|so|then|i)\b")
# begins at the first of several signs and gives none back: else a run of them is read anew from each
_SENTENCE_END = re.compile(r"(?<![.!?])[.!?]++(?=[\s\"']|$)")
_QUOTED = re.compile(r'"[^"]{3,300}"')
_NONE_AFTER = re.compile(r"\s*+(?:thoughts?|ideation)?\s*+[:\-]?\s*+(?:none|no|never|nil|denied|negative)\b")
_I = re.compile(r"\b(?:i|i'm|i've|i'd|i'll|me|my|myself)\b")


@dataclass(frozen=True, slots=True)
class Mention:
    """One phrase of risk; places refer to the normalised text, `about` is self, other or general."""

    kind: str
    start: int
    end: int
    about: str
    negated: bool
    past: bool
    quoted: bool
    idiom: bool

    @property
    def meant_now(self) -> bool:
        """Neither denied nor past, quoted or an idiom."""
        return not (self.negated or self.past or self.quoted or self.idiom)


def mentions(text: str) -> tuple[Mention, ...]:
    """Every phrase of risk in reading order; the first kind that finds a stretch keeps it."""
    found: list[Mention] = []
    for kind in KINDS:
        for match in _PATTERNS[kind].finditer(text):
            start, end = match.span()
            if not any(m.start < end and start < m.end for m in found):
                found.append(_as_meant(kind, text, start, end))
    if not found:
        found = [_as_meant("veiled", text, start, end) for start, end in _parting(text)]
    return tuple(sorted(found, key=lambda m: m.start))


def _parting(text: str) -> list[tuple[int, int]]:
    """A farewell in plain words: two of things settled, thanks for all, last words; and no word of coming back."""
    if _says("returning", text):
        return []
    found = [match.span() for name in PARTING if (match := _PATTERNS[name].search(text))]
    return found if len(found) > 1 else []


def _says(name: str, text: str) -> bool:
    return _PATTERNS[name].search(text) is not None


def _as_meant(kind: str, text: str, start: int, end: int) -> Mention:
    clause_start, _ = _around(_CLAUSE_END, text, start, end)
    sentence_start, sentence_end = _around(_SENTENCE_END, text, start, end)
    before, sentence = text[clause_start:start], text[sentence_start:sentence_end]
    quoted = _is_quoted(text, start, end)
    return Mention(
        kind=kind,
        start=start,
        end=end,
        about="other" if quoted else _about(kind, before, text[start:end], sentence),
        negated=kind != "veiled"
        and _is_denied(before, text[start:end], text[end:sentence_end])
        and not _says("taken_back", text[end:]),
        past=_is_past(kind, text, sentence),
        quoted=quoted,
        idiom=_says("idiom", sentence),
    )


def _around(ends: re.Pattern[str], text: str, start: int, end: int) -> tuple[int, int]:
    """The stretch between two ends that holds text[start:end]."""
    left, right = 0, len(text)
    for match in ends.finditer(text):
        if match.end() <= start:
            left = match.end() - (match.group().endswith(" i"))
        elif match.start() >= end:
            right = match.start()
            break
    return left, right


def _is_quoted(text: str, start: int, end: int) -> bool:
    """Inside quotation marks in a text where somebody is told to have said or written it."""
    inside = any(q.start() < start and end < q.end() for q in _QUOTED.finditer(text))
    return inside and _says("told", text)


def _about(kind: str, before: str, phrase: str, sentence: str) -> str:
    if kind == "other":
        return "general" if _says("topic", sentence) else "other"
    if _says("topic", sentence) and not _says("own_wish", sentence):
        return "general"
    if kind != "strong" or _I.search(before) or _I.search(phrase) or _I.search(sentence):
        return "self"
    return "general"


def _is_denied(before: str, phrase: str, after: str) -> bool:
    if phrase.startswith(("don't", "do not", "didn't", "did not", "no longer", "not ")):
        return False  # "don't want to live": the phrase itself carries the "not"
    if _NONE_AFTER.match(after):
        return True
    near = " ".join(before.split()[-6:])
    return _says("negation", near) and not _says("undenied", near)


def _is_past(kind: str, text: str, sentence: str) -> bool:
    if _says("present", sentence):
        return False
    if _says("past", sentence):
        return True
    # "Last year I tried to end it. I am safe now": the second sentence settles the first.
    tried = re.search(r"\b(?:tried|attempted|attempt|was|wanted|planned|took)\b", sentence) is not None
    return kind == "strong" and tried and _says("safe_now", text) and not _says("present", text)
