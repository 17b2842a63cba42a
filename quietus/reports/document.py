"""What a report holds: plain tables with where their numbers come from, the same for each of the four formats."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from quietus.core.languages import SOURCE

Cell = str | int | float | bool | None

SHARE: Final = "share"


@dataclass(frozen=True, slots=True)
class Column:
    """A column under its own name (D1), the words for people, and what it is counted in."""

    name: str
    words: str
    unit: str


@dataclass(frozen=True, slots=True)
class Chart:
    """How a table is drawn: the column along the axis, and the columns that become bars or lines."""

    kind: str
    x: str
    series: tuple[str, ...]


@dataclass(slots=True)
class Table:
    """One answer. `rows` may be a stream that can be read once; `row_count` is known before it is read."""

    name: str
    title: str
    question: str
    reading: str
    columns: list[Column]
    rows: Iterable[Sequence[Cell]]
    row_count: int
    note: str = ""
    sql: str = ""
    formula: str = ""
    elapsed_ms: float = 0.0
    chart: Chart | None = None

    @property
    def names(self) -> list[str]:
        return [column.name for column in self.columns]

    def place(self, name: str) -> int:
        return self.names.index(name)


@dataclass(slots=True)
class Document:
    """A whole report. Times are RFC 3339 in UTC; `watermark` says up to when the data counts.

    Its words are those of one language, and whoever writes it adds theirs in the same.
    """

    name: str
    title: str
    question: str
    filters: list[tuple[str, str]]
    tz: str
    watermark: str
    built_at: str
    digest: str
    tables: list[Table] = field(default_factory=list)
    language: str = SOURCE

    @property
    def row_count(self) -> int:
        return sum(table.row_count for table in self.tables)


class Digest:
    """SHA-256 over the tables' names, columns and rows, as JSON lines: the same numbers, the same digest."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()

    def _take(self, line: list[Any]) -> None:
        self._hash.update(json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode() + b"\n")

    def through(self, table: Table) -> Iterator[Sequence[Cell]]:
        """The table's rows, each taken into the digest on its way."""
        self._take([table.name, *table.names])
        for row in table.rows:
            self._take(list(row))
            yield row

    def __str__(self) -> str:
        return self._hash.hexdigest()


def digest_of(tables: Iterable[Table]) -> str:
    """Reads the tables' rows; not for streams that somebody else is to read."""
    digest = Digest()
    for table in tables:
        for _ in digest.through(table):
            pass
    return str(digest)


def to_stored(document: Document) -> dict[str, Any]:
    """As JSON can hold it."""
    return asdict(document)


def from_stored(kept: dict[str, Any]) -> Document:
    """Reverse of to_stored."""
    document = Document(**{**kept, "filters": [(name, value) for name, value in kept["filters"]]})
    document.tables = [_table(table) for table in kept["tables"]]
    return document


def _table(kept: dict[str, Any]) -> Table:
    chart = kept["chart"]
    return Table(
        **{
            **kept,
            "columns": [Column(**column) for column in kept["columns"]],
            "chart": Chart(chart["kind"], chart["x"], tuple(chart["series"])) if chart else None,
        }
    )
