"""Finds, ends, exports and deletes video sessions for who may see them.

What pages may call: `get_session`, `list_sessions`, `events_of`, `end_session`, `delete_session`, `export_events`
here, `starting.start_session` and `starting.sessions_allowed`, `notice.notice`, `consents.listed` and `withdraw`,
and `exports.WRITERS`. Each takes the person who asks (`actor` or `for_user`); what that person may not see raises
NotFound. Events are stored by `storing.store_events`, files of them by `importing`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from flask import Flask, current_app
from sqlalchemy import ColumnElement, String, and_, cast, delete, exists, or_, select, tuple_

from quietus.accounts.identity import Principal
from quietus.audit import service as audit
from quietus.audit.models import AuditLog
from quietus.audit.tags import Action
from quietus.core.errors import NotFound
from quietus.core.extensions import db
from quietus.core.paging import Page, read_cursor, write_cursor
from quietus.video import ending
from quietus.video.models import RESOURCE, VideoAnalysisEvent, VideoSession

EXPORT_PAGE: Final = 1000


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list of sessions is narrowed to; times are half-open, [since, until)."""

    status: str | None = None
    session_type: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class EventFilters:
    """What a list of events is narrowed to; times are half-open, [since, until)."""

    risk_level: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def _acted(user: Principal, *acts: Action) -> ColumnElement[bool]:
    """Whether this account did one of the acts on the session of the surrounding query."""
    return exists().where(
        AuditLog.resource_type == RESOURCE,
        AuditLog.resource_id == cast(VideoSession.id, String),
        AuditLog.action.in_([act.value for act in acts]),
        AuditLog.user_id == user.id,
    )


def may_post(user: Principal) -> ColumnElement[bool]:
    """Own sessions; for an agent, those that it opened or joined."""
    own = VideoSession.user_id == user.id
    if not user.can("hold_session_for") and not user.can("post_events"):
        return own
    return or_(own, _acted(user, Action.VIDEO_SESSION_STARTED, Action.VIDEO_SESSION_JOINED))


def _may_end(user: Principal) -> ColumnElement[bool]:
    """Own sessions; for an agent, those that it opened: one that it joined is the person's to end."""
    own = VideoSession.user_id == user.id
    return or_(own, _acted(user, Action.VIDEO_SESSION_STARTED)) if user.can("hold_session_for") else own


def get_session(session_id: UUID, *, for_user: Principal) -> VideoSession:
    """The session, if this user may see it. Raises NotFound."""
    return _find(session_id, may_post(for_user))


def _find(session_id: UUID, allowed: ColumnElement[bool]) -> VideoSession:
    session: VideoSession | None = db.session.scalar(
        select(VideoSession).where(VideoSession.id == session_id, allowed).execution_options(populate_existing=True)
    )
    if session is None:
        raise NotFound
    return session


def list_sessions(
    *, for_user: Principal, filters: Filters, limit: int, cursor: str | None = None
) -> Page[VideoSession]:
    """A page of the user's own sessions, newest first. Raises Invalid for a foreign cursor."""
    query = select(VideoSession).where(_is_own(for_user))
    if filters.status:
        query = query.where(VideoSession.status == filters.status)
    if filters.session_type:
        query = query.where(VideoSession.session_type == filters.session_type)
    if filters.since:
        query = query.where(VideoSession.started_at >= filters.since)
    if filters.until:
        query = query.where(VideoSession.started_at < filters.until)
    if cursor:
        query = query.where(tuple_(VideoSession.started_at, VideoSession.id) < tuple_(*read_cursor(cursor)))
    query = query.order_by(VideoSession.started_at.desc(), VideoSession.id.desc()).limit(limit + 1)
    rows = list(db.session.scalars(query))
    items = rows[:limit]
    return Page(items, write_cursor(items[-1].started_at, items[-1].id) if len(rows) > limit else None)


