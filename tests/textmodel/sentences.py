"""The made-up regression sentences: what each category must get, and how the shipped model does on them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from quietus.textmodel import Outcome, Refusal, TextModel

FILE = Path(__file__).with_name("sentences.json")


@dataclass(frozen=True)
class Sentence:
    """`blind` sentences were scored but never read while rules and templates were written."""

    category: str
    text: str
    accept: tuple[str, ...]
    flags: tuple[str, ...]
    blind: bool


def sentences() -> list[Sentence]:
    return [
        Sentence(s["category"], s["text"], tuple(s["accept"]), tuple(s["flags"]), s["blind"])
        for s in json.loads(FILE.read_text(encoding="utf-8"))
    ]


def holds(sentence: Sentence, answer: Outcome | Refusal) -> bool:
    """The label is one of those accepted and every expected flag is there."""
    if isinstance(answer, Refusal):
        return "REFUSED" in sentence.accept
    return answer.label in sentence.accept and set(sentence.flags) <= set(answer.flags)


def scores(model: TextModel) -> dict[str, tuple[int, int, int, int]]:
    """Per category: right and number of the seen half, right and number of the blind half."""
    table: dict[str, list[int]] = {}
    given = sentences()
    for sentence, answer in zip(given, model.predict([s.text for s in given]), strict=True):
        row = table.setdefault(sentence.category, [0, 0, 0, 0])
        row[2 * sentence.blind] += holds(sentence, answer)
        row[2 * sentence.blind + 1] += 1
    return {category: (row[0], row[1], row[2], row[3]) for category, row in table.items()}
