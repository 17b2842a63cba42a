"""Reads the figures from sql/*.sql: one file is one figure, its header says what it answers and who may ask."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent / "sql"
# any of these opens an ordinary figure: they hold no text and no name
EVERY_READER: Final = ("see_figures", "build_reports")
CHARTS: Final = ("tiles", "bars", "stacked", "heat", "table")
KEYS: Final = frozenset({"title", "question", "reading", "parameters", "keys", "chart", "formula", "for"})
COLUMN = re.compile(r"(?P<words>.+) \[(?P<unit>[a-z0-9 %]+)\]")


@dataclass(frozen=True, slots=True)
class Chart:
    """How a figure is drawn: the column along the axis and the columns that become lines or bars."""

    kind: str
    x: str
    series: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Figure:
    """A question with its SQL; `columns` and `units` say for each column what it is and what it is counted in."""

    name: str
    title: str
    question: str
    reading: str  # how to read it, and what it cannot say
    parameters: tuple[str, ...]
    required: tuple[str, ...]  # written with a ! in the header
    columns: Mapping[str, str]
    units: Mapping[str, str]
    keys: tuple[str, ...]  # columns that say which row this is; they stay when its numbers are hidden
    chart: Chart
    formula: str
    permissions: tuple[str, ...]
    sql: str


class BadFigure(Exception):
    """A .sql file whose header does not say what it must; the message names the file and the line."""


def read(path: Path) -> Figure:
    """The figure of one file. Raises BadFigure."""
    lines = path.read_text().splitlines()
    length = next((n for n, line in enumerate(lines) if not line.startswith("--")), len(lines))
    header = dict(_entries(lines[:length], path))
    try:
        columns = {key.removeprefix("column "): _column(key, header.pop(key), path) for key in _columns(header)}
        return Figure(
            name=path.stem,
            title=header["title"],
            question=header["question"],
            reading=header.get("reading", ""),
            parameters=tuple(header["parameters"].replace("!", "").split()),
            required=tuple(name[:-1] for name in header["parameters"].split() if name.endswith("!")),
            columns={name: words for name, (words, _) in columns.items()},
            units={name: unit for name, (_, unit) in columns.items()},
            keys=tuple(header["keys"].split()),
            chart=_chart(header["chart"], tuple(columns), path),
            formula=header.get("formula", ""),
            permissions=tuple(header["for"].split()) if "for" in header else EVERY_READER,
            sql="\n".join(lines[length:]).strip().removesuffix(";"),
        )
    except KeyError as missing:
        raise BadFigure(f"{path.name}: the header lacks {missing}") from None


def _entries(lines: list[str], path: Path) -> Iterator[tuple[str, str]]:
    """`-- key: value` pairs; a line that begins with more spaces goes on with the value before it."""
    key, value = "", ""
    for line in lines:
        text = line.removeprefix("--")
        if text.startswith("    "):
            value += f" {text.strip()}"
            continue
        if key:
            yield key, value
        key, colon, value = (part.strip() for part in text.partition(":"))
        if not colon or not (key in KEYS or key.startswith("column ")):
            raise BadFigure(f"{path.name}: cannot read the line {line!r}")
    if key:
        yield key, value


def _columns(header: Mapping[str, str]) -> list[str]:
    return [key for key in header if key.startswith("column ")]


def _column(key: str, text: str, path: Path) -> tuple[str, str]:
    found = COLUMN.fullmatch(text)
    if found is None:
        raise BadFigure(f"{path.name}: {key} needs words and a [unit]")
    return found["words"], found["unit"]


def _chart(text: str, columns: tuple[str, ...], path: Path) -> Chart:
    kind, *names = text.split()
    if kind not in CHARTS or not set(names) <= set(columns):
        raise BadFigure(f"{path.name}: cannot draw {text!r}")
    return Chart(kind, names[0] if names else "", tuple(names[1:]))


FIGURES: Final[dict[str, Figure]] = {path.stem: read(path) for path in sorted(FOLDER.glob("*.sql"))}
