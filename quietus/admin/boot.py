"""What a Celery worker does around its tasks: refuse an unsafe broker, load the model, share it by fork, count."""

import os
from typing import Any
from wsgiref.simple_server import WSGIServer

import redis
import structlog
from celery.signals import (
    celeryd_after_setup,
    setup_logging,
    task_postrun,
    task_prerun,
    worker_process_init,
    worker_ready,
)
from flask import Flask

from quietus.analysis.model_in_use import model_in_use
from quietus.core import metrics, metrics_port
from quietus.core.config import ConfigurationError
from quietus.core.extensions import db
from quietus.core.redis import broker

# a report can wait for a moment; a text that somebody just sent cannot
REPORTS_NICE = 10

log = structlog.get_logger(__name__)


def refuse_evicting_broker(app: Flask) -> None:
    """Raise ConfigurationError where the broker may throw messages away. One that is away is asked later again."""
    with app.app_context():
        try:
            memory: Any = broker().info("memory")
        except redis.RedisError:
            return
    policy = memory.get("maxmemory_policy", "noeviction")
    if app.extensions["settings"].production and policy != "noeviction":
        raise ConfigurationError(f"The broker may evict messages (maxmemory-policy {policy}): set it to noeviction.")


def bind(task_id: str, task: Any, **_: Any) -> None:
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(
        task=task.name, task_id=task_id, request_id=(task.request.headers or {}).get("request_id")
    )


def unbind(**_: Any) -> None:
    structlog.contextvars.clear_contextvars()


def keep_our_logging(**_: Any) -> None:
    """That something listens here is enough: Celery leaves levels and handlers to core/logs.py."""


def connect(app: Flask) -> None:
    """Hook the worker's life to the app; called by celery_worker.py."""

    def begin(instance: Any, **_: Any) -> None:
        try:
            refuse_evicting_broker(app)
            queues = set(instance.app.amqp.queues.consume_from)
            if queues == {"reports"}:
                os.nice(REPORTS_NICE)
            if "analysis" in queues:
                with app.app_context():
                    model = model_in_use()  # before the fork: the pool's processes share these pages
                log.info("worker.model", version=model.version if model else "external")
        except Exception as error:
            # celery logs what a signal's receiver raises and goes on: a worker without a model would only look alive
            raise SystemExit(f"{type(error).__name__}: {error}") from error

    counting: list[WSGIServer] = []

    def show_counters(**_: Any) -> None:
        chosen = app.extensions["settings"]
        if port := chosen.worker_metrics_port:
            server = metrics_port.serve(port, chosen.metrics_token.get_secret_value())
            counting.extend([server] if server else [])

    def begin_process(**_: Any) -> None:
        for server in counting:
            server.socket.close()  # the parent's too: a child that outlived it would keep the port
        with app.app_context():
            for engine in db.engines.values():
                engine.dispose(close=False)  # the parent's connections stay the parent's

    setup_logging.connect(keep_our_logging, weak=False)
    celeryd_after_setup.connect(begin, weak=False)
    worker_process_init.connect(begin_process, weak=False)
    worker_ready.connect(show_counters, weak=False)
    metrics.watch_tasks()
    task_prerun.connect(bind, weak=False)
    task_postrun.connect(unbind, weak=False)
