"""Exports of rows: read through a cursor of the server, a few thousand at a time, whatever their number."""

from collections import deque
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, Final

from quietus.accounts.identity import Principal
from quietus.analytics.catalogue import Figure
from quietus.analytics.reading import Cursor, copied, read, snapshot
from quietus.analytics.replica import Unusable
from quietus.analytics.small_cells import FEWEST
from quietus.core.errors import Forbidden, Unavailable
from quietus.core.languages import later
from quietus.reports.document import Cell
from quietus.reports.values import plain

FOLDER: Final = Path(__file__).parent / "sql"
BATCH: Final = 2000
CHANGED: Final = later("Rows were deleted while they were read. Please try again in a moment.")
TOO_FEW: Final = later(
    "Fewer than %(fewest)s people stand behind these rows, so they are not shown. Choose more.", fewest=FEWEST
)


def psql_of(figure: Figure, params: Mapping[str, Any]) -> str:
    """The statement with its values in it."""
    with snapshot() as cursor:
        return cursor.mogrify(figure.sql, params)


def count(figure: Figure, params: Mapping[str, Any], asker: Principal) -> int:
    """How many rows there will be. Raises Forbidden where they would show an analyst what a handful of people did."""
    statement = (FOLDER / f"{figure.name.removesuffix('_rows')}_count.sql").read_text()
    (counted, people), _ = read(lambda cursor: cursor.execute(statement, params).fetchall()[0], complete=True)
    if 0 < people < FEWEST and not (asker.can("read_text") or asker.can("search_audit")):
        raise Forbidden("too_few_people", TOO_FEW)
    return int(counted)


@contextmanager
def reading(figure: Figure, params: Mapping[str, Any]) -> Iterator[Iterator[Sequence[Cell]]]:
    """The rows, from one snapshot; its connection is given back when the block ends."""
    with closing(_rows(figure, params)) as found:
        yield found


def _rows(figure: Figure, params: Mapping[str, Any]) -> Generator[list[Cell]]:
    """From the copy of the database where there is one; lost on the way, the main one goes on after the same row."""
    count: int = 0
    last: list[list[Cell]] = []
    try:
        with copied(complete=True) as (cursor, _):
            for row in _fetched(cursor, figure, params):
                yield row
                count, last = count + 1, [row]
            return
    except Unusable:
        pass
    with snapshot() as cursor:
        rest = _fetched(cursor, figure, params)
        if list(deque(islice(rest, count), maxlen=1)) != last:
            raise Unavailable(CHANGED)
        yield from rest


def _fetched(cursor: Cursor, figure: Figure, params: Mapping[str, Any]) -> Iterator[list[Cell]]:
    with cursor.connection.cursor(name="report_rows") as named:
        named.itersize = BATCH
        named.execute(figure.sql, params)
        for row in named:
            yield [plain(value) for value in row]
