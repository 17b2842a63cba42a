"""Training on a handful of made-up texts gives a working artefact, twice the same."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from quietus.textmodel import artefact, data
from quietus.textmodel.local import LocalModel
from quietus.textmodel.port import Outcome
from quietus.textmodel.train import train

TEXTS = {
    "LOW": ("We walked by the lake on {}", "I baked bread on {} and it was good"),
    "MODERATE": ("I feel so anxious since {}", "I cry every night since {} and feel empty"),
    "HIGH": ("I want to end my life on {}", "I will kill myself on {}"),
}
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with (tmp_path / "triage.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["text", "label", "source", "split"])
        for split in ("train", "valid"):
            rows.writerows(
                [form.format(day), label, "patil_cssrs", split]
                for label, forms in TEXTS.items()
                for form in forms
                for day in DAYS
            )
    return tmp_path


def test_it_learns_and_repeats_itself_byte_for_byte(folder: Path) -> None:
    said: list[str] = []
    for name in ("one", "two"):
        train(folder, folder / name, tier="A", say=said.append, ngrams_only=True)
    answers = LocalModel(folder / "one").predict(["i want to end my life", "we walked by the lake"])

    assert [a.label for a in answers if isinstance(a, Outcome)] == ["HIGH", "LOW"]
    assert artefact.fingerprint(folder / "one") == artefact.fingerprint(folder / "two")
    assert not any("lake" in line for line in said)


def test_other_weights_have_another_name(folder: Path) -> None:
    train(folder, folder / "one", tier="A", say=lambda _: None, ngrams_only=True)

    assert LocalModel(folder / "one").version != LocalModel().version


def test_damaged_weights_are_named_not_guessed(folder: Path) -> None:
    train(folder, folder / "one", tier="A", say=lambda _: None, ngrams_only=True)
    (folder / "one" / artefact.NGRAMS).write_bytes(b"PK nothing")

    with pytest.raises(artefact.ArtefactProblem, match=r"ngrams\.npz cannot be read"):
        LocalModel(folder / "one")


def test_a_missing_or_odd_file_is_said_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(data.DataProblem, match="is not there"):
        data.read(tmp_path / "triage.csv")
    (tmp_path / "triage.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(data.DataProblem, match="no column"):
        data.read(tmp_path / "triage.csv")
