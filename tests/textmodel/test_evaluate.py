"""`model evaluate` on a small folder: figures, a card, and never a text."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from quietus.textmodel.cli import model as command

ROWS = [
    ("I am going to end my life tonight", "HIGH", "held_out"),
    ("I cry every night and feel empty", "MODERATE", "held_out"),
    ("We had pancakes on the terrace", "LOW", "held_out"),
    ("The bus was on time", "LOW", "elsewhere"),
]
CARD = "\n".join(
    f"<!-- {name}: written by model evaluate -->\nSTALE\n<!-- {name}: end -->"
    for name in ("summary", "labels", "reliability", "sources", "sentences", "speed")
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with (tmp_path / "triage.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["text", "label", "source", "split"])
        rows.writerows([text, label, source, "heldout"] for text, label, source in ROWS)
    (tmp_path / "other.csv").write_text("text,label\nhello,7\n", encoding="utf-8")
    (tmp_path / "broken.csv").write_bytes(b"\xff\xfe\x00")
    return tmp_path


def test_it_prints_figures_of_the_rows_that_are_there_and_no_text(folder: Path) -> None:
    result = CliRunner().invoke(command, ["evaluate", "--data", str(folder)])

    assert result.exit_code == 0
    assert "texts 4, refused 0" in result.stdout
    assert "held_out" in result.stdout
    assert "pancakes" not in result.output


def test_it_writes_its_figures_into_the_card(folder: Path, tmp_path: Path) -> None:
    card = tmp_path / "card.md"
    card.write_text(CARD, encoding="utf-8")
    arguments = ["evaluate", "--data", str(folder), "--card", str(card), "--speed"]
    sentences = Path(__file__).with_name("sentences.json")
    result = CliRunner().invoke(command, [*arguments, "--sentences", str(sentences)])

    assert result.exit_code == 0, result.output
    assert "STALE" not in card.read_text(encoding="utf-8")
    assert "macro-F1" in card.read_text(encoding="utf-8")
    assert json.loads((tmp_path / "model-figures.json").read_text(encoding="utf-8"))
    assert (tmp_path / "model-reliability.svg").read_text(encoding="utf-8").startswith("<svg")


def test_a_folder_without_labelled_texts_is_said_in_a_sentence(tmp_path: Path) -> None:
    result = CliRunner().invoke(command, ["evaluate", "--data", str(tmp_path)])

    assert result.exit_code == 1
    assert "has no CSV file" in result.output
