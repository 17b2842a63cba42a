"""From logits to probabilities that mean what they say, and from probabilities to a label."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .port import LABELS
from .rules import Floors, raised

Array = NDArray[np.float64]
Labels = NDArray[np.intp]
Three = tuple[float, float, float]


@dataclass(frozen=True)
class Calibration:
    """Temperature, a shift per label (training weights labels, life does not), and the decision's thresholds.

    `several` is added to the shift where the gravest of several windows speaks: a maximum is graver by chance.
    """

    temperature: float
    shift: Three
    several: Three
    high: float
    moderate: float
    floors: Floors

    @staticmethod
    def neutral() -> Calibration:
        """What an artefact carries until it is calibrated."""
        return Calibration(1.0, (0.0, 0.0, 0.0), (0.0, 0.0, 0.0), 0.5, 0.5, Floors(0.5, 0.5))

    def probabilities(self, logits: Array, *, several: bool = False) -> Array:
        """Softmax of one text's tempered, shifted logits."""
        z = logits / self.temperature + np.array(self.shift)
        if several:
            z = z + np.array(self.several)
        e = np.exp(z - z.max())
        return np.asarray(e / e.sum())

    def raised(self, probabilities: Array, least: int) -> Array:
        """The probabilities with what the rules call for."""
        return raised(probabilities, least, self.floors)

    def label(self, probabilities: Array) -> str:
        """HIGH from its threshold on, else MODERATE where it and HIGH together reach theirs, else LOW."""
        if probabilities[2] >= self.high:
            return LABELS[2]
        return LABELS[1] if probabilities[1] + probabilities[2] >= self.moderate else LABELS[0]

    def as_json(self) -> dict[str, Any]:
        """For the manifest, rounded so that a reader can read it; what is written is what is used."""
        return {
            "temperature": self.temperature,
            "shift": list(self.shift),
            "several": list(self.several),
            "high": self.high,
            "moderate": self.moderate,
            "rule_high": self.floors.high,
            "rule_moderate": self.floors.moderate,
        }

    @staticmethod
    def from_json(given: dict[str, Any]) -> Calibration:
        """Back from the manifest; KeyError, TypeError or ValueError when something is amiss."""
        shift, several = (_three(given[name]) for name in ("shift", "several"))
        numbers = (float(given[name]) for name in ("temperature", "high", "moderate", "rule_high", "rule_moderate"))
        temperature, high, moderate, rule_high, rule_moderate = numbers
        return Calibration(temperature, shift, several, high, moderate, Floors(rule_high, rule_moderate))


def _three(values: Any) -> Three:
    low, moderate, high = (float(x) for x in values)
    return low, moderate, high


def fit_probabilities(
    logits: Array, truth: Labels, several: NDArray[np.bool_] | None = None, steps: int = 6000
) -> tuple[float, Three, Three]:
    """Temperature and shifts with the least log loss, by plain gradient descent: few numbers, convex."""
    group = np.zeros(len(truth), bool) if several is None else several
    target = np.eye(3)[truth]
    scale, shift, extra = 1.0, np.zeros(3), np.zeros(3)
    for _ in range(steps):
        z = logits * scale + shift + group[:, None] * extra
        p = np.exp(z - z.max(axis=1, keepdims=True))
        residual = (p / p.sum(axis=1, keepdims=True) - target) / len(truth)
        scale = max(0.05, scale - 0.3 * float((residual * logits).sum()))
        shift -= 0.5 * residual.sum(axis=0)
        # Few texts are long: a small pull to zero keeps their shift from chasing single ones.
        extra -= 0.5 * (residual[group].sum(axis=0) + 0.002 * extra)
    rounded = [_three(np.round(x - x.mean(), 6)) for x in (shift, extra)]
    return round(1.0 / scale, 6), rounded[0], rounded[1]


def fit_thresholds(probabilities: Array) -> tuple[float, float]:
    """HIGH: the threshold with the greatest expected macro-F1. MODERATE: more likely than LOW.

    Expected from the calibrated probabilities, not counted from the labels: fitted on halves of valid it moved by .03
    (standard deviation) where the counted one moved by .11, at the same macro-F1 on the other halves. On valid the
    second threshold made no difference between .3 and .6, so it keeps its plain meaning.
    """
    moderate = 0.5
    concern = probabilities[:, 1] + probabilities[:, 2] >= moderate
    found = [
        (_expected_f1(probabilities, np.where(probabilities[:, 2] >= high, 2, concern.astype(int))), -float(high))
        for high in np.arange(0.2, 0.61, 0.01)
    ]
    return round(-max(found)[1], 2), moderate


def _expected_f1(probabilities: Array, given: Labels) -> float:
    """Macro-F1 of `given` if labels fell as the probabilities say, in expected counts."""
    scores = []
    for label in range(3):
        called = given == label
        whole = float(called.sum() + probabilities[:, label].sum())
        scores.append(2 * float(probabilities[called, label].sum()) / whole if whole else 0.0)
    return float(np.mean(scores))


def macro_f1(truth: Labels, given: Labels) -> float:
    """Mean over the labels that occur of 2 TP / (2 TP + FP + FN)."""
    scores = []
    for label in range(3):
        hit = int(((truth == label) & (given == label)).sum())
        wrong = int(((truth == label) ^ (given == label)).sum())
        if hit or wrong:
            scores.append(2 * hit / (2 * hit + wrong))
    return float(np.mean(scores)) if scores else 0.0
