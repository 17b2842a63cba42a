"""The one place where figures get their connection: a snapshot that can only be read."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import psycopg

from quietus.core.extensions import db

BEGIN: Final = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
Cursor = psycopg.ClientCursor[tuple[Any, ...]]


@contextmanager
def snapshot() -> Iterator[Cursor]:
    """A cursor in a read-only REPEATABLE READ transaction, ended with the block.

    It puts values into the statement itself, so what runs is to the letter what `psql` shows, and each period gets
    a plan of its own.
    """
    with db.engine.connect().execution_options(
        isolation_level="REPEATABLE READ", postgresql_readonly=True
    ) as connection:
        driver: psycopg.Connection[tuple[Any, ...]] = connection.connection.driver_connection  # type: ignore[assignment]
        with psycopg.ClientCursor(driver) as cursor:
            yield cursor


@contextmanager
def at_once() -> Iterator[Cursor]:
    """A cursor for `execute_alone`; its connection is given back as it was."""
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        driver: psycopg.Connection[tuple[Any, ...]] = connection.connection.driver_connection  # type: ignore[assignment]
        with psycopg.ClientCursor(driver) as cursor:
            yield cursor


def execute_alone(cursor: Cursor, statement: str) -> None:
    """Run a finished statement in a snapshot of its own, beginning and end in one message with it: for a small figure
    the two other messages would take longer than its rows.
    """
    cursor.execute(f"{BEGIN};\n{statement.rstrip().removesuffix(';')};\nCOMMIT")
    cursor.nextset()
