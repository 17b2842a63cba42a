"""The figures by which a text model is judged, each a few lines of numpy."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Labels = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Share:
    """A proportion with its Wilson 95 % interval."""

    hits: int
    of: int

    @property
    def value(self) -> float:
        return self.hits / self.of if self.of else float("nan")

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's score interval (1927); (0, 1) when nothing was counted."""
        if not self.of:
            return (0.0, 1.0)
        z, p, n = 1.959964, self.value, self.of
        middle = (p + z * z / (2 * n)) / (1 + z * z / n)
        half = z * sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
        return (max(0.0, middle - half), min(1.0, middle + half))

    def __str__(self) -> str:
        low, high = self.interval
        return f"{self.value:.3f} [{low:.3f}, {high:.3f}] ({self.hits} of {self.of})"


def recall(truth: Labels, given: Labels, label: int) -> Share:
    """Of the texts that are `label`, how many were called so."""
    return Share(int(((truth == label) & (given == label)).sum()), int((truth == label).sum()))


def precision(truth: Labels, given: Labels, label: int) -> Share:
    """Of the texts called `label`, how many are."""
    return Share(int(((truth == label) & (given == label)).sum()), int((given == label).sum()))


def f1(truth: Labels, given: Labels) -> float:
    """F1 of label 1 in a yes-or-no question."""
    hit = int(((truth == 1) & (given == 1)).sum())
    wrong = int((truth != given).sum())
    return 2 * hit / (2 * hit + wrong) if hit or wrong else float("nan")


def recall_at_alarms(scores: Array, truth: Labels, share: float = 0.02) -> Share:
    """HIGH recall at the score that exactly `share` of the LOW texts exceed."""
    low = np.sort(scores[truth == 0])[::-1]
    if not len(low):
        return Share(0, 0)
    threshold = low[min(int(share * len(low)), len(low) - 1)]
    return Share(int((scores[truth == 2] > threshold).sum()), int((truth == 2).sum()))


@dataclass(frozen=True, slots=True)
class Bin:
    """One row of a reliability table."""

    low: float
    high: float
    count: int
    confidence: float
    accuracy: float


def reliability(confidence: Array, right: NDArray[np.bool_], bins: int = 10) -> list[Bin]:
    """Confidence against how often it was right, in bins of equal width; empty bins are left out."""
    index = np.minimum((confidence * bins).astype(int), bins - 1)
    return [
        Bin(b / bins, (b + 1) / bins, int(m.sum()), float(confidence[m].mean()), float(right[m].mean()))
        for b in range(bins)
        if (m := index == b).any()
    ]


def calibration_error(confidence: Array, right: NDArray[np.bool_], bins: int = 10) -> float:
    """Expected calibration error: mean gap between confidence and accuracy, weighted by bin size."""
    rows = reliability(confidence, right, bins)
    return sum(b.count * abs(b.confidence - b.accuracy) for b in rows) / max(len(confidence), 1)
