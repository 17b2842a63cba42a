"""Finds audit rows by actor, action, resource and time; that somebody looked is itself audited."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from flask import Flask, current_app
from sqlalchemy import Row, Select, Uuid, case, column, literal, select, table, tuple_
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TEXT

from quietus.audit.models import AuditLog
from quietus.audit.service import record
from quietus.audit.tags import Action
from quietus.core.extensions import db
from quietus.core.paging import Page, read_numbered_cursor, write_cursor

EXPORT_PAGE: Final = 1_000
COLUMNS: Final = ("id", "user_id", "action", "resource_type", "resource_id", "metadata", "created_at")
# the audit trail stands below the accounts: it knows no more of them than that an id has an address
USERS: Final = table("users", column("id", Uuid), column("email"))
# a seal's checksums are for `verify`: 50 kB that nobody reads
_DETAILS: Final = case(
    (
        AuditLog.action == Action.AUDIT_SEALED.value,
        AuditLog.details.op("-", return_type=JSONB)(literal(["runs", "sums"], ARRAY(TEXT))),
    ),
    else_=AuditLog.details,
).label("metadata")


@dataclass(frozen=True, slots=True)
class Filters:
    """What a search is narrowed to; times are half-open, [since, until)."""

    user_id: UUID | None = None
    action: str | None = None
    resource_type: str | None = None
    resource_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def names(self) -> list[str]:
        """Which filters are in use, for the audit: not their values."""
        return [each.name for each in fields(self) if getattr(self, each.name) is not None]


def _filtered(filters: Filters) -> Select[Any]:
    query = select(
        AuditLog.id,
        AuditLog.user_id,
        AuditLog.action,
        AuditLog.resource_type,
        AuditLog.resource_id,
        _DETAILS,
        AuditLog.created_at,
        USERS.c.email,
    ).outerjoin_from(AuditLog, USERS, USERS.c.id == AuditLog.user_id)
    for name in ("user_id", "action", "resource_type", "resource_id"):
        wanted = getattr(filters, name)
        if wanted is not None:
            query = query.where(getattr(AuditLog, name) == wanted)
    if filters.since:
        query = query.where(AuditLog.created_at >= filters.since)
    if filters.until:
        query = query.where(AuditLog.created_at < filters.until)
    return query.order_by(AuditLog.created_at.desc(), AuditLog.id.desc())


def search(*, actor: UUID, filters: Filters, limit: int, cursor: str | None = None) -> Page[Row[Any]]:
    """A page of rows, newest first, each with the present `email` of its actor. Raises Invalid for a foreign cursor."""
    query = _filtered(filters)
    if cursor:
        query = query.where(tuple_(AuditLog.created_at, AuditLog.id) < tuple_(*read_numbered_cursor(cursor)))
    rows = list(db.session.execute(query.limit(limit + 1)))
    items, more = rows[:limit], len(rows) > limit
    if not cursor:  # once a search, not once a page
        _note(Action.AUDIT_SEARCHED, actor, filters)
    return Page(items, write_cursor(items[-1].created_at, items[-1].id) if more else None)


def export(*, actor: UUID, filters: Filters) -> Iterator[Row[Any]]:
    """Every row of a search, newest first, in constant memory; audited before the first.

    Page by page, each in a transaction of its own: a reader that is slow, or gone, holds no connection.
    """
    _note(Action.AUDIT_EXPORTED, actor, filters)
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # werkzeug's proxy
    query = _filtered(filters)

    def rows() -> Iterator[Row[Any]]:
        after: tuple[datetime, int] | None = None
        while True:
            with app.app_context():  # the request's own is over by the time the answer is streamed
                place = tuple_(AuditLog.created_at, AuditLog.id)
                page = query.where(place < tuple_(*after)) if after else query
                found = list(db.session.execute(page.limit(EXPORT_PAGE)))
            yield from found
            if len(found) < EXPORT_PAGE:
                return
            after = (found[-1].created_at, found[-1].id)

    return rows()


def user_id_of(email: str) -> UUID | None:
    """The account behind an address, as it is kept: trimmed and lower-cased."""
    found: UUID | None = db.session.scalar(select(USERS.c.id).where(USERS.c.email == email.strip().lower()))
    return found


def _note(action: Action, actor: UUID, filters: Filters) -> None:
    record(action, actor=actor, resource_type="audit", resource_id=None, metadata={"filters": filters.names()})
    db.session.commit()
