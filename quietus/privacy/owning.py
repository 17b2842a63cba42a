"""A connection as the owner of the tables, for the two acts that the application's own role must not be able to do."""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from quietus.core.config import settings

INSUFFICIENT_PRIVILEGE = "42501"


class NotTheOwner(Exception):
    """This process knows no role that owns the tables."""


@contextmanager
def owner() -> Iterator[sa.Engine]:
    """The owner's engine; where there is one role for everything, that one. Raises NotTheOwner."""
    chosen = settings()
    url = chosen.migration_database_url.get_secret_value() or chosen.database_url.get_secret_value()
    engine = sa.create_engine(
        url, poolclass=sa.NullPool, connect_args={"connect_timeout": 5, "application_name": "quietus owner"}
    )
    try:
        yield engine
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) == INSUFFICIENT_PRIVILEGE:
            raise NotTheOwner(
                "Only the role that owns the tables may do this: set QUIETUS_MIGRATION_DATABASE_URL."
            ) from error
        raise
    finally:
        engine.dispose()
