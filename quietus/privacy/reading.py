"""Who read a person's words: the readings that the audit trail tells of, as that person may see them.

The person learns when, what and in which role somebody read, and whether it was the same reader as another time. They
do not learn the reader's name or address: those who work here must not be looked up at home, and the auditor, who can
be asked, does know them.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, literal_column, or_, select, tuple_

from quietus.accounts.models import User
from quietus.audit.models import AuditLog
from quietus.audit.tags import ABOUT_A_SUBJECT, READINGS
from quietus.core.config import settings
from quietus.core.extensions import db
from quietus.core.paging import Page, read_numbered_cursor, write_cursor

# written out, so that the planner sees that the index of migration 0003 holds all of them
_INDEXED: Final = AuditLog.action.in_([literal_column(f"'{action.value}'") for action in ABOUT_A_SUBJECT])
_READ: Final = AuditLog.action.in_([action.value for action in READINGS])


@dataclass(frozen=True, slots=True)
class Reading:
    """One reading. `reader` stays the same for the same reader and this person; None for the desk's own tools."""

    id: int
    created_at: datetime
    action: str
    resource_type: str
    resource_id: str | None
    reader: str | None
    roles: list[str]
    reason: str | None


def access_log(user_id: UUID, *, limit: int, cursor: str | None = None) -> Page[Reading]:
    """A page of the readings of a person's words by others, newest first. Raises Invalid for a foreign cursor."""
    query = _readings(user_id).order_by(AuditLog.created_at.desc(), AuditLog.id.desc())
    if cursor:
        query = query.where(tuple_(*read_numbered_cursor(cursor)) > _PLACE)
    rows = list(db.session.scalars(query.limit(limit + 1)))
    items, more = rows[:limit], len(rows) > limit
    return Page(_told(items, user_id), write_cursor(items[-1].created_at, items[-1].id) if more else None)


_PLACE: Final = tuple_(AuditLog.created_at, AuditLog.id)


def pages(user_id: UUID, size: int) -> Iterator[list[Reading]]:
    """All readings, oldest first, page by page."""
    query = _readings(user_id).order_by(AuditLog.created_at, AuditLog.id)
    rows = list(db.session.scalars(query.limit(size)))
    while rows:
        yield _told(rows, user_id)
        after = tuple_(rows[-1].created_at, rows[-1].id)
        rows = list(db.session.scalars(query.where(after < _PLACE).limit(size)))


def _readings(user_id: UUID) -> Select[AuditLog]:
    by_others = or_(AuditLog.user_id.is_(None), AuditLog.user_id != user_id)
    subject = AuditLog.details.op("->>")(literal_column("'subject_id'"))
    return select(AuditLog).where(subject == str(user_id), _INDEXED, _READ, by_others)


def _told(rows: Sequence[AuditLog], user_id: UUID) -> list[Reading]:
    readers = {row.user_id for row in rows if row.user_id}
    roles = {
        user.id: sorted(user.role_names)
        for user in (db.session.scalars(select(User).where(User.id.in_(readers))) if readers else ())
    }
    return [_reading(row, user_id, roles) for row in rows]


def _reading(row: AuditLog, user_id: UUID, roles: dict[UUID, list[str]]) -> Reading:
    facts: dict[str, Any] = row.details or {}
    return Reading(
        id=row.id,
        created_at=row.created_at,
        action=row.action,
        resource_type=row.resource_type,
        resource_id=row.resource_id,
        reader=_pseudonym(row.user_id, user_id) if row.user_id else None,
        roles=roles.get(row.user_id, []) if row.user_id else [],
        # not the note: its writer did not write it to this person
        reason=facts.get("reason_code") or facts.get("reason"),
    )


def _pseudonym(reader: UUID, subject: UUID) -> str:
    """Two people cannot find out from theirs that they had the same reader."""
    key = hashlib.sha256(settings().secret_key.get_secret_value().encode()).digest()
    return hashlib.blake2b(reader.bytes + subject.bytes, key=key, person=b"quietus.reader", digest_size=4).hexdigest()
