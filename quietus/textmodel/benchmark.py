"""Models of the same make on two public tasks, trained on those tasks' own train parts only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from . import artefact, data, finetune, metrics
from .ngram_fit import fit_linear
from .normalise import normalise
from .train import balanced

Say = Callable[[str], None]
Labels = NDArray[np.intp]
Array = NDArray[np.float64]
FOLDS = 5


def benchmark(folder: Path, weights: Path, *, say: Say) -> None:
    """Measure, print and keep the figures in the manifest of `weights`."""
    manifest = artefact.read_manifest(weights)
    found = dict(manifest.get("benchmarks", {}))
    for name, run in (
        ("Dreaddit official test, stress F1, trained on its train part", dreaddit),
        ("C-SSRS posts, severity >= 2 F1, five-fold", severity),
    ):
        found[name] = round(run(folder, say), 4)
        say(f"{name}: {found[name]:.4f}")
        manifest["benchmarks"] = found
        artefact.write_manifest(weights, manifest)


def dreaddit(folder: Path, say: Say) -> float:
    """Official split: everything but its test part trains."""
    examples = data.read(folder / "dreaddit.csv")
    train, test = ([e for e in examples if (e.split == "test") is wanted] for wanted in (False, True))
    p = _probabilities(_texts(train), _answers(train, 1), _texts(test), say)
    return metrics.f1(_answers(test, 1), yes(p))


def severity(folder: Path, say: Say) -> float:
    """Five folds in a fixed order, stratified by severity; each post is scored by a model that has not seen it."""
    examples = data.read(folder / "cssrs_posts_graded.csv")
    truth, texts = _answers(examples, 2), _texts(examples)
    fold = np.zeros(len(examples), int)
    mixed = np.random.default_rng(1).permutation(len(examples))
    ordered = sorted(mixed, key=lambda i: examples[i].label)
    fold[ordered] = np.arange(len(examples)) % FOLDS
    p = np.zeros(len(examples))
    for number in range(FOLDS):
        seen, held = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
        p[held] = _probabilities([texts[i] for i in seen], truth[seen], [texts[i] for i in held], say)
    return metrics.f1(truth, yes(p))


def _texts(examples: Sequence[data.Example]) -> list[str]:
    return [e.text for e in examples]


def _answers(examples: Sequence[data.Example], least: float) -> Labels:
    return np.array([int(float(e.label) >= least) for e in examples], np.intp)


def _probabilities(texts: list[str], truth: Labels, asked: list[str], say: Say) -> Array:
    """That the answer is yes: the mean of the log-probabilities of n-grams and fine-tuned encoder."""
    linear = fit_linear(texts, truth)
    by_ngrams = _log(np.array([linear.parts(normalise(t).text).score for t in asked]))
    rows = finetune.tokenize(texts)
    tuned = finetune.fine_tune(rows, truth, balanced(truth), finetune.Recipe(batch=16, head_strength=5.0), say)
    x = finetune.vectors(tuned.weights, [r[: finetune.LONGEST] for r in finetune.tokenize(asked)])
    mean = (by_ngrams + _log(x @ tuned.head.T + tuned.bias)) / 2
    return np.asarray(1 / (1 + np.exp(mean[:, 0] - mean[:, 1])))


def yes(p: Array) -> Labels:
    """The answers with the greatest expected F1, from the probabilities alone: no label of the asked texts is seen."""
    ordered = np.sort(p)[::-1]
    expected = 2 * np.cumsum(ordered) / (np.arange(1, len(p) + 1) + p.sum())
    return np.asarray(p >= ordered[int(expected.argmax())], np.intp)


def _log(logits: Array) -> Array:
    return np.asarray(logits - np.logaddexp.reduce(logits, axis=1, keepdims=True))