def events_of(
    session_id: UUID, *, for_user: Principal, filters: EventFilters, limit: int, cursor: str | None = None
) -> Page[VideoAnalysisEvent]:
    """A page of the events of one of the user's own sessions, newest first. Raises NotFound, Invalid."""
    _find(session_id, _is_own(for_user))
    query = select(VideoAnalysisEvent).where(VideoAnalysisEvent.session_id == session_id)
    if filters.risk_level:
        query = query.where(VideoAnalysisEvent.risk_level == filters.risk_level)
    if filters.since:
        query = query.where(VideoAnalysisEvent.event_at >= filters.since)
    if filters.until:
        query = query.where(VideoAnalysisEvent.event_at < filters.until)
    place = tuple_(VideoAnalysisEvent.event_at, VideoAnalysisEvent.id)
    if cursor:
        query = query.where(place < tuple_(*read_cursor(cursor)))
    query = query.order_by(VideoAnalysisEvent.event_at.desc(), VideoAnalysisEvent.id.desc()).limit(limit + 1)
    rows = list(db.session.scalars(query))
    items = rows[:limit]
    return Page(items, write_cursor(items[-1].event_at, items[-1].id) if len(rows) > limit else None)


def _is_own(user: Principal) -> ColumnElement[bool]:
    """What was measured is for the person, not for the agent that measured it."""
    return VideoSession.user_id == user.id


def end_session(session_id: UUID, *, actor: Principal) -> VideoSession:
    """End the session; ending it again gives the same answer. Raises NotFound."""
    ended = ending.end_active(and_(VideoSession.id == session_id, _may_end(actor)), actor=actor.id, reason="asked")
    if ended:
        db.session.commit()
    return _find(session_id, _may_end(actor))


def delete_session(session_id: UUID, *, actor: Principal) -> None:
    """Delete one's own session and its events for good. Raises NotFound."""
    session: VideoSession | None = db.session.scalar(
        select(VideoSession).where(VideoSession.id == session_id, VideoSession.user_id == actor.id).with_for_update()
    )
    if session is None:
        db.session.rollback()
        raise NotFound
    connection = db.session.connection()
    events = connection.execute(delete(VideoAnalysisEvent).where(VideoAnalysisEvent.session_id == session_id))
    connection.execute(delete(VideoSession).where(VideoSession.id == session_id))
    audit.record(
        Action.VIDEO_SESSION_ERASED,
        actor=actor.id,
        resource_type=RESOURCE,
        resource_id=session_id,
        metadata={"events": events.rowcount, "session_type": session.session_type},
    )
    db.session.commit()


def export_events(session_id: UUID, *, for_user: Principal) -> Iterator[VideoAnalysisEvent]:
    """All events of one's own session, oldest first; that they were exported is audited before the first.

    Read page by page, each in a transaction of its own: a reader that is slow, or gone, holds no connection, and
    any number of events takes the memory of one page. Raises NotFound.
    """
    _find(session_id, _is_own(for_user))
    audit.record(Action.EVENTS_EXPORTED, actor=for_user.id, resource_type=RESOURCE, resource_id=session_id)
    db.session.commit()
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # werkzeug's proxy
    return _pages(app, session_id)


def _pages(app: Flask, session_id: UUID) -> Iterator[VideoAnalysisEvent]:
    place = tuple_(VideoAnalysisEvent.event_at, VideoAnalysisEvent.id)
    query = select(VideoAnalysisEvent).where(VideoAnalysisEvent.session_id == session_id)
    query = query.order_by(VideoAnalysisEvent.event_at, VideoAnalysisEvent.id).limit(EXPORT_PAGE)
    page: list[VideoAnalysisEvent] = []
    while not page or len(page) == EXPORT_PAGE:
        after = query.where(place > tuple_(page[-1].event_at, page[-1].id)) if page else query
        with app.app_context():  # the request's own is over by the time the answer is streamed
            page = list(db.session.scalars(after))
        yield from page
        if not page:
            return
