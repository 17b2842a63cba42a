"""Builds what a report holds, for the rights of the person who asked for it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from flask_babel import gettext

from quietus.accounts.identity import Principal
from quietus.analytics import service as figures
from quietus.analytics.catalogue import Figure
from quietus.analytics.parameters import PARAMETERS
from quietus.analytics.small_cells import PEOPLE
from quietus.core import clock
from quietus.core.languages import language, translated
from quietus.core.pages import rfc3339
from quietus.reports import rows
from quietus.reports.catalogue import Report, get_report
from quietus.reports.document import Cell, Chart, Column, Digest, Document, Table, digest_of
from quietus.reports.values import plain

# told how much is done, of how much, and of what; it may raise to end the building
Progress = Callable[[int, int, str], None]
ON_TOP: Final = frozenset({"from", "to", "tz"})  # said in one line
EVERY: Final = 5000  # rows between two words about the progress


def silent(done: int, steps: int, unit: str) -> None:
    """Nobody wants to know how far it is."""


def build(
    name: str, raw: Mapping[str, str], watermark: datetime, *, asker: Principal, progress: Progress = silent
) -> Document:
    """A report of the rows up to `watermark`. For row exports only their number and digest: see `with_rows`.

    Raises NotFound for what the asker may not see, Forbidden, Invalid or Unavailable as its figures do.
    """
    report = get_report(name, for_user=asker)
    params = report.read_params(raw)
    if report.kind == "rows":
        table, digest = _counted(report.figures[0], params[name], asker, progress)
        return _document(report, raw, watermark, [table], digest)
    tables = []
    for number, figure in enumerate(report.figures):
        progress(number, len(report.figures), "figures")
        tables.append(as_table(figures.answer(figure.name, params[figure.name], for_user=asker, complete=True)))
    progress(len(tables), len(tables), "figures")
    return _document(report, raw, watermark, tables, digest_of(tables))


def _document(
    report: Report, raw: Mapping[str, str], watermark: datetime, tables: list[Table], digest: str
) -> Document:
    zone = raw.get("tz") or "UTC"
    narrowed = (name for name in report.parameters if name in raw and name not in ON_TOP)
    filters = [
        *([(gettext("Period"), _period(raw, zone))] if "from" in raw else []),
        *((str(PARAMETERS[name].label), raw[name]) for name in narrowed),
    ]
    return Document(
        name=report.name,
        title=report.title,
        question=report.question,
        filters=filters,
        tz=zone,
        watermark=rfc3339(watermark),
        built_at=rfc3339(clock.now().replace(microsecond=0)),
        digest=digest,
        tables=tables,
        language=language(),
    )


def _period(raw: Mapping[str, str], zone: str) -> str:
    first, last = (_local(raw[name], zone) for name in ("from", "to"))
    return str(gettext("%(first)s to %(last)s, %(zone)s", first=first, last=last, zone=zone))


def _local(told: str, zone: str) -> str:
    return f"{datetime.fromisoformat(told).astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}"


def as_table(answer: figures.Answer) -> Table:
    found = [[plain(value) for value in row] for row in answer.rows]
    table = _table(answer.figure, found, len(found), answer.query.psql)
    table.note, table.elapsed_ms = answer.note, answer.query.elapsed_ms
    return _without_people(table) if all(row[-1] is None for row in found) else table


def _without_people(table: Table) -> Table:
    """Only answers that are looked through for small numbers count people; for the others the column is empty."""
    if table.names[-1] == PEOPLE:
        table.columns, table.rows = table.columns[:-1], [row[:-1] for row in table.rows]
    return table


def _table(figure: Figure, found: Sequence[Sequence[Cell]], row_count: int, psql: str) -> Table:
    return Table(
        name=figure.name,
        title=translated(figure.title),
        question=translated(figure.question),
        reading=translated(figure.reading),
        columns=[Column(name, translated(words), figure.units[name]) for name, words in figure.columns.items()],
        rows=found,
        row_count=row_count,
        sql=psql,
        formula=translated(figure.formula),
        chart=Chart(figure.chart.kind, figure.chart.x, figure.chart.series),
    )


def _counted(figure: Figure, params: Mapping[str, Any], asker: Principal, progress: Progress) -> tuple[Table, str]:
    """Reads every row once, for the digest and the true number; keeps none."""
    expected = rows.count(figure, params, asker)
    table = _table(figure, [], 0, rows.psql_of(figure, params))
    began, digest = clock.now(), Digest()
    with rows.reading(figure, params) as found:
        table.rows = found
        for _ in digest.through(table):
            if table.row_count % EVERY == 0:
                progress(table.row_count, max(expected, table.row_count), "rows")
            table.row_count += 1
    progress(table.row_count, table.row_count, "rows")
    table.rows, table.elapsed_ms = [], (clock.now() - began).total_seconds() * 1000
    return table, str(digest)


@contextmanager
def with_rows(document: Document, raw: Mapping[str, str], *, asker: Principal) -> Iterator[Document]:
    """The document with rows to read: for a row export they are read anew, up to its watermark, while it is written."""
    report = get_report(document.name, for_user=asker)
    with ExitStack() as stack:
        if report.kind == "rows":
            (figure,), (table,) = report.figures, document.tables
            table.rows = stack.enter_context(rows.reading(figure, report.read_params(raw)[figure.name]))
        yield document
