"""Which words moved the score: n-gram contributions gathered by word, as offsets into the text as given."""

from __future__ import annotations

import numpy as np

from .linear import Array, Parts
from .ngrams import word_places
from .normalise import Plain
from .port import Span

SHOWN = 8


def word_weights(plain: Plain, parts: Parts, temperature: float) -> tuple[Span, ...]:
    """Every word with its share of the calibrated log-odds of HIGH against LOW; with the constants, the whole.

    An n-gram over several words gives each of its characters an equal part; what falls on spaces and signs
    goes to the word before (or the first word), so that nothing is lost.
    """
    words = word_places(plain.text)
    if not len(words):
        return ()
    moved = (parts.each[:, 2] - parts.each[:, 0]) / temperature
    per_character = _spread(moved, parts.places, len(plain.text))
    owner = np.maximum(np.searchsorted(words[:, 0], np.arange(len(plain.text)), side="right") - 1, 0)
    totals = np.bincount(owner, weights=per_character, minlength=len(words))
    return tuple(
        Span(plain.starts[start], plain.ends[end - 1], float(weight))
        for (start, end), weight in zip(words, totals, strict=True)
    )


def _spread(values: Array, places: np.ndarray[tuple[int, ...], np.dtype[np.int64]], length: int) -> Array:
    """Each value divided evenly over its characters, all added up (by differences: one pass, no loop)."""
    each = values / np.maximum(places[:, 1] - places[:, 0], 1)
    edges = np.bincount(places[:, 0], weights=each, minlength=length + 1)
    edges -= np.bincount(places[:, 1], weights=each, minlength=length + 1)
    return np.cumsum(edges[:-1])


def strongest(weights: tuple[Span, ...]) -> tuple[Span, ...]:
    """The few spans that moved the score most, in reading order."""
    chosen = sorted(weights, key=lambda s: (-abs(s.weight), s.start))[:SHOWN]
    return tuple(sorted((s for s in chosen if abs(s.weight) >= 0.01), key=lambda s: s.start))
