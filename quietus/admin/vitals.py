"""The signs of life of the desk in one look: /metrics shows them to programs, the State page to admins.

Each is cheap (an index, or a number that the broker keeps) and bounded in time, and none is guessed: what cannot be
known now, because its server is away or it never happened, is None.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

import redis
from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError

from quietus.analysis.models import AnalysisRecord, PredictedLabel
from quietus.audit import service as audit
from quietus.audit.tags import Action
from quietus.core import clock
from quietus.core.celery import QUEUES
from quietus.core.errors import Unavailable
from quietus.core.extensions import db
from quietus.core.health import beat_age_seconds, broker_state, database_state, sweep_age_seconds
from quietus.core.redis import broker
from quietus.reports import counting

STATEMENT_SECONDS: Final = 2
# kombu keeps here what a worker took and has not finished
UNACKNOWLEDGED: Final = "unacked"
STATES: Final = (PredictedLabel.PENDING.value, PredictedLabel.FAILED.value)


@dataclass(frozen=True, slots=True)
class Texts:
    """Texts without an outcome; `oldest_waiting_seconds` is 0 when none waits."""

    waiting: int
    oldest_waiting_seconds: float
    failed: int


@dataclass(frozen=True, slots=True)
class Trail:
    """Ages in seconds of the newest seal and backup; what the last check of the audit trail found."""

    sealed_day: date | None
    seal_age_seconds: float | None
    faults: int | None
    backup_age_seconds: float | None


@dataclass(frozen=True, slots=True)
class Reports:
    """Reports of the last day by state; `oldest_unfinished_seconds` is 0 when none is on its way."""

    counts: dict[str, int]
    oldest_unfinished_seconds: float


@dataclass(frozen=True, slots=True)
class Vitals:
    """Facts of this moment."""

    database: dict[str, object]
    broker: dict[str, object]
    texts: Texts | None
    trail: Trail | None
    queues: dict[str, int] | None
    unacknowledged: int | None
    heartbeat_age_seconds: float | None
    sweep_age_seconds: float | None
    reports: Reports | None


def vitals() -> Vitals:
    database, queue = _database(), broker_state()
    known, reached = "migration" in database, bool(queue["ok"])
    queues, unacknowledged = _queues() if reached else (None, None)
    return Vitals(
        database=database,
        broker=queue,
        texts=_texts() if known else None,
        trail=_trail() if known else None,
        queues=queues,
        unacknowledged=unacknowledged,
        heartbeat_age_seconds=beat_age_seconds() if reached else None,
        sweep_age_seconds=sweep_age_seconds() if reached else None,
        reports=_reports() if known and reached else None,
    )


def _database() -> dict[str, object]:
    """As /readyz says it, from a transaction of its own that no slow statement can hold up."""
    try:
        db.session.rollback()
        db.session.execute(text(f"SET LOCAL statement_timeout = '{STATEMENT_SECONDS}s'"))
    except SQLAlchemyError as error:
        db.session.rollback()
        return {"ok": False, "error": type(error).__name__}
    return database_state()


def _texts() -> Texts | None:
    """Two ranges of the index (predicted_label, analyzed_at), which says since when a text waits."""
    label = AnalysisRecord.predicted_label
    query = select(label, func.count(), func.min(AnalysisRecord.analyzed_at)).where(label.in_(STATES)).group_by(label)
    try:
        found = {state: (count, since) for state, count, since in db.session.execute(query)}
    except SQLAlchemyError:
        db.session.rollback()
        return None
    waiting, since = found.get(PredictedLabel.PENDING.value, (0, None))
    return Texts(waiting, _age(since) or 0.0, found.get(PredictedLabel.FAILED.value, (0, None))[0])


def _trail() -> Trail | None:
    try:
        sealed, verified, backup = map(audit.newest, (Action.AUDIT_SEALED, Action.AUDIT_VERIFIED, Action.BACKUP_MADE))
    except SQLAlchemyError:
        db.session.rollback()
        return None
    return Trail(
        sealed_day=date.fromisoformat(sealed.resource_id or "") if sealed else None,
        seal_age_seconds=_age(sealed.created_at if sealed else None),
        faults=int((verified.details or {})["faults"]) if verified else None,
        backup_age_seconds=_age(backup.created_at if backup else None),
    )


def _age(since: datetime | None) -> float | None:
    return None if since is None else max(0.0, (clock.now() - since).total_seconds())


def _queues() -> tuple[dict[str, int] | None, int | None]:
    """Messages that wait in each queue, and those that a worker took and has not finished."""
    try:
        pipeline: Any = broker().pipeline(transaction=False)
        for queue in QUEUES:
            pipeline.llen(queue)
        pipeline.hlen(UNACKNOWLEDGED)
        *waiting, unacknowledged = pipeline.execute()
    except redis.RedisError:
        return None, None
    return dict(zip(QUEUES, waiting, strict=True)), unacknowledged


def _reports() -> Reports | None:
    try:
        counted, oldest = counting.counts()
    except (SQLAlchemyError, Unavailable):
        db.session.rollback()
        return None
    return Reports(dict(counted), oldest)
