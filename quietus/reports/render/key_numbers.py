"""The few numbers of a table that a reader looks for first."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from flask_babel import gettext

from quietus.analytics import showing
from quietus.reports.document import SHARE, Cell, Column, Table
from quietus.reports.render.shown import as_number, as_words

MOST: Final = 12
# units whose numbers may be added up over the rows of a table
COUNTED: Final = frozenset({"texts", "windows", "sessions", "reviews"})


@dataclass(frozen=True, slots=True)
class KeyNumber:
    """A number with its label; `beside` is what to compare it with, or empty."""

    label: str
    value: str
    beside: str = ""


def of(table: Table, rows: Sequence[Sequence[Cell]]) -> list[KeyNumber]:
    """At most MOST; none where nothing is worth a tile."""
    if not rows:
        return []
    if table.chart and table.chart.kind == "tiles" and table.chart.series:
        return [_measure(table, row) for row in rows][:MOST]
    if len(rows) == 1:
        cells = zip(rows[0], table.columns, strict=True)
        return [KeyNumber(column.words, as_words(value, column)) for value, column in cells if _number(value)][:MOST]
    return [_total(table, rows, column) for column in _summed(table)][:4]


def _number(value: Cell) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _measure(table: Table, row: Sequence[Cell]) -> KeyNumber:
    """A row that is a number by itself: what it is, its value, its value in the period before."""
    assert table.chart is not None  # noqa: S101 - the caller looked
    facts = dict(zip(table.names, row, strict=True))
    value, *others = (facts[name] for name in table.chart.series)
    unit = str(facts.get("unit") or "")
    column = Column("", "", SHARE if unit == SHARE else unit)
    label = showing.words(str(facts[table.chart.x])).replace("_", " ")
    beside = gettext("before: %(number)s", number=as_words(others[0], column)) if others else ""
    return KeyNumber(label[:1].upper() + label[1:], as_words(value, column), beside)


def _summed(table: Table) -> list[Column]:
    drawn = table.chart.series if table.chart else ()
    return [column for column in table.columns if column.unit in COUNTED and (column.name in drawn or not drawn)]


def _total(table: Table, rows: Sequence[Sequence[Cell]], column: Column) -> KeyNumber:
    place = table.place(column.name)
    values = [row[place] for row in rows if _number(row[place])]
    total = sum(value for value in values if isinstance(value, int | float))
    hidden = "" if len(values) == len(rows) else gettext("without the hidden rows")
    return KeyNumber(gettext("%(column)s, all rows", column=column.words), as_number(total, ""), hidden)
