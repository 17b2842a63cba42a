"""Both halves of the model on one normalised text: the mean of their log-probabilities, window by window."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .encoder import LONGEST, Encoder
from .linear import Linear, Parts
from .wordpiece import Tokens

Array = NDArray[np.float64]
STEP = 96  # windows overlap by 30 pieces, so that a sentence cut by one stands whole in the next
MOST_WINDOWS = 4


@dataclass(frozen=True)
class Scored:
    """Logits and their parts; `windows` tells how many stretches of the text the encoder read."""

    parts: Parts
    windows: int

    @property
    def score(self) -> Array:
        return self.parts.score


@dataclass(frozen=True)
class Scorer:
    """n-grams over the whole text, the encoder over windows of it; the gravest window speaks for a long text."""

    linear: Linear
    encoder: Encoder | None

    def score(self, text: str) -> Scored:
        """Logits of LOW, MODERATE, HIGH before calibration, taken apart by place in the text."""
        whole = self.linear.parts(text)
        if self.encoder is None:
            return Scored(whole, 1)
        tokens = self.encoder.tokens(text)
        windows = _cut(tokens, whole)
        read = [_read(self.encoder, tokens, window) for window in windows]
        gravest = max(read, key=lambda part: _gravity(part.score))
        return Scored(_mean(whole, gravest), len(windows))


def _read(encoder: Encoder, tokens: Tokens, window: tuple[int, int]) -> Parts:
    first, last = window
    read = encoder.read(tokens.ids[first:last])
    places = np.array(tokens.places[first:last], np.int64).reshape(-1, 2)
    return Parts(read.score, encoder.bias + read.rest, read.each, places)


def _gravity(logits: Array) -> float:
    """Log-odds of HIGH against the rest."""
    return float(logits[2] - np.logaddexp(logits[0], logits[1]))


def _mean(a: Parts, b: Parts) -> Parts:
    """Mean of the two log-probabilities, with every contribution halved; constants go to the intercept."""
    shift_a, shift_b = (np.logaddexp.reduce(x.score) for x in (a, b))
    return Parts(
        score=(a.score - shift_a + b.score - shift_b) / 2,
        intercept=(a.intercept - shift_a + b.intercept - shift_b) / 2,
        each=np.concatenate([a.each, b.each]) / 2,
        places=np.concatenate([a.places, b.places]),
    )


def _cut(tokens: Tokens, whole: Parts) -> list[tuple[int, int]]:
    """Windows over the pieces; of more than a few, the first and those that the n-grams find gravest."""
    count = len(tokens.ids)
    if count <= LONGEST:
        return [(0, count)]
    starts = [*range(0, count - LONGEST, STEP), count - LONGEST]
    windows = [(start, start + LONGEST) for start in starts]
    if len(windows) <= MOST_WINDOWS:
        return windows
    moved = whole.each[:, 2] - whole.each[:, 0]
    middle = whole.places.mean(axis=1)
    weight = [
        float(moved[(middle >= tokens.places[a][0]) & (middle < tokens.places[b - 1][1])].sum()) for a, b in windows[1:]
    ]
    gravest = sorted(range(1, len(windows)), key=lambda i: (-weight[i - 1], i))[: MOST_WINDOWS - 1]
    return [windows[i] for i in (0, *sorted(gravest))]
