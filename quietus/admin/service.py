"""How the desk is doing, in one look: servers, queues, texts that wait, the model in use."""

from dataclasses import dataclass
from typing import Any, Final

import redis
import structlog
from flask import current_app
from sqlalchemy import func, select

from quietus.analysis.model_in_use import version_in_use
from quietus.analysis.models import AnalysisRecord, PredictedLabel
from quietus.audit import service as audit
from quietus.audit.tags import Action
from quietus.core.celery import QUEUES
from quietus.core.config import settings
from quietus.core.extensions import db
from quietus.core.health import beat_age_seconds, broker_state, database_state, migration_head, sweep_age_seconds
from quietus.core.redis import broker

log = structlog.get_logger(__name__)

WORKERS_SECONDS: Final = 0.7


@dataclass(frozen=True, slots=True)
class DeskState:
    """Facts of this moment; `queues` and `workers` are None while the broker is away."""

    database: dict[str, object]
    migration_head: str
    broker: dict[str, object]
    heartbeat_age_seconds: float | None
    sweep_age_seconds: float | None
    queues: dict[str, int] | None
    workers: dict[str, list[str]] | None
    waiting: int
    failed: int
    model_kind: str
    model_version: str | None
    sealed_day: str | None
    audit_faults: int | None


def desk_state() -> DeskState:
    queue, sealed, verified = broker_state(), audit.newest(Action.AUDIT_SEALED), audit.newest(Action.AUDIT_VERIFIED)
    return DeskState(
        database=database_state(),
        migration_head=migration_head(),
        broker=queue,
        heartbeat_age_seconds=beat_age_seconds(),
        sweep_age_seconds=sweep_age_seconds(),
        queues=_queues(),
        workers=_workers() if queue["ok"] else None,
        waiting=_texts(PredictedLabel.PENDING),
        failed=_texts(PredictedLabel.FAILED),
        model_kind=settings().model,
        model_version=version_in_use(),
        sealed_day=sealed.resource_id if sealed else None,
        audit_faults=int((verified.details or {})["faults"]) if verified else None,
    )


def _workers() -> dict[str, list[str]] | None:
    """The queues that each worker consumes, of the workers that answer at once."""
    asked = current_app.extensions["celery"].control.inspect(timeout=WORKERS_SECONDS)
    try:
        answers: dict[str, list[dict[str, Any]]] = asked.active_queues() or {}
    except Exception as error:  # kombu wraps each transport's errors differently
        log.warning("workers.unknown", error=type(error).__name__)
        return None
    return {worker: sorted(queue["name"] for queue in queues) for worker, queues in sorted(answers.items())}


def _queues() -> dict[str, int] | None:
    """Messages that wait in each queue."""
    try:
        pipeline: Any = broker().pipeline(transaction=False)
        for queue in QUEUES:
            pipeline.llen(queue)
        return dict(zip(QUEUES, pipeline.execute(), strict=True))
    except redis.RedisError:
        return None


def _texts(state: PredictedLabel) -> int:
    return db.session.scalar(select(func.count()).where(AnalysisRecord.predicted_label == state.value)) or 0
