"""How the desk is doing, in one look: its signs of life, its workers, the model in use."""

from dataclasses import dataclass
from typing import Any, Final

import structlog
from flask import current_app

from quietus.admin.vitals import Vitals, vitals
from quietus.analysis.model_in_use import version_in_use
from quietus.core.config import settings
from quietus.core.health import migration_head

log = structlog.get_logger(__name__)

WORKERS_SECONDS: Final = 0.7


@dataclass(frozen=True, slots=True)
class DeskState:
    """Facts of this moment; `vitals` are those of /metrics, `workers` is None while the broker is away."""

    vitals: Vitals
    migration_head: str
    workers: dict[str, list[str]] | None
    model_kind: str
    model_version: str | None


def desk_state() -> DeskState:
    found = vitals()
    return DeskState(
        vitals=found,
        migration_head=migration_head(),
        workers=workers_by_name(WORKERS_SECONDS) if found.broker["ok"] else None,
        model_kind=settings().model,
        model_version=version_in_use(),
    )


def workers_by_name(timeout: float) -> dict[str, list[str]] | None:
    """The queues that each worker consumes, of the workers that answer in time; None when nobody can be asked."""
    asked = current_app.extensions["celery"].control.inspect(timeout=timeout)
    try:
        answers: dict[str, list[dict[str, Any]]] = asked.active_queues() or {}
    except Exception as error:  # kombu wraps each transport's errors differently
        log.warning("workers.unknown", error=type(error).__name__)
        return None
    return {worker: sorted(queue["name"] for queue in queues) for worker, queues in sorted(answers.items())}
