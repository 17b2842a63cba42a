"""Celery bound to Flask: tasks run in a fresh app context, and messages leave only after their commit."""

from collections.abc import Sequence
from importlib import import_module
from typing import Any

import structlog
from celery import Celery, Task
from flask import Flask, current_app, g, has_request_context
from sqlalchemy import event
from sqlalchemy.orm import Session, SessionTransaction

from quietus.core.extensions import db
from quietus.core.redis import broker, sentinels

log = structlog.get_logger(__name__)

OUTBOX = "outbox"
QUEUES = ("analysis", "events", "reports", "maintenance", "mail")
TIME_LIMIT_SECONDS = 600
VISIBILITY_SECONDS = 3600
TRANSPORT = {
    "visibility_timeout": VISIBILITY_SECONDS,
    "socket_connect_timeout": 1,
    # a publish to a broker that froze a moment ago must not hold its request for ever
    "socket_timeout": 3,
    "socket_keepalive": True,
    "health_check_interval": 10,
}


def send(task_name: str, *args: Any, task_id: str | None = None) -> bool:
    """Send a task now. False when the broker is away: the row is the truth, the sweep will find it (D3).

    With a `task_id` the task can be stopped by `interrupt`.
    """
    # not send_task: a misspelt name raises here instead of waiting for ever in a queue
    task = current_app.extensions["celery"].tasks[task_name]
    try:
        # kombu waits for ever for a broker that takes connections and says nothing; this client does not
        broker().ping()
        task.apply_async(args=args, task_id=task_id, retry=False, headers=_headers())
    except Exception as error:  # kombu wraps each transport's errors differently; none may undo an accepted row
        log.warning("broker.unavailable", task=task_name, error=type(error).__name__)
        return False
    return True


def interrupt(task_id: str) -> None:
    """Drop a task that waits, and raise SoftTimeLimitExceeded in one that runs; a broker that is away hears nothing."""
    try:
        broker().ping()
        # not TERM, which ends the process: this signal lets the task roll back and say how it ended
        current_app.extensions["celery"].control.revoke(task_id, terminate=True, signal="SIGUSR1")
    except Exception as error:  # as above
        log.warning("broker.unavailable", revoke=task_id, error=type(error).__name__)


def _headers() -> dict[str, str]:
    """The id of the request that this follows from, so that one id runs through the logs of web and worker."""
    return {"request_id": g.request_id} if has_request_context() and "request_id" in g else {}


def send_after_commit(task_name: str, *args: Any) -> None:
    """Send a task once the current transaction is committed; drop it on rollback."""
    db.session.info.setdefault(OUTBOX, []).append((task_name, args))


@event.listens_for(Session, "after_commit")
def _deliver(session: Session) -> None:
    if session.in_nested_transaction():  # a savepoint was released; nothing is committed yet
        return
    for task_name, args in session.info.pop(OUTBOX, []):
        send(task_name, *args)


@event.listens_for(Session, "after_soft_rollback")
def _forget(session: Session, previous: SessionTransaction) -> None:
    if not previous.nested:  # a savepoint's rollback keeps the outer transaction's messages
        session.info.pop(OUTBOX, None)


class FlaskTask(Task):
    """Runs inside an application context of its own, so every task has a clean database session."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        with self.app.flask_app.app_context():
            return self.run(*args, **kwargs)


def init_app(app: Flask, schedule: dict[str, dict[str, Any]], task_modules: Sequence[str]) -> None:
    """Make the Celery app; `task_modules` are imported here, so that a web process knows every task by name."""
    settings = app.extensions["settings"]
    watched = sentinels(settings)
    found_by = watched.celery_options if watched else {}
    celery = Celery("quietus", task_cls=FlaskTask)
    celery.flask_app = app
    celery.conf.update(
        broker_url=settings.redis_url.get_secret_value(),
        result_backend=settings.redis_url.get_secret_value(),
        result_expires=7 * 24 * 3600,
        task_ignore_result=True,
        task_serializer="json",
        result_serializer="json",
        accept_content=["json"],
        task_default_queue="maintenance",
        task_routes={
            "analysis.*": {"queue": "analysis"},
            "video.*": {"queue": "events"},
            "reports.*": {"queue": "reports"},
            "mail.*": {"queue": "mail"},
        },
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        task_time_limit=TIME_LIMIT_SECONDS,
        task_soft_time_limit=TIME_LIMIT_SECONDS - 30,
        worker_prefetch_multiplier=1,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_transport_options=TRANSPORT | found_by,
        result_backend_transport_options=found_by,
        redis_socket_connect_timeout=1,
        timezone="UTC",
        enable_utc=True,
        beat_schedule=schedule,
        beat_scheduler="quietus.core.beat:Scheduler",
        beat_max_loop_interval=5,
    )
    celery.set_default()
    for module in task_modules:
        import_module(module)
    app.extensions["celery"] = celery
