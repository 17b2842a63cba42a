"""Writes the tables anew, so that what was erased is gone from the database's files too, not only from its rows.

PostgreSQL keeps the bytes of a deleted row until something else needs their place, and in its write-ahead log until
that is no longer wanted. For most desks that is soon enough; who wants it now runs this at a quiet hour.
"""

from typing import Final

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from quietus.privacy.owning import INSUFFICIENT_PRIVILEGE, owner

TABLES: Final = ("analysis_records", "video_analysis_events", "video_sessions", "user_roles", "users", "audit_logs")


def scrub() -> bool:
    """Write every table with people's rows anew; nobody reads or writes one meanwhile.

    False where the write-ahead log still holds what was erased, since this role may not end it. Raises NotTheOwner.
    """
    with owner() as engine, engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        # behind somebody who holds a table for long, everybody else would queue up
        connection.execute(sa.text("SET lock_timeout = '30s'"))
        connection.execute(sa.text("SET statement_timeout = 0"))
        for table in TABLES:
            connection.execute(sa.text(f"VACUUM (FULL, ANALYZE) {table}"))
        return _end_log(connection)


def _end_log(connection: sa.Connection) -> bool:
    try:
        connection.execute(sa.text("SELECT pg_switch_wal()"))
        # the old files go, and so do the parts of the log before this
        connection.execute(sa.text("CHECKPOINT"))
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) != INSUFFICIENT_PRIVILEGE:
            raise
        return False
    return True
