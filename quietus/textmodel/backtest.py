"""What other weights or thresholds would have said about texts that were already answered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from .port import LABELS, Refusal, TextModel


@dataclass(frozen=True, slots=True)
class Answered:
    """A stored text with the label it got and, where somebody reviewed it, the human's label."""

    text: str
    recorded: str
    human: str | None = None


@dataclass
class Backtest:
    """Counts only; no text is kept. `moves` counts (recorded, now) pairs, the other two agreement with humans."""

    version: str
    moves: Counter[tuple[str, str]] = field(default_factory=Counter)
    recorded_right: Counter[str] = field(default_factory=Counter)
    now_right: Counter[str] = field(default_factory=Counter)
    reviewed: Counter[str] = field(default_factory=Counter)

    @property
    def changed(self) -> int:
        """How many texts would get another label."""
        return sum(count for (before, now), count in self.moves.items() if before != now)

    def lines(self) -> list[str]:
        """The result for a person to read."""
        said = [f"model_version {self.version}: {self.changed} of {self.moves.total()} texts would change"]
        said += [
            f"  {before} -> {now}: {count}" for (before, now), count in sorted(self.moves.items()) if before != now
        ]
        for label in LABELS:
            if self.reviewed[label]:
                said.append(
                    f"  humans said {label} {self.reviewed[label]} times: recorded agreed {self.recorded_right[label]},"
                    f" this model {self.now_right[label]}"
                )
        return said


def backtest(answered: Iterable[Answered], model: TextModel, batch: int = 200) -> Backtest:
    """Score stored texts again with another model; changes nothing that is stored."""
    result = Backtest(model.version)
    waiting: list[Answered] = []
    for row in answered:
        waiting.append(row)
        if len(waiting) == batch:
            _count(result, waiting, model)
            waiting.clear()
    _count(result, waiting, model)
    return result


def _count(result: Backtest, rows: list[Answered], model: TextModel) -> None:
    for row, answer in zip(rows, model.predict([row.text for row in rows]), strict=True):
        now = "FAILED" if isinstance(answer, Refusal) else answer.label
        result.moves[row.recorded, now] += 1
        if row.human is not None:
            result.reviewed[row.human] += 1
            result.recorded_right[row.human] += row.recorded == row.human
            result.now_right[row.human] += now == row.human
