"""Made-up training sentences, filled from templates with a fixed seed, for what the labelled sources lack."""

from __future__ import annotations

import json
import re
from pathlib import Path
from random import Random
from typing import Any

from .data import Example

TEMPLATES = Path(__file__).with_name("made_up.json")
LONG_TEXTS = 240
_SLOT = re.compile(r"\{(\w+)\}")


def examples(seed: int = 11) -> list[Example]:
    """Single sentences, then long ordinary texts with one graver sentence inside, all of split train."""
    given: dict[str, Any] = json.loads(TEMPLATES.read_text(encoding="utf-8"))
    random = Random(seed)  # noqa: S311  a fixed order is the point, no secret depends on it
    made: dict[str, Example] = {}
    for sentence in given["sentences"]:
        for _ in range(sentence["times"]):
            text = _filled(sentence["text"], given["slots"], random)
            made.setdefault(text, Example(text, sentence["label"], f"made_up_{sentence['category']}", "train"))
    single = list(made.values())
    return [*single, *_long_texts(single, given["slots"], random)]


def _filled(text: str, slots: dict[str, list[str]], random: Random) -> str:
    filled = _SLOT.sub(lambda match: random.choice(slots[match.group(1)]), text)
    return filled[0].upper() + filled[1:] if random.random() < 0.5 else filled


def _long_texts(single: list[Example], slots: dict[str, list[str]], random: Random) -> list[Example]:
    """Ordinary chat around one sentence of each label, so that neither length nor company gives it away."""
    out = []
    for number in range(LONG_TEXTS):
        label = ("LOW", "MODERATE", "HIGH")[number % 3]
        inside = random.choice([e for e in single if e.label == label])
        chat = random.sample(slots["chat"], random.randint(3, 9))
        chat.insert(random.randint(0, len(chat)), inside.text.rstrip(".!? ") + ".")
        out.append(Example(" ".join(chat), label, "made_up_inside", "train"))
    return out
