"""Values as people read them, in the XLSX and in the PDF."""

from collections.abc import Sequence
from datetime import datetime, time
from typing import Final
from zoneinfo import ZoneInfo

from babel import Locale
from flask_babel import gettext

from quietus.analytics import showing
from quietus.core.languages import language, later
from quietus.reports.document import SHARE, Cell, Column, Table

NOTHING: Final = "–"
THIN: Final = "\u00a0"  # keeps digits together and is no decimal sign anywhere
UNITS: Final = {
    "texts": later("texts"),
    "windows": later("windows"),
    "sessions": later("sessions"),
    "reviews": later("reviews"),
    "minutes": later("minutes"),
    "hour": later("hour"),
    "rate": later("rate"),
    "score": later("score"),
}


def as_moment(value: Cell) -> datetime | None:
    """The time that an RFC 3339 text in UTC says; None for any other value."""
    if not isinstance(value, str) or not value.endswith("Z") or "T" not in value:
        return None
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        return None


def at(told: str) -> str:
    """An RFC 3339 time in UTC for people; its fraction of a second matters to programs only."""
    moment = as_moment(told)
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC" if moment else told


def in_words(table: Table, rows: Sequence[Sequence[Cell]], zone: ZoneInfo) -> list[list[str]]:
    """The rows as people read them; a column of days shows no hours."""
    days = [_all_midnight(rows, place, zone) for place in range(len(table.columns))]
    return [
        [_told(value, column, zone, day) for value, column, day in zip(row, table.columns, days, strict=True)]
        for row in rows
    ]


def _all_midnight(rows: Sequence[Sequence[Cell]], place: int, zone: ZoneInfo) -> bool:
    moments = [as_moment(row[place]) for row in rows if row[place] is not None]
    return bool(moments) and all(at is not None and at.astimezone(zone).time() == time() for at in moments)


def _told(value: Cell, column: Column, zone: ZoneInfo, day: bool) -> str:
    moment = as_moment(value)
    if moment is None:
        return as_words(value, column)
    return f"{moment.astimezone(zone):{'%Y-%m-%d' if day else '%Y-%m-%d %H:%M'}}"


def as_words(value: Cell, column: Column) -> str:
    """A value that is no time."""
    if value is None:
        return NOTHING
    if isinstance(value, bool):
        return str(gettext("yes") if value else gettext("no"))
    if column.unit == "weekday" and value in range(1, 8):
        return showing.weekday(int(value))
    if isinstance(value, int | float):
        return as_number(value, column.unit)
    return " ".join((showing.words(value) if column.unit == "label" else value).split())


def as_number(value: int | float, unit: str) -> str:
    if unit == SHARE:
        return f"{grouped(f'{value * 100:.1f}')}{THIN}%"
    if float(value).is_integer():
        return grouped(f"{value:,.0f}")
    digits = 0 if abs(value) >= 1000 else 1 if abs(value) >= 100 else 2 if abs(value) >= 1 else 3
    return grouped(f"{value:,.{digits}f}")


def grouped(text: str) -> str:
    """-1,234.5 as people write it: a real minus, digits in threes, the decimal sign of their language."""
    decimal = Locale(language()).number_symbols["latn"]["decimal"]
    return text.replace(",", THIN).replace("-", "−").replace(".", decimal)


def heading(column: Column) -> str:
    """The column's words, with its unit where they do not say it already."""
    silent = ("", "label", "time", "text", "id", "share", "people", "weekday", "confidence", "version", "number")
    unit = str(UNITS.get(column.unit, column.unit))
    known = column.unit in silent or unit.lower() in column.words.lower()
    return column.words if known else f"{column.words} ({unit})"
