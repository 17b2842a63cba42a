"""Where every bench leaves its figures: one file that grows with each run, and one table at the end of it."""

import json
import os
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

FILE = Path(os.environ.get("BENCH_FILE", "var/bench.json"))
HEADS = ("promise", "what", "ours", "beside", "ratio", "aim", "")


@dataclass(frozen=True, slots=True)
class Row:
    """One ratio of one run: our figure and the baseline's, each with its unit, and whether the aim is met."""

    promise: str
    what: str
    ours: str
    beside: str
    ratio: float
    aim: str
    met: bool | None  # None: printed to be known, nothing is promised
    taken: str = ""
    load: float = 0.0

    def cells(self) -> tuple[str, ...]:
        verdict = {True: "met", False: "not met", None: "-"}[self.met]
        return self.promise, self.what, self.ours, self.beside, f"{self.ratio:.2f}", self.aim, verdict


@dataclass
class Results:
    """The rows and tables of this run; `save` puts them over those of the same bench in the file."""

    rows: dict[str, list[Row]] = field(default_factory=dict)
    tables: dict[str, dict[str, Any]] = field(default_factory=dict)

    def ratio(
        self, promise: str, what: str, *, ours: str, beside: str, ratio: float, most: float = 0, least: float = 0
    ) -> bool | None:
        """Note a ratio; with `most` or `least` it is a promise. Answers whether that is kept."""
        aim = f"≤ {most:g}" if most else f"≥ {least:g}" if least else "-"
        met = ratio <= most if most else ratio >= least if least else None
        row = Row(promise, what, ours, beside, round(ratio, 3), aim, met, _now(), round(os.getloadavg()[1], 1))
        self.rows.setdefault(promise, []).append(row)
        return met

    def table(self, name: str, heads: list[str], lines: list[list[str]]) -> None:
        """Note a table that is no ratio: how cost grows, what an overload or a soak did."""
        self.tables[name] = {"heads": heads, "lines": lines, "taken": _now(), "load": round(os.getloadavg()[1], 1)}

    def save(self) -> None:
        known = read()
        for promise, rows in self.rows.items():
            known["rows"][promise] = [asdict(row) for row in rows]
        known["tables"] |= self.tables
        FILE.parent.mkdir(parents=True, exist_ok=True)
        FILE.write_text(json.dumps(known, indent=1, ensure_ascii=False) + "\n")


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M")


def read() -> dict[str, Any]:
    """What the file holds: `rows` by promise and `tables` by name."""
    found: dict[str, Any] = json.loads(FILE.read_text()) if FILE.exists() else {}
    return {"rows": found.get("rows", {}), "tables": found.get("tables", {})}


def lined_up(lines: list[tuple[str, ...]]) -> str:
    """The lines for a terminal, each column as wide as its widest cell."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join("  ".join(map(str.ljust, line, widths)).rstrip() for line in lines)
