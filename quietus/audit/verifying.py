"""Compares the sealed days of the audit trail with their seals and names what was changed, is missing or was added."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from typing import Any, Final, Literal
from uuid import UUID

from sqlalchemy import Integer, Row, Select, cast, func, select, text

from quietus.audit.models import AuditLog
from quietus.audit.sealing import RESOURCE, SUM_BYTES, Part, RowDigest, chained, first_day, rows_of, today
from quietus.audit.service import record
from quietus.audit.tags import Action
from quietus.core.extensions import db
from quietus.core.languages import later

# enough to see what happened; all are counted
NAMED_MAX: Final = 1_000

What = Literal["CHANGED", "MISSING", "ADDED", "SEAL_BROKEN", "NOT_SEALED", "MORE_MISSING_THAN_RETENTION_TOOK"]

WORDS: Final[dict[What, str]] = {
    "CHANGED": later("was changed"),
    "MISSING": later("is missing"),
    "ADDED": later("was added after the seal"),
    "SEAL_BROKEN": later("the seal does not fit"),
    "NOT_SEALED": later("has no seal"),
    "MORE_MISSING_THAN_RETENTION_TOOK": later("the rows missing are not as many as retention took"),
}


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a row of a day; `row_id` is None where only the day is known."""

    day: date
    row_id: int | None
    what: What


@dataclass(slots=True)
class Verification:
    """What a check found. `removed`: rows that are gone because retention took them, as its own rows say."""

    first_day: date | None = None
    last_day: date | None = None
    days: int = 0
    rows: int = 0
    removed: int = 0
    digest: str = ""
    fault_count: int = 0
    faults: list[Fault] = field(default_factory=list)

    def add(self, day: date, row_id: int | None, what: What) -> None:
        self.fault_count += 1
        if len(self.faults) < NAMED_MAX:
            self.faults.append(Fault(day, row_id, what))


def verify(*, actor: UUID | None, newest_days: int | None = None) -> Verification:
    """Check every sealed day, or the newest some, row by row; that it was done is audited."""
    db.session.rollback()
    # one snapshot: what retention removes meanwhile must not look like tampering
    db.session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
    db.session.execute(text("SET LOCAL statement_timeout = '10min'"))
    found = Verification()
    removed = _removed_by_retention()
    for day, seals in groupby(_seals(newest_days), key=lambda seal: seal.resource_id):
        _check_day(date.fromisoformat(day), list(seals), removed.get(day, 0), found)
    _find_unsealed(found)
    record(
        Action.AUDIT_VERIFIED,
        actor=actor,
        resource_type=RESOURCE,
        resource_id=None,
        metadata={"days": found.days, "rows": found.rows, "removed": found.removed, "faults": found.fault_count},
    )
    db.session.commit()
    return found


def _seals(newest_days: int | None) -> Iterator[Row[Any]]:
    query: Select[Any] = select(AuditLog.id, AuditLog.resource_id, AuditLog.details)
    query = query.where(AuditLog.action == Action.AUDIT_SEALED.value)
    if newest_days is not None:
        # a day is sealed the day after; one more for a seal that came late
        since = datetime.combine(today() - timedelta(days=newest_days), time(), UTC)
        query = query.where(AuditLog.created_at >= since)
    query = query.order_by(AuditLog.created_at, AuditLog.id)
    return iter(db.session.execute(query, execution_options={"yield_per": 1}))


def _removed_by_retention() -> dict[str, int]:
    """How many rows of each day retention took, as the rows say that it left in the trail."""
    rows = select(
        AuditLog.details["day"].astext.label("day"),
        func.sum(cast(AuditLog.details["rows"].astext, Integer)),
    ).where(AuditLog.action == Action.RETENTION_APPLIED.value, AuditLog.resource_type == RESOURCE)
    return {day: int(count) for day, count in db.session.execute(rows.group_by("day"))}


def _check_day(day: date, seals: Sequence[Row[Any]], removed: int, found: Verification) -> None:
    if found.last_day is not None:
        for skipped in range(1, (day - found.last_day).days):
            found.add(found.last_day + timedelta(days=skipped), None, "NOT_SEALED")
    found.first_day, found.last_day = found.first_day or day, day
    found.days += 1
    parts = _readable(day, seals, found)
    if parts is None:
        return
    rows = rows_of(day)
    waiting = next(rows, None)
    missing: list[int] = []
    for part in parts:
        here: list[RowDigest] = []
        while waiting is not None and (part is parts[-1] or waiting[0] <= part.last_id):
            here.append(waiting)
            waiting = next(rows, None)
        missing += _check_part(day, part, here, found)
    found.rows += sum(part.rows for part in parts) - len(missing)
    _judge_missing(day, missing, removed, found)


def _readable(day: date, seals: Sequence[Row[Any]], found: Verification) -> list[Part] | None:
    """The parts of a day's seal, each following the one before; None when one of them makes no sense."""
    parts: list[Part] = []
    for seal in seals:
        try:
            part = Part.read(seal.resource_id, seal.details)
        except ValueError:
            found.add(day, seal.id, "SEAL_BROKEN")
            found.digest = ""  # whatever follows cannot be held against it
            return None
        if found.digest and part.previous != found.digest:
            found.add(day, seal.id, "SEAL_BROKEN")
        found.digest = part.digest
        parts.append(part)
    return parts


def _check_part(day: date, part: Part, here: Sequence[RowDigest], found: Verification) -> list[int]:
    """Note what was changed or added among the rows of a part; the ids that are missing."""
    before = found.fault_count
    expected = dict(part.expected())
    for row_id, digest in here:
        known = expected.pop(row_id, None)
        if known is None:
            found.add(day, row_id, "ADDED")
        elif digest[:SUM_BYTES] != known:
            found.add(day, row_id, "CHANGED")
    if expected or found.fault_count > before:
        return list(expected)
    # each row's four bytes fit and the whole does not: the seal itself, or a forgery that met them
    if chained(part.previous, (digest for _, digest in here)) != part.digest:
        found.add(day, None, "SEAL_BROKEN")
    return []


def _judge_missing(day: date, missing: Sequence[int], removed: int, found: Verification) -> None:
    if len(missing) == removed:
        found.removed += removed
    elif removed:  # which of them retention took cannot be told any more
        found.add(day, None, "MORE_MISSING_THAN_RETENTION_TOOK")
    else:
        for row_id in missing:
            found.add(day, row_id, "MISSING")


def _find_unsealed(found: Verification) -> None:
    """A closed day without a seal: sealing stands still, or someone took the newest seals away."""
    first = found.last_day + timedelta(days=1) if found.last_day else first_day()
    # yesterday's seal comes shortly after midnight
    ends = today() - timedelta(days=1)
    if first is None or first >= ends:
        return
    since, until = (datetime.combine(day, time(), UTC) for day in (first, ends))
    unsealed = select(AuditLog.created_at).where(AuditLog.created_at >= since, AuditLog.created_at < until)
    oldest = db.session.scalar(unsealed.order_by(AuditLog.created_at).limit(1))
    if oldest is not None:
        found.add(oldest.astimezone(UTC).date(), None, "NOT_SEALED")
