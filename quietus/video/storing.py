"""Stores events: a batch is on disk, all of it or nothing, before its answer is sent (D9)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import psycopg
from flask_babel import gettext
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from quietus.accounts.identity import Principal
from quietus.audit import service as audit
from quietus.audit.tags import Action
from quietus.core import clock, metrics
from quietus.core.celery import send_after_commit
from quietus.core.config import settings
from quietus.core.errors import Conflict, Invalid, NotFound
from quietus.core.extensions import db
from quietus.video import consents
from quietus.video.ending import LONGEST
from quietus.video.events import Event, Unreadable, as_json, dumps, first_of_each, read_event
from quietus.video.models import RESOURCE, Status, VideoSession
from quietus.video.service import may_post

BATCH_MAX: Final = 500
# clocks of clients are off by this much at most; further off, their times would say something untrue
SKEW: Final = timedelta(minutes=5)
# how long after a session's end its late events are taken
LATE: Final = timedelta(hours=24)

SQL: Final = Path(__file__).parent / "sql"
STORE: Final = (SQL / "store_events.sql").read_text()
SAME: Final = (SQL / "same_events.sql").read_text()
COPY: Final = (SQL / "copy_events.sql").read_text()


@dataclass(frozen=True, slots=True)
class Stored:
    """How many events a batch added, and how many of it were there before."""

    stored: int
    duplicates: int


def store_events(session_id: UUID, raw: Sequence[object], *, actor: Principal) -> Stored:
    """Store a batch in one transaction with one audit row; the same batch again stores nothing twice.

    Raises NotFound, Invalid naming each bad event, or Conflict: late beyond LATE, outside the session, consent
    withdrawn, or an id that was used for another event.
    """
    events = _read(raw)
    now = clock.now()
    session = held(session_id, at=now, poster=actor)
    _refuse_misplaced(events, session, now)
    added, clashing = insert(session, events)
    if clashing:
        db.session.rollback()
        words = ["This id was used for another event."]
        raise Conflict(
            "event_id_reused",
            gettext("Ids of this batch were used for other events. Nothing of it was stored."),
            errors={f"events.{place}.id": words for place in sorted(clashing)},
        )
    result = Stored(added, len(events) - added)
    counts = {"stored": result.stored, "duplicates": result.duplicates, "subject_id": str(session.user_id)}
    audit.record(Action.EVENTS_STORED, actor=actor.id, resource_type=RESOURCE, resource_id=session_id, metadata=counts)
    if added and settings().escalation and any(event.risk_level == "HIGH" for event in events):
        send_after_commit("alerts.notify_high", "session", [str(session_id)])
    db.session.commit()
    metrics.EVENTS.inc(result.stored)
    return result


def _read(raw: Sequence[object]) -> list[Event]:
    events: list[Event] = []
    faults: dict[str, list[str]] = {}
    for place, each in enumerate(raw):
        try:
            events.append(read_event(each))
        except Unreadable as error:
            faults |= {f"events.{place}.{name}".removesuffix("._"): texts for name, texts in error.faults.items()}
    if faults:
        raise Invalid(faults, gettext("Some events cannot be accepted. Nothing of this batch was stored."))
    return events


def held(session_id: UUID, *, at: datetime, poster: Principal | None) -> VideoSession:
    """The session, kept from being ended or deleted until this transaction ends. None as poster: the desk itself.

    Raises NotFound, or Conflict when it takes no more events `at` that moment or its consent was withdrawn.
    """
    query = select(VideoSession).where(VideoSession.id == session_id)
    if poster is not None:
        query = query.where(may_post(poster))
    session: VideoSession | None = db.session.scalar(
        query.with_for_update(read=True, of=VideoSession).execution_options(populate_existing=True)
    )
    if session is None:
        db.session.rollback()
        raise NotFound
    if session.ended_at is not None and at > session.ended_at + LATE:
        db.session.rollback()
        words = gettext("This session ended more than 24 hours ago and takes no more events.")
        raise Conflict("session_closed", words)
    if consents.withdrawn(session.user_id):
        db.session.rollback()
        words = gettext("The consent to video sessions was withdrawn; nothing more is stored.")
        raise Conflict("consent_withdrawn", words)
    return session


def misplaced(event: Event, session: VideoSession, now: datetime) -> str | None:
    """What is wrong with the event's time, None when nothing is."""
    if event.event_at > now + SKEW:
        return "More than 5 minutes in the future."
    if event.event_at < session.started_at - SKEW:
        return "Before the session began."
    return None


def after_end(event: Event, session: VideoSession) -> bool:
    """Whether it was measured when the session was over; one that only went silent may have gone on unheard."""
    ended = session.ended_at if session.status == Status.ENDED else None
    return event.event_at > (ended or session.started_at + LONGEST) + SKEW


def _refuse_misplaced(events: Sequence[Event], session: VideoSession, now: datetime) -> None:
    by_time = sorted(events, key=lambda event: event.event_at)
    if not any(misplaced(event, session, now) or after_end(event, session) for event in (by_time[0], by_time[-1])):
        return  # what lies between lies well
    told = [(place, misplaced(event, session, now)) for place, event in enumerate(events)]
    faults = {f"events.{place}.event_at": [fault] for place, fault in told if fault}
    late = {
        f"events.{place}.event_at": ["After the session's end."]
        for place, event in enumerate(events)
        if after_end(event, session)
    }
    db.session.rollback()
    if faults:
        raise Invalid(faults, gettext("Some events lie outside their session. Nothing of this batch was stored."))
    words = gettext("This session has ended. Nothing of this batch was stored.")
    raise Conflict("session_ended", words, errors=late)


def insert(session: VideoSession, events: Sequence[Event]) -> tuple[int, set[int]]:
    """Add the events that are new; how many, and the places of those whose id has other content.

    The caller commits.
    """
    by_id, clashing = first_of_each(events)
    if _copied(session, by_id.values()):
        return len(by_id), clashing
    rows = {"events": as_json(by_id.values()), "session_id": session.id, "user_id": session.user_id}
    connection = db.session.connection()
    added: int = connection.exec_driver_sql(STORE, rows).rowcount
    if added < len(by_id):
        same = set(connection.exec_driver_sql(SAME, rows).scalars())
        clashing |= {place for place, event in enumerate(events) if event.id not in same}
    return added, clashing


def _copied(session: VideoSession, events: Collection[Event]) -> bool:
    """COPY the events into the table; False, and nothing is changed, when one of their ids is there already.

    Most batches are new, and COPY is the fastest way in. In the order of their ids, so that two batches which share
    ids wait for each other instead of deadlocking.
    """
    connection = db.session.connection()
    driver: psycopg.Connection[Any] = connection.connection.driver_connection  # type: ignore[assignment]
    try:
        with connection.begin_nested(), driver.cursor() as cursor, cursor.copy(COPY) as stream:
            for event in sorted(events):
                stream.write_row((session.id, session.user_id, *event[:4], dumps(event.signals), *event[5:]))
    except psycopg.errors.UniqueViolation:
        return False
    except psycopg.Error as error:  # as if SQLAlchemy had sent it, so that it is answered like any other
        raise DBAPIError.instance(COPY, {}, error, psycopg.Error) from error
    return True
