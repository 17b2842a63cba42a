"""Why a text got its label: every word's share, the phrases and how they were taken, and what the rules changed."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from .local import LocalModel
from .phrases import Mention
from .port import LABELS, Outcome, Refusal, Span
from .spans import word_weights


@dataclass(frozen=True)
class Phrase:
    """A phrase of risk at offsets into the text as given, and how it seems to be meant."""

    start: int
    end: int
    kind: str
    about: str
    negated: bool
    past: bool
    quoted: bool
    idiom: bool


@dataclass(frozen=True)
class Explanation:
    """`base + sum of words' weights == log_odds`, the calibrated log-odds of HIGH against LOW before the rules."""

    model_version: str
    outcome: Outcome
    base: float
    log_odds: float
    words: tuple[Span, ...]
    phrases: tuple[Phrase, ...]
    before_rules: dict[str, float]
    windows: int

    def as_json(self) -> dict[str, Any]:
        """Plain dictionaries and lists."""
        return asdict(self)


def explain(text: str, model: LocalModel) -> Explanation | Refusal:
    """Computed again from the text; the same version always gives the same numbers."""
    (outcome,) = model.predict([text])
    looked = model.look(text)
    if isinstance(outcome, Refusal) or looked is None:
        return outcome if isinstance(outcome, Refusal) else Refusal("no_words")
    parts = looked.scored.parts
    before = model.probabilities(looked)
    log_odds = float(np.log(before[2]) - np.log(before[0]))
    words = word_weights(looked.plain, parts, model.calibration.temperature) if looked.read == "english" else ()
    starts, ends = looked.plain.starts, looked.plain.ends
    return Explanation(
        model_version=model.version,
        outcome=outcome,
        base=log_odds - sum(word.weight for word in words),
        log_odds=log_odds,
        words=words,
        phrases=tuple(_phrase(m, starts[m.start], ends[m.end - 1]) for m in looked.found),
        before_rules={name: float(p) for name, p in zip(LABELS, before, strict=True)},
        windows=looked.scored.windows,
    )


def _phrase(m: Mention, start: int, end: int) -> Phrase:
    return Phrase(start, end, m.kind, m.about, m.negated, m.past, m.quoted, m.idiom)
