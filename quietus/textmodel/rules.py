"""Phrases may raise a priority that the scores missed; they never lower one, and every raise is shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .phrases import Mention

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Floors:
    """How likely HIGH is where a rule says HIGH, and MODERATE or HIGH where it says MODERATE (from valid)."""

    high: float
    moderate: float


def floor(found: Sequence[Mention]) -> int:
    """The least label (0, 1, 2) that the phrases of a text call for."""
    return max((_floor(m) for m in found), default=0)


def _floor(m: Mention) -> int:
    if m.about == "general" or m.negated or m.idiom:
        return 0
    if m.kind in ("strong", "foreign") and m.about == "self" and m.meant_now:
        return 2
    return 1  # another person, the past, a quotation, a veiled word


def raised(probabilities: Array, least: int, floors: Floors) -> Array:
    """Probabilities with at least the floor's share on the called-for label; the rest keeps its proportions."""
    p = probabilities.copy()
    if least == 2 and p[2] < floors.high:
        p[:2] *= (1.0 - floors.high) / (p[0] + p[1])
        p[2] = floors.high
    elif least == 1 and p[1] + p[2] < floors.moderate:
        gain = floors.moderate - p[1] - p[2]
        p[0], p[1] = 1.0 - floors.moderate, p[1] + gain
    return p


def flags(found: Sequence[Mention]) -> tuple[str, ...]:
    """What the phrases tell about a text, as codes."""
    told: list[str] = [f"about:{who}" for who in ("self", "other", "general") if any(m.about == who for m in found)]
    told += [name for name in ("negated", "past", "quoted", "idiom") if any(getattr(m, name) for m in found)]
    return tuple(told)
