"""A backtest counts what would change and keeps no text."""

from __future__ import annotations

from collections.abc import Sequence

from quietus.textmodel.backtest import Answered, backtest
from quietus.textmodel.port import Outcome, Refusal


class Stern:
    """Calls everything HIGH that has an exclamation mark; refuses the empty text."""

    version = "stern-1"

    def predict(self, texts: Sequence[str]) -> list[Outcome | Refusal]:
        return [Outcome("HIGH" if "!" in t else "LOW", 0.9, {}, (), ()) if t else Refusal("no_words") for t in texts]


ROWS = [
    Answered("help!", "LOW", "HIGH"),
    Answered("hello", "LOW", "LOW"),
    Answered("hey!", "HIGH"),
    Answered("", "MODERATE", "MODERATE"),
]


def test_it_counts_moves_and_agreement() -> None:
    result = backtest(ROWS, Stern(), batch=3)

    assert result.changed == 2
    assert result.moves["LOW", "HIGH"] == 1
    assert result.moves["MODERATE", "FAILED"] == 1
    assert (result.recorded_right["HIGH"], result.now_right["HIGH"]) == (0, 1)
    assert (result.recorded_right["MODERATE"], result.now_right["MODERATE"]) == (1, 0)


def test_its_lines_hold_no_text() -> None:
    said = "\n".join(backtest(ROWS, Stern()).lines())

    assert "2 of 4 texts would change" in said
    assert "help" not in said
    assert "hey" not in said
