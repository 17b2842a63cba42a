"""Ends sessions, whoever or whatever ends them; `ended_at` is set once, by the first."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, text, update

from quietus.audit import service as audit
from quietus.audit.tags import Action
from quietus.core import clock, webhook_bell
from quietus.core.database import only_one
from quietus.core.extensions import db
from quietus.video.models import RESOURCE, Status, VideoSession

SILENCE = timedelta(minutes=10)
LONGEST = timedelta(hours=4)
CLOSING = text((Path(__file__).parent / "sql" / "close_abandoned.sql").read_text())


def end_active(which: ColumnElement[bool], *, actor: UUID, reason: str) -> list[UUID]:
    """End the ACTIVE sessions among `which` now, each with its audit row; the caller commits."""
    now = clock.now()
    # over ACTIVE only: of any number of ends at once, the first one sets the time and the others change nothing
    ended = db.session.execute(
        update(VideoSession)
        .where(which, VideoSession.status == Status.ACTIVE.value)
        .values(status=Status.ENDED.value, ended_at=now)
        .returning(VideoSession.id, VideoSession.user_id)
        .execution_options(synchronize_session=False)
    ).all()
    _audit([(row.id, row.user_id, Status.ENDED.value, now) for row in ended], actor=actor, reason=reason)
    return [row.id for row in ended]


def close_abandoned() -> int:
    """Close sessions that went silent or ran too long; how many. Does nothing while another run is at it.

    Silent for SILENCE: ABANDONED, ended with the last event, or the start when there was none. Running for
    LONGEST: ENDED at that moment.
    """
    if not only_one("video.close_abandoned"):
        db.session.rollback()
        return 0
    values: Mapping[str, Any] = {"now": clock.now(), "silence": SILENCE, "longest": LONGEST}
    closed = db.session.execute(CLOSING, values).all()
    for status, reason in ((Status.ABANDONED.value, "silence"), (Status.ENDED.value, "limit")):
        rows = [(row.id, row.user_id, row.status, row.ended_at) for row in closed if row.status == status]
        _audit(rows, actor=None, reason=reason)
    db.session.commit()
    return len(closed)


def _audit(rows: list[tuple[UUID, UUID, str, datetime]], *, actor: UUID | None, reason: str) -> None:
    if rows:
        webhook_bell.ring()
    audit.record_many(
        Action.VIDEO_SESSION_ENDED,
        [
            (session_id, {"subject_id": str(user_id), "status": status, "reason": reason, "ended_at": at.isoformat()})
            for session_id, user_id, status, at in rows
        ],
        actor=actor,
        resource_type=RESOURCE,
    )
