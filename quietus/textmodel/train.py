"""Build the shipped weights from labelled texts: fit both halves, export, calibrate what was exported."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import artefact, data, made_up, metrics
from .calibration import Calibration, fit_probabilities, fit_thresholds, macro_f1
from .local import LocalModel
from .ngram_fit import fit_linear
from .port import LABELS
from .rules import Floors

Say = Callable[[str], None]
Labels = NDArray[np.intp]


def train(folder: Path, out: Path, *, tier: str, say: Say, ngrams_only: bool = False) -> None:
    """Fit on the train split and the made-up sentences, calibrate on valid, write the artefact to `out`."""
    started = time.monotonic()
    source = folder / "triage.csv"
    examples = data.read(source)
    fit_on = [*data.select(examples, "train", open_only=tier == "A"), *made_up.examples()]
    if not data.select(examples, "train") or {e.label for e in examples} != set(LABELS):
        raise data.DataProblem(f"{source} needs rows of split train with the labels {', '.join(LABELS)}.")
    say(f"{source.name} sha256 {data.sha256(source)}; tier {tier}: {len(fit_on)} texts to train")
    out.mkdir(parents=True, exist_ok=True)
    artefact.write_linear(out, fit_linear([e.text for e in fit_on], truth_of(fit_on)))
    say(f"n-grams: {time.monotonic() - started:.0f} s")
    if not ngrams_only:
        _train_encoder(fit_on, out, say)
    manifest: dict[str, Any] = {
        "kind": "ngrams" if ngrams_only else "combined",
        "tier": tier,
        "sources": sorted({e.source for e in fit_on}),
        "data": {
            source.name: data.sha256(source),
            made_up.TEMPLATES.name: data.sha256(made_up.TEMPLATES),
        },
    }
    # Numbers that carry no text: the whole valid split may set them, whatever its licence.
    calibrate(out, manifest, data.select(examples, "valid"), say)
    say(f"weights {artefact.fingerprint(out)[:16]} in {out}, {time.monotonic() - started:.0f} s")


def truth_of(examples: Sequence[data.Example]) -> Labels:
    """Labels as numbers, LOW 0 to HIGH 2."""
    return np.array([LABELS.index(e.label) for e in examples])


def balanced(truth: Labels) -> NDArray[np.float64]:
    """A weight per text, rarer labels heavier by the square root of their rarity, of mean one."""
    counts = np.bincount(truth, minlength=truth.max() + 1)
    weights = np.sqrt(len(truth) / np.maximum(counts, 1))[truth]
    return np.asarray(weights / weights.mean())


def _train_encoder(fit_on: Sequence[data.Example], out: Path, say: Say) -> None:
    """The openly licensed texts first; where others are given too, one more round over all."""
    from . import export, finetune, minilm

    tuned: finetune.Tuned | None = None
    others = [e for e in fit_on if not data.is_open(e)]
    rounds = [([e for e in fit_on if data.is_open(e)], finetune.Recipe())]
    if others:
        rounds.append((list(fit_on), finetune.Recipe(epochs=1)))
    for texts, recipe in rounds:
        truth = truth_of(texts)
        rows = finetune.tokenize([e.text for e in texts])
        tuned = finetune.fine_tune(rows, truth, balanced(truth), recipe, say, start=tuned)
    if tuned is None:
        raise data.DataProblem("There is nothing to train on.")
    vocabulary, keep = export.kept_tokens(minilm.pretrained()[1])
    export.export(tuned.weights, keep, out / artefact.GRAPH)
    artefact.write_head(out, vocabulary, tuned.head, tuned.bias)


def calibrate(out: Path, manifest: dict[str, Any], tune_on: Sequence[data.Example], say: Say) -> None:
    """Fit temperature, shifts, floors of the rules and thresholds on what the written artefact answers."""
    neutral = Calibration.neutral()
    artefact.write_manifest(out, {**manifest, "calibration": neutral.as_json()})
    model = LocalModel(out)
    looked = [(e, found) for e in tune_on if (found := model.look(e.text)) is not None]
    truth = truth_of([e for e, _ in looked])
    logits = np.array([found.scored.score for _, found in looked])
    long = np.array([found.scored.windows > 1 for _, found in looked])
    temperature, shift, extra = fit_probabilities(logits, truth, long)
    fitted = Calibration(temperature, shift, extra, 0.5, 0.5, neutral.floors)
    p = np.array([fitted.probabilities(z, several=bool(many)) for z, many in zip(logits, long, strict=True)])
    called = np.array([found.least for _, found in looked])
    floors = _floors(called, truth)
    fitted = Calibration(temperature, shift, extra, 0.5, 0.5, floors)
    raised = np.array([fitted.raised(row, int(least)) for row, least in zip(p, called, strict=True)])
    high, moderate = fit_thresholds(raised)
    final = Calibration(temperature, shift, extra, high, moderate, floors)
    artefact.write_manifest(out, {**manifest, "calibration": final.as_json()})
    say(f"calibrated on {len(truth)} texts ({int(long.sum())} long): {final.as_json()}")
    given = np.array([LABELS.index(final.label(row)) for row in raised])
    caught = metrics.recall_at_alarms(raised[:, 2], truth)
    say(f"on valid: macro-F1 {macro_f1(truth, given):.3f}, HIGH recall at 2 % alarms on LOW {caught}")


def _floors(called: Labels, truth: Labels) -> Floors:
    """How often the rules are right on valid, pulled a little to the middle where they rarely speak."""
    high, some = called == 2, called == 1
    return Floors(
        high=round(float((2 + (truth[high] == 2).sum()) / (4 + high.sum())), 4),
        moderate=round(float((2 + (truth[some] >= 1).sum()) / (4 + some.sum())), 4),
    )
