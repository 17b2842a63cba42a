"""Read the labelled text files that training and measuring use."""

from __future__ import annotations

import csv
import hashlib
from dataclasses import dataclass
from pathlib import Path

# Sources with a stated open licence (CC BY, MIT, Apache-2.0); everything else is research use.
OPEN_SOURCES = frozenset(
    (
        "patil_cssrs",
        "counselchat",
        "dr_depression",
        "dr_control",
        "goemotions",
        "vader_tweets",
        "amazon_reviews",
        "nyt_editorials",
    )
)
csv.field_size_limit(1 << 27)


class DataProblem(Exception):
    """A data file is missing or not what it should be; the message is one sentence for a person."""


@dataclass(frozen=True, slots=True)
class Example:
    """One labelled text."""

    text: str
    label: str
    source: str
    split: str


def read(path: Path) -> list[Example]:
    """All rows of a CSV file with the columns text, label, source and split."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = csv.DictReader(file)
            missing = {"text", "label"} - set(rows.fieldnames or ())
            if missing:
                raise DataProblem(f"{path.name} has no column {' and '.join(sorted(missing))}.")
            return [
                Example(row["text"], row["label"], row.get("source") or path.stem, row.get("split") or "test")
                for row in rows
            ]
    except FileNotFoundError:
        raise DataProblem(f"{path} is not there.") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataProblem(f"{path.name} is not a UTF-8 CSV file: {error}.") from None


def select(examples: list[Example], split: str, *, open_only: bool = False) -> list[Example]:
    """The rows of one split, of the openly licensed sources only where asked."""
    return [e for e in examples if e.split == split and (not open_only or is_open(e))]


def is_open(example: Example) -> bool:
    """Of a source with a stated open licence, or made up for this project."""
    return example.source in OPEN_SOURCES or example.source.startswith("made_up_")


def sha256(path: Path) -> str:
    """The file's hash, for the record of what a model was trained on."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
