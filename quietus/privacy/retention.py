"""Deletes what is older than the settings want to keep, kind by kind, in batches, each noted in the audit trail.

The audit trail itself goes last and only from sealed days. What others are judged by stays: what ends sign-ins and
tokens, consents, and everything about a text or session that is still there.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

import sqlalchemy as sa
import structlog

from quietus.audit import service as audit
from quietus.audit.models import AuditLog
from quietus.audit.tags import Action
from quietus.core import clock
from quietus.core.config import TOKEN_DAYS_LONGEST, settings
from quietus.core.extensions import db
from quietus.privacy.owning import owner
from quietus.privacy.statements import statement

log = structlog.get_logger(__name__)

BATCH: Final = 2_000
DELETES: Final = {kind: statement(f"retain_{kind}") for kind in ("texts", "sessions", "events")}
OLD_COUNTS: Final = statement("old_counts")
OLD_AUDIT_ROWS: Final = statement("old_audit_rows")
OLD_LEDGER_ROWS: Final = statement("old_ledger_rows")
OLD_SEALS: Final = statement("old_seals")
DELETE_AUDIT_ROWS: Final = statement("delete_audit_rows")
PATIENCE: Final = sa.text("SET LOCAL statement_timeout = '10min'")


@dataclass(frozen=True, slots=True)
class Line:
    """A kind of rows and how many of it are old; `before` is None where the settings keep it for ever."""

    kind: str
    before: datetime | None
    rows: int


def _before(days: int) -> datetime | None:
    """The begin of the UTC day until which rows are kept; None for ever."""
    return datetime.combine(clock.now().date() - timedelta(days=days), time(), UTC) if days else None


def _limits() -> dict[str, datetime | None]:
    chosen = settings()
    return {
        "texts": _before(chosen.retention_texts_days),
        "events": _before(chosen.retention_events_days),
        "sessions": _before(chosen.retention_sessions_days),
    }


def _audit_limit() -> datetime | None:
    """As the settings say, but never beyond the sealed days: what was not sealed cannot be shown to be whole."""
    wanted, sealed = _before(settings().retention_audit_days), audit.newest(Action.AUDIT_SEALED)
    if wanted is None or sealed is None:
        return None
    ends = datetime.combine(date.fromisoformat(str(sealed.resource_id)) + timedelta(days=1), time(), UTC)
    return min(wanted, ends)


def plan() -> list[Line]:
    """What `apply` would delete now, and nothing is deleted."""
    db.session.execute(PATIENCE)
    limits = _limits()
    counts = db.session.execute(OLD_COUNTS, limits).mappings().one()
    lines = [Line(kind, before, counts[kind] if before else 0) for kind, before in limits.items()]
    before = _audit_limit()
    with db.engine.connect() as reading:
        reading.execute(PATIENCE)
        rows = sum(len(ids) for ids in _old_audit(reading, before, None)) if before else 0
    db.session.rollback()
    return [*lines, Line("audit", before, rows)]


def apply() -> list[Line]:
    """Delete what is old; the counts of what went. Raises NotTheOwner where audit rows are old but may not go."""
    lines = [Line(kind, before, _delete(kind, before)) for kind, before in _limits().items()]
    before = _audit_limit()
    db.session.rollback()
    return [*lines, Line("audit", before, _delete_audit(before) if before else 0)]


def _delete(kind: str, before: datetime | None) -> int:
    total = 0
    while before:
        db.session.execute(PATIENCE)
        gone = int(db.session.scalar(DELETES[kind], {"before": before, "batch": BATCH}) or 0)
        db.session.commit()
        total += gone
        if gone < BATCH:
            break
    return total


def _delete_audit(before: datetime) -> int:
    total = 0
    with owner() as engine, engine.connect() as connection:
        _begin_batch(connection)
        for ids in _old_audit(connection, before, BATCH):
            connection.execute(DELETE_AUDIT_ROWS, {"ids": ids})
            connection.commit()
            total += len(ids)
            _begin_batch(connection)
        # seals of which no row is left are no rows of anybody: they are not counted
        if seals := list(connection.scalars(OLD_SEALS, {"before": before})):
            connection.execute(DELETE_AUDIT_ROWS, {"ids": seals})
        connection.commit()
    return total


def _begin_batch(connection: sa.Connection) -> None:
    connection.execute(PATIENCE)
    # the name under which the append-only trigger lets the owner delete
    connection.execute(sa.text("SET LOCAL quietus.retention = 'on'"))


def _old_audit(connection: sa.Connection, before: datetime, batch: int | None) -> Iterator[list[int]]:
    """The ids of the audit rows that may go, batch by batch; with a batch size, each is gone before the next."""

    def again(query: sa.TextClause, **values: Any) -> Iterator[list[int]]:
        while ids := list(connection.scalars(query, {**values, "batch": batch})):
            yield ids
            if batch is None:
                return

    yield from again(OLD_LEDGER_ROWS, before=before)
    long_before = min(before, clock.now() - timedelta(days=TOKEN_DAYS_LONGEST + 1))
    first: datetime | None = connection.scalar(sa.select(sa.func.min(AuditLog.created_at)))
    # day by day: what is kept is passed over once, not once for each batch
    since = datetime.combine(first.astimezone(UTC).date(), time(), UTC) if first else before
    while since < before:
        until = since + timedelta(days=1)
        yield from again(OLD_AUDIT_ROWS, since=since, until=until, long_before=long_before)
        since = until
