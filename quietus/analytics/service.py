"""Answers figures: the rows of a named statement, together with the statement, its values and its time."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from unicodedata import normalize

import psycopg
from flask_babel import gettext, ngettext

from quietus.accounts.identity import Principal
from quietus.analytics import parameters, small_cells
from quietus.analytics.catalogue import FIGURES, Figure
from quietus.analytics.reading import Cursor, read, snapshot
from quietus.analytics.replica import Origin
from quietus.audit import service as audit
from quietus.audit.tags import Action
from quietus.core.errors import Invalid, NotFound, Unavailable
from quietus.core.extensions import db
from quietus.core.languages import later, number, translated

# more rows than a page or a file of one figure should hold
ROWS_MAX: Final = 10_000
NOTHING: Final = later("Nothing was counted in this period.")
TOO_LONG: Final = later("This figure took too long to count. Please choose a shorter period or fewer filters.")

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Query:
    """What was asked of PostgreSQL; `psql` is the same statement with its values in it, to be pasted there."""

    sql: str
    params: dict[str, Any]
    psql: str
    row_count: int
    elapsed_ms: float


@dataclass(frozen=True, slots=True)
class Answer:
    """A figure's rows, in the order of `columns`; `note` is a sentence for the reader, or empty."""

    figure: Figure
    columns: tuple[str, ...]
    rows: list[Row]
    query: Query
    note: str
    origin: Origin

    @property
    def is_empty(self) -> bool:
        return self.note == NOTHING


def figures_for(reader: Principal) -> list[Figure]:
    """The figures that this reader may see, in the order of their titles."""
    found = (figure for figure in FIGURES.values() if _may_see(figure, reader))
    # decomposed, so that Ü comes with U and not after Z
    return sorted(found, key=lambda figure: normalize("NFKD", translated(figure.title)))


def get_figure(name: str, *, for_user: Principal) -> Figure:
    """Raises NotFound, also for a figure that this reader may not see."""
    figure = FIGURES.get(name)
    if figure is None or not _may_see(figure, for_user):
        raise NotFound
    return figure


def _may_see(figure: Figure, reader: Principal) -> bool:
    return any(reader.can(permission) for permission in figure.permissions)


def read_params(name: str, raw: Mapping[str, str | None]) -> dict[str, Any]:
    """The parameters of a figure, checked and completed: `from` and `to` as UTC times, filters or None.

    Raises NotFound for an unknown figure, Invalid for what it cannot take.
    """
    if name not in FIGURES:
        raise NotFound
    return parameters.read(FIGURES[name], raw)


def answer(name: str, params: Mapping[str, Any], *, for_user: Principal, complete: bool = False) -> Answer:
    """Count a figure. Ends the session's transaction: its connection is needed for the counting.

    `complete`: no row that is stored now may be missing, as one may in a copy of the database that is a little behind.
    Raises NotFound, Invalid for a zone that the server does not know, Unavailable when it takes too long.
    """
    figure = get_figure(name, for_user=for_user)
    _audit(figure, params, for_user)
    db.session.commit()
    guarded = small_cells.apply_to(figure, params, for_user)
    values = {**params, small_cells.PEOPLE: guarded} if small_cells.PEOPLE in figure.columns else dict(params)
    # whoever was erased has no file, not for a moment
    whole = complete or "subject_id" in figure.required
    (rows, query), origin = read(lambda cursor: _run(cursor, figure, values), complete=whole)
    note = _note(figure, rows)
    if guarded:
        rows, hidden = small_cells.hide(figure, rows)
        if hidden:
            note = ngettext(
                "The row is hidden: fewer than %(fewest)s people stand behind some of the numbers.",
                "%(num)s rows are hidden: fewer than %(fewest)s people stand behind some of the numbers.",
                hidden,
                fewest=small_cells.FEWEST,
            )
    return Answer(figure, tuple(figure.columns), rows, query, note, origin)


def psql(name: str, params: Mapping[str, Any]) -> str:
    """The statement of a figure with its values in it, not run; for whoever has a connection of their own."""
    figure = FIGURES[name]
    with snapshot() as cursor:
        return cursor.mogrify(figure.sql, {**params, small_cells.PEOPLE: False})


def _audit(figure: Figure, params: Mapping[str, Any], reader: Principal) -> None:
    """Reading one person's file is an act like reading a text of theirs; one's own needs no record."""
    subject = params.get("subject_id") if "subject_id" in figure.required else None
    if subject and subject != reader.id:
        audit.record(
            Action.SUBJECT_VIEWED,
            actor=reader.id,
            resource_type="user",
            resource_id=subject,
            metadata={"figure": figure.name, "subject_id": str(subject)},
        )


def _run(cursor: Cursor, figure: Figure, values: dict[str, Any]) -> tuple[list[Row], Query]:
    psql = cursor.mogrify(figure.sql, values)
    began = time.perf_counter()
    try:
        cursor.execute(psql)
        rows = cursor.fetchmany(ROWS_MAX)
    except psycopg.errors.QueryCanceled:
        raise Unavailable(TOO_LONG) from None
    except psycopg.errors.InvalidParameterValue:
        raise Invalid({"tz": [gettext("The database does not know this time zone.")]}) from None
    elapsed = (time.perf_counter() - began) * 1000
    return rows, Query(figure.sql, values, psql, cursor.rowcount, round(elapsed, 2))


def _note(figure: Figure, rows: list[Row]) -> str:
    numbers = [place for place, name in enumerate(figure.columns) if name not in figure.keys]
    if not any(row[place] for row in rows for place in numbers):
        return str(NOTHING)
    if len(rows) == ROWS_MAX:
        return str(gettext("Only the first %(most)s rows are shown: choose a shorter period.", most=number(ROWS_MAX)))
    return ""
