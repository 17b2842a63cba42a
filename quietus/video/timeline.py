"""What a page of a session's events shows beside each other: which signals, and how often each priority."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from babel.numbers import get_decimal_symbol

from quietus.core.languages import language
from quietus.video.models import RiskLevel, VideoAnalysisEvent

# the live page's measures, in the order in which they are read; docs/integrating.md says what they mean
MEASURES: Final = ("presence", "eye_closure", "head_pitch", "movement", "expression")
# how well it saw: in the export, not in the table
TECHNICAL: Final = frozenset({"baseline", "face_score", "face_size", "head_turn", "frames"})
COLUMNS_MAX: Final = 7


@dataclass(frozen=True, slots=True)
class Timeline:
    """Events, newest first; the signals that get a column; each level with its count, gravest first."""

    events: Sequence[VideoAnalysisEvent]
    names: list[str]
    tally: list[tuple[str, int]]


def timeline(events: Sequence[VideoAnalysisEvent]) -> Timeline:
    levels = Counter(event.risk_level for event in events)
    return Timeline(events, _names(events), [(level, levels[level]) for level in reversed(RiskLevel) if levels[level]])


def _names(events: Sequence[VideoAnalysisEvent]) -> list[str]:
    """The measures that occur, then an agent's own numbers by name."""
    found = {name for event in events for name, value in event.signals.items() if _is_number(value)}
    known = [name for name in MEASURES if name in found]
    return (known + sorted(found - TECHNICAL - set(known)))[:COLUMNS_MAX]


def measured(value: float) -> str:
    """A signal for people, with the six digits that count."""
    return f"{value:.6g}".replace(".", get_decimal_symbol(language()))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
