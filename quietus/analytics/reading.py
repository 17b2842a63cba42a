"""The one place where figures get their connection: a read-only snapshot, of the copy where there is one."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, Self, TypeVar

import psycopg
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from quietus.analytics import replica
from quietus.analytics.replica import Origin, Unusable
from quietus.core import clock
from quietus.core.config import settings
from quietus.core.database import limits
from quietus.core.extensions import db

BEGIN: Final = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
Cursor = psycopg.ClientCursor[tuple[Any, ...]]
Result = TypeVar("Result")


class Alone(Cursor):
    """Runs one statement in a snapshot of its own, beginning and end in one message with it: for a small figure the
    other messages would take longer than its rows.
    """

    def execute(self, query: Any, params: Any = None, **options: Any) -> Self:
        statement = self.mogrify(query, params) if params else str(query)
        before = [BEGIN, *(limits(settings()) if settings().database_pooled else ())]
        super().execute(";\n".join([*before, statement.rstrip().removesuffix(";"), "COMMIT"]), **options)
        for _ in before:
            self.nextset()
        return self


@contextmanager
def alone() -> Iterator[Cursor]:
    """A cursor on the main database for one statement; its connection is given back as it was."""
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        driver: psycopg.Connection[tuple[Any, ...]] = connection.connection.driver_connection  # type: ignore[assignment]
        with Alone(driver) as cursor:
            yield cursor


@contextmanager
def snapshot() -> Iterator[Cursor]:
    """A cursor on the main database in a read-only REPEATABLE READ transaction, ended with the block.

    It puts values into the statement itself, so what runs is to the letter what `psql` shows, and each period gets
    a plan of its own.
    """
    with db.engine.connect() as connection, _reading(connection) as cursor:
        yield cursor


@contextmanager
def copied(*, complete: bool) -> Iterator[tuple[Cursor, Origin]]:
    """A cursor like `snapshot`'s on the copy. Raises Unusable at the start, and when the copy is lost in the block."""
    if not replica.is_configured():
        raise Unusable
    connection, origin = replica.connect(complete)
    try:
        with connection, _reading(connection) as cursor:
            yield cursor, origin
    except (psycopg.Error, DBAPIError) as error:
        if replica.is_lost(error):
            raise replica.lost(error) from error
        raise


def read(work: Callable[[Cursor], Result], *, complete: bool = False) -> tuple[Result, Origin]:
    """What `work` gives, and where it was read: on the copy, or on the main database where the copy cannot be read.

    `complete`: every row that is committed now is there; otherwise the copy may be a little behind, and the origin
    says how much. `work` runs one statement, and may run twice.
    """
    try:
        with copied(complete=complete) as (cursor, origin):
            return work(cursor), origin
    except Unusable as reason:
        with alone() as cursor:
            return work(cursor), Origin("primary", clock.now(), note=replica.words(reason))


@contextmanager
def _reading(connection: Connection) -> Iterator[Cursor]:
    connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    driver: psycopg.Connection[tuple[Any, ...]] = connection.connection.driver_connection  # type: ignore[assignment]
    # begun by SQLAlchemy, so that a pooled connection gets its time limit; it ends as a rollback
    with connection.begin(), psycopg.ClientCursor(driver) as cursor:
        yield cursor
