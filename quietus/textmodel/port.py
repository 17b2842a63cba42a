"""What every text model promises: texts in, one outcome or refusal for each, in the same order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

LABELS = ("LOW", "MODERATE", "HIGH")


class ModelUnavailable(Exception):
    """No answer can be had now; the same texts may be tried again later."""


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of the text as given; weight > 0 moved the priority up, < 0 down."""

    start: int
    end: int
    weight: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """The review priority of one text; `confidence` is the calibrated probability of `label`."""

    label: str
    confidence: float
    probabilities: dict[str, float]
    spans: tuple[Span, ...]
    flags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Refusal:
    """The text cannot be read at all; `reason` is a code such as "no_words"."""

    reason: str


class TextModel(Protocol):
    """One way to get outcomes; `version` names the weights' hash (at most 64 characters)."""

    @property
    def version(self) -> str: ...

    def predict(self, texts: Sequence[str]) -> list[Outcome | Refusal]:
        """One answer per text, the same alone and in any batch; ModelUnavailable when none can be had."""
        ...
