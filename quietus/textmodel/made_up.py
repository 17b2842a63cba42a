"""Made-up training texts, filled from templates with a fixed seed, for what the labelled sources lack."""

from __future__ import annotations

import json
import re
from pathlib import Path
from random import Random
from typing import Any

from .data import Example

TEMPLATES = Path(__file__).with_name("made_up.json")
LONG_TEXTS = 240
POSTS = {"LOW": 400, "MODERATE": 300, "HIGH": 80}
_SLOT = re.compile(r"\{(\w+)\}")
_LABELS = ("LOW", "MODERATE", "HIGH")


def examples(seed: int = 11) -> list[Example]:
    """Single sentences, long ordinary texts with one graver sentence inside, and posts; all of split train."""
    given: dict[str, Any] = json.loads(TEMPLATES.read_text(encoding="utf-8"))
    random = Random(seed)  # noqa: S311  a fixed order is the point, no secret depends on it
    made: dict[str, Example] = {}
    for sentence in given["sentences"]:
        for _ in range(sentence["times"]):
            text = _filled(sentence["text"], given["slots"], random)
            made.setdefault(text, Example(text, sentence["label"], f"made_up_{sentence['category']}", "train"))
    single = list(made.values())
    return [*single, *_long_texts(single, given["slots"], random), *_posts(single, given, random)]


def _filled(text: str, slots: dict[str, list[str]], random: Random) -> str:
    filled = _SLOT.sub(lambda match: random.choice(slots[match.group(1)]), text)
    return filled[0].upper() + filled[1:] if random.random() < 0.5 else filled


def _long_texts(single: list[Example], slots: dict[str, list[str]], random: Random) -> list[Example]:
    """Ordinary chat around one sentence of each label, so that neither length nor company gives it away."""
    out = []
    for number in range(LONG_TEXTS):
        label = _LABELS[number % 3]
        inside = random.choice([e for e in single if e.label == label])
        chat = random.sample(slots["chat"], random.randint(3, 9))
        chat.insert(random.randint(0, len(chat)), inside.text.rstrip(".!? ") + ".")
        out.append(Example(" ".join(chat), label, "made_up_inside", "train"))
    return out


def _posts(single: list[Example], given: dict[str, Any], random: Random) -> list[Example]:
    """Posts about the same troubles, told calmly (LOW), in distress (MODERATE) or with a wish to die (HIGH).

    Without them, a model that has seen forum posts only from people in distress takes the forum for the distress.
    """
    parts, grave = given["posts"], [e.text for e in single if e.label == "HIGH"]
    out = []
    for label in _LABELS:
        for _ in range(POSTS[label]):
            body = random.sample(parts["context"], random.randint(1, 2) if label != "LOW" else random.randint(2, 5))
            if label != "LOW":
                body += random.sample(parts["distress"], random.randint(2, 3) if label == "MODERATE" else 1)
            if label == "HIGH":
                body.append(random.choice(grave).rstrip(".!? ") + ".")
            random.shuffle(body)
            text = " ".join([random.choice(parts["openers"]), *body, random.choice(parts["closings"])])
            out.append(Example(_filled(text, given["slots"], random), label, "made_up_posts", "train"))
    return out
