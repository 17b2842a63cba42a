"""Every figure of one model on one set of labelled texts, as plain numbers that can be printed, stored, compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import metrics
from .calibration import macro_f1
from .data import Example
from .port import LABELS, Outcome, TextModel

Figures = dict[str, Any]
Labels = NDArray[np.intp]


def measure(model: TextModel, examples: Sequence[Example]) -> Figures:
    """Figures over all examples that the model did not refuse; `refused` counts the others."""
    answers = model.predict([e.text for e in examples])
    read = [(e, a) for e, a in zip(examples, answers, strict=True) if isinstance(a, Outcome)]
    truth = np.array([LABELS.index(e.label) for e, _ in read])
    given = np.array([LABELS.index(a.label) for _, a in read])
    p = np.array([[a.probabilities.get(name, 0.0) for name in LABELS] for _, a in read])
    confidence = np.array([a.confidence for _, a in read])
    sources = np.array([e.source for e, _ in read])
    likeliest = p.argmax(axis=1)
    return {
        "model_version": model.version,
        "texts": len(examples),
        "refused": len(examples) - len(read),
        "macro_f1": macro_f1(truth, given),
        "macro_f1_likeliest": macro_f1(truth, likeliest),
        "labels": {name: _label(truth, given, i) for i, name in enumerate(LABELS)},
        "high_recall_at_2_percent": share(metrics.recall_at_alarms(p[:, 2], truth)),
        "ece": metrics.calibration_error(confidence, given == truth),
        "ece_likeliest": metrics.calibration_error(p.max(axis=1), likeliest == truth),
        "reliability": [asdict(row) for row in metrics.reliability(confidence, given == truth)],
        "sources": {s: _source(truth[sources == s], given[sources == s]) for s in sorted(set(sources))},
    }


def yes_or_no(model: TextModel, texts: Sequence[str], truth: Labels, least: str) -> float:
    """F1 of the question "is it at least this label?" on texts with a label of their own (1 is yes)."""
    answers = model.predict(texts)
    level = LABELS.index(least)
    given = np.array([isinstance(a, Outcome) and LABELS.index(a.label) >= level for a in answers])
    return metrics.f1(truth, given.astype(np.intp))


def share(value: metrics.Share) -> Figures:
    """A proportion with its interval."""
    low, high = value.interval
    return {"value": value.value, "low": low, "high": high, "hits": value.hits, "of": value.of}


def _label(truth: Labels, given: Labels, label: int) -> Figures:
    hits = metrics.recall(truth, given, label)
    called = metrics.precision(truth, given, label)
    return {"recall": share(hits), "precision": share(called)}


def _source(truth: Labels, given: Labels) -> Figures:
    called = {name: int((given[truth == i] == 2).sum()) for i, name in enumerate(LABELS)}
    return {
        "texts": len(truth),
        "right": float((truth == given).mean()),
        "recall": {name: share(metrics.recall(truth, given, i)) for i, name in enumerate(LABELS) if (truth == i).any()},
        "called_high": called,
    }
