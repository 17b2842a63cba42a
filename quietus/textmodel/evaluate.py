"""Measure a model on labelled texts that no training has seen; prints figures, never a text."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from . import data
from .artefact import read_manifest
from .figures import Figures, measure, yes_or_no
from .local import LocalModel
from .port import LABELS, Outcome, TextModel

Say = Callable[[str], None]


def evaluate(folder: Path, weights: Path, *, say: Say, sentences: Path | None = None) -> Figures:
    """Figures of the weights on every file in `folder` that can be understood; see `unseen` for which rows."""
    model = LocalModel(weights)
    say(f"model_version {model.version}")
    found: Figures = {"model_version": model.version, "sets": {}}
    for path in sorted(folder.glob("*.csv")):
        if examples := unseen(path):
            say(f"\n{path.name} sha256 {data.sha256(path)}")
            found["sets"][path.name] = figures = measure(model, examples)
            _print(figures, say)
    found["others"] = _other_questions(folder, model, say)
    found["benchmarks"] = read_manifest(weights).get("benchmarks", {})
    for name, value in found["benchmarks"].items():
        say(f"{name}: {value} (by `model benchmark` when these weights were built)")
    if sentences is not None:
        found["sentences"] = _sentences(model, sentences, say)
    if not (found["sets"] or found["others"]):
        raise data.DataProblem(f"{folder} has no CSV file with text and label LOW, MODERATE or HIGH.")
    return found


def unseen(path: Path) -> list[data.Example]:
    """The test rows of a file with our three labels; all that is neither train nor valid; or else all."""
    try:
        examples = data.read(path)
    except data.DataProblem:
        return []
    if not examples or not {e.label for e in examples} <= set(LABELS):
        return []
    others = [e for e in examples if e.split not in ("train", "valid")]
    return data.select(examples, "test") or others or examples


def _other_questions(folder: Path, model: TextModel, say: Say) -> Figures:
    """The product's own labels against the questions of two public test sets that ask something else."""
    found: Figures = {}
    for name, question, least, is_yes in (
        ("dreaddit.csv", "stress (label MODERATE or HIGH), official test", "MODERATE", lambda label: label == "1"),
        ("cssrs_posts_graded.csv", "severity >= 2 (label HIGH), test", "HIGH", lambda label: float(label) >= 2),
    ):
        try:
            rows = data.select(data.read(folder / name), "test")
        except data.DataProblem:
            continue
        truth = np.array([int(is_yes(e.label)) for e in rows])
        found[question] = yes_or_no(model, [e.text for e in rows], truth, least)
        say(f"\n{name}, {len(rows)} texts, {question}: F1 {found[question]:.3f}")
    return found


def _print(f: Figures, say: Say) -> None:
    say(f"texts {f['texts']}, refused {f['refused']}")
    say(f"macro-F1 {f['macro_f1']:.3f} (of the most probable label {f['macro_f1_likeliest']:.3f})")
    for name, row in f["labels"].items():
        say(f"{name:9s} recall    {_said(row['recall'])}")
        say(f"{name:9s} precision {_said(row['precision'])}")
    say(f"HIGH recall where 2 % of LOW texts are called HIGH: {_said(f['high_recall_at_2_percent'])}")
    say(f"ECE {f['ece']:.3f} (of the most probable label {f['ece_likeliest']:.3f})")
    for row in f["reliability"]:
        said = f"said {row['confidence']:.3f}, right {row['accuracy']:.3f}"
        say(f"  confidence {row['low']:.1f}-{row['high']:.1f}: {row['count']:5d} texts, {said}")
    say("by source: texts, right, called HIGH of LOW / MODERATE / HIGH, recall of each label it has")
    for source, row in f["sources"].items():
        called = "/".join(str(row["called_high"][name]) for name in LABELS)
        recalls = " ".join(f"{name} {value['value']:.2f}" for name, value in row["recall"].items())
        say(f"  {source:20s} {row['texts']:5d}  {row['right']:.3f}  {called:10s} {recalls}")


def _said(share: dict[str, Any]) -> str:
    return f"{share['value']:.3f} [{share['low']:.3f}, {share['high']:.3f}] ({share['hits']} of {share['of']})"


def _sentences(model: TextModel, path: Path, say: Say) -> dict[str, list[int]]:
    """Made-up sentences by category: right and number among those read while rules were written, then the blind."""
    given = json.loads(path.read_text(encoding="utf-8"))
    table: dict[str, list[int]] = {}
    for sentence, answer in zip(given, model.predict([s["text"] for s in given]), strict=True):
        row = table.setdefault(sentence["category"], [0, 0, 0, 0])
        label, flags = (answer.label, answer.flags) if isinstance(answer, Outcome) else ("REFUSED", ())
        row[2 * sentence["blind"]] += label in sentence["accept"] and set(sentence["flags"]) <= set(flags)
        row[2 * sentence["blind"] + 1] += 1
    say("\nmade-up sentences by category: seen while rules were written, blind")
    for category, row in table.items():
        say(f"  {category:24s} {row[0]:3d} of {row[1]:3d}   {row[2]:3d} of {row[3]:3d}")
    total = [sum(row[i] for row in table.values()) for i in range(4)]
    say(f"  {'all':24s} {total[0]:3d} of {total[1]:3d}   {total[2]:3d} of {total[3]:3d}")
    return table
