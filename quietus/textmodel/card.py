"""Write measured figures into the model card, between its markers; the prose around them is written by people."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from .figures import Figures

COLUMNS = {"A": "openly licensed sources (tier A)", "all": "all sources (tiers A and B)"}
TARGETS = {"macro_f1": "≥ .78", "high_recall_at_2_percent": "≥ .91", "ece": "≤ .03"}


class CardProblem(Exception):
    """The card has no place for the figures; the message is one sentence for a person."""


def write(card: Path, tier: str, figures: Figures) -> None:
    """Keep the figures of this tier beside the card (model-figures.json) and print all columns into the card."""
    store = card.with_name("model-figures.json")
    known: dict[str, Figures] = json.loads(store.read_text(encoding="utf-8")) if store.exists() else {}
    known[tier] = {**known.get(tier, {}), **figures}
    kept = json.dumps(known, indent=1, sort_keys=True)
    store.write_text(kept + "\n", encoding="utf-8")
    known = json.loads(kept)  # in the order of the file, so that both columns and every run list alike
    text = card.read_text(encoding="utf-8")
    shipped = known[tier] if "A" not in known else known["A"]
    for name, body in (
        ("summary", _summary(known)),
        ("labels", _labels(known)),
        ("reliability", _reliability(shipped)),
        ("sources", _sources(known)),
        ("sentences", _sentences(known)),
        ("speed", _speed(known)),
    ):
        text = _between(text, name, body)
    card.write_text(text, encoding="utf-8")
    plot = reliability_plot({COLUMNS[t]: _triage(f)["reliability"] for t, f in known.items()})
    card.with_name("model-reliability.svg").write_text(plot, encoding="utf-8")


def _between(text: str, name: str, body: str) -> str:
    begin, end = f"<!-- {name}: written by model evaluate -->", f"<!-- {name}: end -->"
    pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    if not pattern.search(text):
        raise CardProblem(f"The card has no place for {name}: it needs the lines {begin} and {end}.")
    return pattern.sub(lambda _: f"{begin}\n{body}\n{end}", text)


def _triage(figures: Figures) -> Figures:
    found: Figures = figures["sets"]["triage.csv"]
    return found


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in lines)


def _said(share: dict[str, Any]) -> str:
    return f"{share['value']:.3f} [{share['low']:.3f}, {share['high']:.3f}]"


def _summary(known: dict[str, Figures]) -> str:
    rows = [
        ["model_version", "", *(f["model_version"] for f in known.values())],
        ["macro-F1", TARGETS["macro_f1"], *(f"{_triage(f)['macro_f1']:.3f}" for f in known.values())],
        [
            "HIGH recall where 2 % of LOW texts are called HIGH",
            TARGETS["high_recall_at_2_percent"],
            *(_said(_triage(f)["high_recall_at_2_percent"]) for f in known.values()),
        ],
        ["ECE of the given label", TARGETS["ece"], *(f"{_triage(f)['ece']:.3f}" for f in known.values())],
    ]
    for part in ("others", "benchmarks"):
        names = sorted({name for f in known.values() for name in f.get(part, {})})
        rows += [[name, "", *(_number(f.get(part, {}).get(name)) for f in known.values())] for name in names]
    return _table(["on the test split", "aim", *(COLUMNS[t] for t in known)], rows)


def _number(value: Any) -> str:
    return f"{value:.3f}" if isinstance(value, float) else "" if value is None else str(value)


def _labels(known: dict[str, Figures]) -> str:
    rows = [
        [COLUMNS[tier], name, _said(row["recall"]), _said(row["precision"])]
        for tier, f in known.items()
        for name, row in _triage(f)["labels"].items()
    ]
    return _table(["trained on", "label", "recall [95 %]", "precision [95 %]"], rows)


def _reliability(figures: Figures) -> str:
    rows = [
        [f"{b['low']:.1f} to {b['high']:.1f}", str(b["count"]), f"{b['confidence']:.3f}", f"{b['accuracy']:.3f}"]
        for b in _triage(figures)["reliability"]
    ]
    return _table(["confidence", "texts", "said", "right"], rows)


def _sources(known: dict[str, Figures]) -> str:
    rows = []
    for tier, f in known.items():
        for source, row in _triage(f)["sources"].items():
            recalls = ", ".join(f"{name} {_said(value)}" for name, value in row["recall"].items())
            called = " / ".join(str(row["called_high"][name]) for name in ("LOW", "MODERATE", "HIGH"))
            rows.append([COLUMNS[tier], source, str(row["texts"]), f"{row['right']:.3f}", recalls, called])
    return _table(
        ["trained on", "source", "texts", "right", "recall [95 %]", "called HIGH of LOW / MODERATE / HIGH"], rows
    )


def _sentences(known: dict[str, Figures]) -> str:
    columns = {tier: f["sentences"] for tier, f in known.items() if "sentences" in f}
    head = ["category", *(f"{COLUMNS[t]}: {half}" for t in columns for half in ("seen", "blind"))]
    names = list(dict.fromkeys(name for table in columns.values() for name in table))
    rows = [
        [name, *(f"{t[name][i]} of {t[name][i + 1]}" for t in columns.values() for i in (0, 2) if name in t)]
        for name in names
    ]
    total = [
        f"{sum(r[i] for r in t.values())} of {sum(r[i + 1] for r in t.values())}"
        for t in columns.values()
        for i in (0, 2)
    ]
    return _table(head, [*rows, ["all", *total]])


def _speed(known: dict[str, Figures]) -> str:
    names = {
        "p50_ms": "one text, p50, ms (aim ≤ 5)",
        "p99_ms": "one text, p99, ms (aim ≤ 30)",
        "p50_cpu_ms": "one text, p50, ms on the processor",
        "p99_cpu_ms": "one text, p99, ms on the processor",
        "load": "load of the two-core machine meanwhile",
        "texts_per_cpu_s": "texts per cpu second in batches",
        "import_s": "import, s",
        "load_s": "load, s",
        "peak_mib": "most memory of the measuring process, MiB",
        "artefact_mb": "artefact, MB (aim ≤ 25)",
    }
    columns = {tier: f["speed"] for tier, f in known.items() if "speed" in f}
    rows = [
        [said, *(f"{speed[name]:.2f}" if name in speed else "" for speed in columns.values())]
        for name, said in names.items()
    ]
    return _table(["", *(COLUMNS[t] for t in columns)], rows)


def reliability_plot(columns: dict[str, list[dict[str, float]]]) -> str:
    """Confidence against accuracy as a small SVG; dot area grows with the number of texts."""
    size, edge = 320, 40
    marks = []
    for number, (name, rows) in enumerate(columns.items()):
        shape = ("#1f5f8b", "#b3541e")[number % 2]
        for row in rows:
            x, y = edge + row["confidence"] * size, edge + (1 - row["accuracy"]) * size
            radius = 2 + min(10.0, row["count"] ** 0.5 / 3)
            marks.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" fill="{shape}" fill-opacity=".7"/>')
        marks.append(f'<text x="{edge + 8}" y="{edge + 16 + 16 * number}" fill="{shape}">{name}</text>')
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size + 2 * edge} {size + 2 * edge}"'
        ' font-family="sans-serif" font-size="12" role="img"'
        ' aria-label="Reliability: confidence said against share right">'
        f'<rect x="{edge}" y="{edge}" width="{size}" height="{size}" fill="none" stroke="#888"/>'
        f'<line x1="{edge}" y1="{edge + size}" x2="{edge + size}" y2="{edge}" stroke="#888" stroke-dasharray="4"/>'
        f'{"".join(marks)}<text x="{edge}" y="{size + edge + 24}" fill="#555">confidence said, 0 to 1</text>'
        f'<text x="12" y="{edge - 10}" fill="#555">share right, 0 to 1</text></svg>\n'
    )
