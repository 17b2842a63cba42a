"""The one place where figures get their connection: a snapshot that can only be read."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from quietus.core.extensions import db


@contextmanager
def snapshot() -> Iterator["psycopg.ClientCursor[tuple[Any, ...]]"]:
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
