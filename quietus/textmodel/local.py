"""The model that ships with the product: numpy and one int8 graph on a CPU, no download, each text on its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from . import artefact, rules
from .language import reading
from .linear import known_share
from .normalise import Plain, normalise
from .phrases import Mention, mentions
from .port import LABELS, Outcome, Refusal, Span
from .scorer import Array, Scored, Scorer
from .spans import strongest, word_weights

# What a text gets that cannot be read: no knowledge, priority in the middle, a human's eyes.
UNREAD = (0.33, 0.37, 0.30)
# Below this share of words that training knew, a text is called unreadable rather than calm.
KNOWN = 0.3


@dataclass(frozen=True)
class Looked:
    """Everything that is known of a readable text before the decision."""

    plain: Plain
    read: str
    scored: Scored
    found: tuple[Mention, ...]
    least: int


class LocalModel:
    """Weights of one artefact folder; the object never changes once made."""

    def __init__(self, folder: Path = artefact.FOLDER) -> None:
        self.calibration = artefact.read_calibration(folder)
        self.scorer: Scorer = artefact.read_scorer(folder)
        self.version = artefact.shipped_version(folder)

    def predict(self, texts: Sequence[str]) -> list[Outcome | Refusal]:
        """Each text on its own: int8 scales move with the padding, so a batch would change its texts."""
        return [self._one(text) for text in texts]

    def look(self, text: str) -> Looked | None:
        """Scores and phrases of a text, or None when it holds no words."""
        plain = normalise(text)
        read = reading(plain.text)
        if read == "no_words":
            return None
        if read == "english" and known_share(self.scorer.linear, plain.text) < KNOWN:
            read = "unclear"
        found = mentions(plain.text)
        return Looked(plain, read, self.scorer.score(plain.text), found, rules.floor(found))

    def probabilities(self, looked: Looked) -> Array:
        """Calibrated probabilities before the rules."""
        if looked.read != "english":
            return np.array(UNREAD)
        return self.calibration.probabilities(looked.scored.score, several=looked.scored.windows > 1)

    def _one(self, text: str) -> Outcome | Refusal:
        looked = self.look(text)
        if looked is None:
            return _without_words(text)
        before = self.probabilities(looked)
        p = self.calibration.raised(before, looked.least)
        readable = looked.read == "english"
        label = self.calibration.label(p) if readable or looked.least == 2 else "MODERATE"
        spans = strongest(word_weights(looked.plain, looked.scored.parts, self.calibration.temperature))
        return _outcome(label, p, spans if readable else (), _flags(looked, raised=bool((p != before).any())))


def _flags(looked: Looked, *, raised: bool) -> tuple[str, ...]:
    told = rules.flags(looked.found)
    if raised:
        told = (*told, "raised_by_phrase")
    if looked.read != "english":
        told = (*told, "needs_review", looked.read)
    return told


def _without_words(text: str) -> Outcome | Refusal:
    """Pictures may say a lot and go to a human; digits and dots say nothing and are refused."""
    if any(ord(c) >= 0x2190 and c.isprintable() for c in text):
        return _outcome("MODERATE", np.array(UNREAD), (), ("needs_review", "no_words"))
    return Refusal("no_words")


def _outcome(label: str, p: Array, spans: tuple[Span, ...], flags: tuple[str, ...]) -> Outcome:
    probabilities = {name: float(value) for name, value in zip(LABELS, p, strict=True)}
    return Outcome(label, probabilities[label], probabilities, spans, flags)
