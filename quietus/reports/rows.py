"""Exports of rows: read through a cursor of the server, a few thousand at a time, whatever their number."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from quietus.accounts.identity import Principal
from quietus.analytics.catalogue import Figure
from quietus.analytics.reading import snapshot
from quietus.analytics.small_cells import FEWEST
from quietus.core.errors import Forbidden
from quietus.reports.document import Cell
from quietus.reports.values import plain

FOLDER: Final = Path(__file__).parent / "sql"
BATCH: Final = 2000
TOO_FEW: Final = f"Fewer than {FEWEST} people stand behind these rows, so they are not shown. Choose more."


def psql_of(figure: Figure, params: Mapping[str, Any]) -> str:
    """The statement with its values in it."""
    with snapshot() as cursor:
        return cursor.mogrify(figure.sql, params)


def count(figure: Figure, params: Mapping[str, Any], asker: Principal) -> int:
    """How many rows there will be. Raises Forbidden where they would show an analyst what a handful of people did."""
    statement = (FOLDER / f"{figure.name.removesuffix('_rows')}_count.sql").read_text()
    with snapshot() as cursor:
        cursor.execute(statement, params)
        counted, people = cursor.fetchall()[0]
    if 0 < people < FEWEST and not (asker.can("read_text") or asker.can("search_audit")):
        raise Forbidden("too_few_people", TOO_FEW)
    return int(counted)


@contextmanager
def reading(figure: Figure, params: Mapping[str, Any]) -> Iterator[Iterator[Sequence[Cell]]]:
    """The rows, from one snapshot; its connection is given back when the block ends."""
    with snapshot() as cursor, cursor.connection.cursor(name="report_rows") as named:
        named.itersize = BATCH
        named.execute(figure.sql, params)
        yield ([plain(value) for value in row] for row in named)
