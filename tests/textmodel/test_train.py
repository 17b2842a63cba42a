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


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with labelled texts and two artefacts trained on them, `one` and `two`; `said` is what was printed."""
    folder = tmp_path_factory.mktemp("training")
    with (folder / "triage.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["text", "label", "source", "split"])
        for split in ("train", "valid"):
            rows.writerows(
                [form.format(day), label, "patil_cssrs", split]
                for label, forms in TEXTS.items()
                for form in forms
                for day in DAYS
            )
    said: list[str] = []
    for name in ("one", "two"):
        train(folder, folder / name, tier="A", say=said.append, ngrams_only=True)
    (folder / "said").write_text("\n".join(said), encoding="utf-8")
    return folder


def test_it_learns_and_repeats_itself_byte_for_byte(trained: Path) -> None:
    answers = LocalModel(trained / "one").predict(["i want to end my life", "we walked by the lake"])

    assert [a.label for a in answers if isinstance(a, Outcome)] == ["HIGH", "LOW"]
    assert artefact.fingerprint(trained / "one") == artefact.fingerprint(trained / "two")


def test_it_prints_hashes_and_figures_but_no_text(trained: Path) -> None:
    said = (trained / "said").read_text(encoding="utf-8")

    assert data.sha256(trained / "triage.csv") in said
    assert "macro-F1" in said
    assert "lake" not in said


def test_other_weights_have_another_name(trained: Path) -> None:
    assert LocalModel(trained / "one").version != LocalModel().version


def test_damaged_weights_are_named_not_guessed(trained: Path, tmp_path: Path) -> None:
    for path in (trained / "one").iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / artefact.NGRAMS).write_bytes(b"PK nothing")

    with pytest.raises(artefact.ArtefactProblem, match=r"ngrams\.npz cannot be read"):
        LocalModel(tmp_path)


def test_a_damaged_calibration_is_named_too(trained: Path, tmp_path: Path) -> None:
    for path in (trained / "one").iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / artefact.MANIFEST).write_text('{"calibration": {"temperature": "warm"}}', encoding="utf-8")

    with pytest.raises(artefact.ArtefactProblem, match="calibration"):
        LocalModel(tmp_path)


def test_a_missing_or_odd_file_is_said_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(data.DataProblem, match="is not there"):
        data.read(tmp_path / "triage.csv")
    (tmp_path / "triage.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(data.DataProblem, match="no column"):
        data.read(tmp_path / "triage.csv")
    (tmp_path / "triage.csv").write_text("text,label\na,LOW\n", encoding="utf-8")
    with pytest.raises(data.DataProblem, match="split train"):
        train(tmp_path, tmp_path / "out", tier="A", say=lambda _: None)
