"""How the desk is doing, in one look: servers, queues, texts that wait, the model in use."""

from dataclasses import dataclass
from typing import Any

import redis
from sqlalchemy import func, select

from quietus.analysis.model_in_use import version_in_use
from quietus.analysis.models import AnalysisRecord, PredictedLabel
from quietus.core.celery import QUEUES
from quietus.core.config import settings
from quietus.core.extensions import db
from quietus.core.health import beat_age_seconds, broker_state, database_state, migration_head
from quietus.core.redis import broker


@dataclass(frozen=True, slots=True)
class DeskState:
    """Facts of this moment; `queues` is None while the broker is away."""

    database: dict[str, object]
    migration_head: str
    broker: dict[str, object]
    heartbeat_age_seconds: float | None
    queues: dict[str, int] | None
    waiting: int
    failed: int
    model_kind: str
    model_version: str | None


def desk_state() -> DeskState:
    return DeskState(
        database=database_state(),
        migration_head=migration_head(),
        broker=broker_state(),
        heartbeat_age_seconds=beat_age_seconds(),
        queues=_queues(),
        waiting=_texts(PredictedLabel.PENDING),
        failed=_texts(PredictedLabel.FAILED),
        model_kind=settings().model,
        model_version=version_in_use(),
    )


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
