"""Imports NDJSON files of events: good lines are stored, bad ones listed, and a killed import goes on where it was.

A piece's events and its audit row share one commit, and the audit rows say how far an import has come: whoever goes
on, after whatever was killed, begins at the first piece that is not stored.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Final
from uuid import UUID

import redis
import structlog
from flask_babel import gettext
from sqlalchemy import ColumnElement, Integer, cast, func, select
from sqlalchemy.exc import DBAPIError

from quietus.accounts.identity import Principal
from quietus.audit import service as audit
from quietus.audit.models import AuditLog
from quietus.audit.tags import Action
from quietus.core import clock, metrics
from quietus.core.celery import send
from quietus.core.database import only_one
from quietus.core.errors import Conflict, NotFound, Problem, Unavailable, unreachable
from quietus.core.extensions import db
from quietus.video import spool
from quietus.video.events import Event, Unreadable, read_line
from quietus.video.models import RESOURCE, VideoSession
from quietus.video.pieces import Piece, cut
from quietus.video.service import get_session
from quietus.video.spool import Job
from quietus.video.storing import after_end, held, insert, misplaced

log = structlog.get_logger(__name__)

TASK: Final = "video.import_events"
RUN_SECONDS: Final = 300.0
# files that may wait at once, of everybody and of one account; the broker has work of its own
WAITING_MAX: Final = 8
WAITING_OWN: Final = 4


@dataclass(frozen=True, slots=True)
class Counts:
    """What became of lines; `pieces` of the file are done."""

    stored: int = 0
    duplicates: int = 0
    bad: int = 0
    pieces: int = 0


@dataclass(frozen=True, slots=True)
class Progress:
    """How an import stands: QUEUED, RUNNING, READY, or FAILED with its reason."""

    job: Job
    counts: Counts
    status: str
    bad_lines: list[tuple[int, str]]


def accept(session_id: UUID, file: IO[bytes], *, actor: Principal) -> Progress:
    """Take in a file for a session and have it imported in the background.

    Raises NotFound or Conflict as for a batch, Conflict while WAITING_OWN files of this account wait, and
    Unavailable when the broker has no room.
    """
    held(session_id, at=clock.now(), poster=actor)
    db.session.rollback()  # nobody waits for a slow upload
    try:
        jobs = spool.waiting()
        if sum(job.actor_id == actor.id for job in jobs) >= WAITING_OWN:
            words = gettext("%(count)s files of yours wait already. Send this one after them.", count=WAITING_OWN)
            raise Conflict("imports_waiting", words)
        if len(jobs) >= WAITING_MAX:
            words = gettext("Too many files wait to be imported. Please send this one later.")
            raise Unavailable(words, retry_after=60)
        job = spool.keep(cut(file), session_id=session_id, actor_id=actor.id)
    except redis.RedisError as error:
        raise Unavailable(gettext("The desk cannot take files right now. Nothing was accepted.")) from error
    send(TASK)  # a bell: when it is lost, the sweep finds the file
    return Progress(job, Counts(), "QUEUED", [])


def progress(session_id: UUID, job_id: UUID, *, for_user: Principal) -> Progress:
    """How an import of a session that this user may see stands. Raises NotFound, also for one long gone."""
    get_session(session_id, for_user=for_user)
    try:
        job = spool.find(job_id)
        if job is None or job.session_id != session_id:
            raise NotFound
        counts = counted(job)
        return Progress(job, counts, _status(job, counts), spool.bad_lines(job))
    except redis.RedisError as error:
        raise Unavailable(gettext("The desk cannot tell right now how far the import is.")) from error


def _status(job: Job, counts: Counts) -> str:
    if job.failure:
        return "FAILED"
    if counts.pieces >= job.pieces:
        return "READY"
    return "RUNNING" if counts.pieces else "QUEUED"


def counted(job: Job) -> Counts:
    """What the audit log says of this job."""
    row = db.session.execute(
        select(_sum("stored"), _sum("duplicates"), _sum("bad"), func.count()).where(
            AuditLog.resource_type == RESOURCE,
            AuditLog.resource_id == str(job.session_id),
            AuditLog.action == Action.EVENTS_STORED.value,
            AuditLog.details["job"].astext == str(job.id),
        )
    ).one()
    return Counts(*row)


def _sum(name: str) -> ColumnElement[int]:
    return func.coalesce(func.sum(cast(AuditLog.details[name].astext, Integer)), 0)


def import_waiting() -> bool:
    """Import what waits, a piece of each file in turn; whether something is left to do after RUN_SECONDS."""
    ends = time.monotonic() + RUN_SECONDS
    # a list: every file moves on before the question is asked
    while any([_advance_or_fail(job) for job in spool.waiting()]):  # noqa: C419
        if time.monotonic() >= ends:
            return True
    return False


def _advance_or_fail(job: Job) -> bool:
    try:
        return _advance(job)
    except DBAPIError as error:
        db.session.rollback()
        if unreachable(error):
            raise  # the sweep goes on once the database is back
        log.error("video.import_broke", job=str(job.id), error=type(error).__name__)
        spool.finish(job, "broken")  # one file must not hold up the others
        return False


def _advance(job: Job) -> bool:
    """Import the next piece of the file; False when it is finished, or another worker is at it."""
    if not only_one(f"{TASK}:{job.id}"):
        db.session.rollback()
        return False
    counts = counted(job)
    if counts.pieces >= job.pieces:
        db.session.rollback()
        spool.finish(job)
        return False
    piece = spool.read(job, counts.pieces)
    if piece is None:
        db.session.rollback()
        spool.finish(job, "expired")
        return False
    try:
        session = held(job.session_id, at=job.created_at, poster=None)
    except Problem as problem:  # ended long ago, deleted, or the consent was withdrawn meanwhile
        spool.finish(job, problem.code)
        return False
    marks = {"job": str(job.id), "piece": counts.pieces}
    done, bad = store_piece(session, piece, at=job.created_at, actor_id=job.actor_id, marks=marks)
    # before the commit: a piece that counts as done has its bad lines noted
    spool.note_bad(job, counts.pieces, bad[: max(0, spool.BAD_MAX - counts.bad)])
    db.session.commit()
    metrics.EVENTS.inc(done.stored)
    return True


def import_file(session_id: UUID, file: IO[bytes]) -> Iterator[tuple[Counts, list[tuple[int, str]]]]:
    """Import a file on this machine, a commit for each piece; after each, its counts and bad lines.

    Raises NotFound or Conflict as for a batch.
    """
    at = clock.now()
    for piece in cut(file):
        session = held(session_id, at=at, poster=None)
        done = store_piece(session, piece, at=at, actor_id=None, marks={})
        db.session.commit()
        yield done


def store_piece(
    session: VideoSession, piece: Piece, *, at: datetime, actor_id: UUID | None, marks: dict[str, object]
) -> tuple[Counts, list[tuple[int, str]]]:
    """Add a piece's good lines and its audit row to the current transaction; the caller commits.

    `at`: when the file came. Answers the counts, and the bad lines with what is wrong with each.
    """
    numbers: list[int] = []
    events: list[Event] = []
    bad: list[tuple[int, str]] = []
    for number, line in enumerate(piece.lines, start=piece.first):
        if not line.strip():
            continue
        try:
            event = _placed(read_line(line), session, at)
        except Unreadable as error:
            bad.append((number, str(error)))
        else:
            numbers.append(number)
            events.append(event)
    added, clashing = insert(session, events)
    bad += [(numbers[place], "id: This id was used for another event.") for place in clashing]
    counts = Counts(added, len(events) - len(clashing) - added, len(bad), 1)
    audit.record(
        Action.EVENTS_STORED,
        actor=actor_id,
        resource_type=RESOURCE,
        resource_id=session.id,
        metadata={
            "stored": counts.stored,
            "duplicates": counts.duplicates,
            "bad": counts.bad,
            "subject_id": str(session.user_id),
        }
        | marks,
    )
    return counts, sorted(bad)


def _placed(event: Event, session: VideoSession, at: datetime) -> Event:
    fault = misplaced(event, session, at) or ("After the session's end." if after_end(event, session) else None)
    if fault:
        raise Unreadable({"event_at": [fault]})
    return event
