"""Takes the big tables' indexes and foreign keys away while much is written, and puts the very same ones back."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import psycopg

TABLES: Final = ["analysis_records", "video_sessions", "video_analysis_events", "audit_logs"]
INDEXES: Final = """
SELECT i.indexdef, format('DROP INDEX %%I', i.indexname) FROM pg_indexes AS i
WHERE i.schemaname = current_schema() AND i.tablename = ANY (%s)
  AND NOT EXISTS (SELECT FROM pg_constraint AS c WHERE c.conname = i.indexname)
"""
FOREIGN_KEYS: Final = """
SELECT format('ALTER TABLE %%s ADD CONSTRAINT %%I %%s', c.conrelid::regclass, c.conname, pg_get_constraintdef(c.oid)),
    format('ALTER TABLE %%s DROP CONSTRAINT %%I', c.conrelid::regclass, c.conname)
FROM pg_constraint AS c
WHERE c.contype = 'f' AND c.conrelid = ANY (%s::regclass[])
"""


@contextmanager
def bare_tables(connection: "psycopg.Connection[Any]") -> Iterator[None]:
    """Inside one transaction, so that whatever happens the tables are never left without them."""
    found = [row for query in (INDEXES, FOREIGN_KEYS) for row in connection.execute(query, (TABLES,)).fetchall()]
    for _, drop in found:
        connection.execute(drop)
    yield
    for make, _ in found:
        connection.execute(make)
