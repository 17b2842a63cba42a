"""Is it alive, can it work, and what has it done: /healthz, /readyz, /metrics."""

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import redis
from alembic.script import ScriptDirectory
from flask import Blueprint, Flask, Response, current_app, jsonify, request
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from quietus.core import clock
from quietus.core.access import public
from quietus.core.config import settings
from quietus.core.errors import NotFound
from quietus.core.extensions import db
from quietus.core.metrics import render
from quietus.core.metrics_port import may_read
from quietus.core.redis import broker
from quietus.places import MIGRATIONS

bp = Blueprint("health", __name__)

HEARTBEAT_KEY = "quietus:heartbeat"
HEARTBEAT_OLD_SECONDS = 180
SWEEP_KEY = "quietus:sweep"


def migration_head() -> str:
    """The newest migration of this version of the program."""
    head: str | None = current_app.extensions.get("migration_head")
    if head is None:
        head = ScriptDirectory(str(MIGRATIONS)).get_current_head() or ""
        current_app.extensions["migration_head"] = head
    return head


def beat_age_seconds() -> float | None:
    """Seconds since beat last had a worker note that it is there; None when never, or the broker is away."""
    return _age_seconds(HEARTBEAT_KEY)


def sweep_age_seconds() -> float | None:
    """Seconds since a worker last looked for texts that wait; None when never, or the broker is away."""
    return _age_seconds(SWEEP_KEY)


def _age_seconds(key: str) -> float | None:
    try:
        noted: Any = broker().get(key)
        return clock.now().timestamp() - float(noted) if noted else None
    except (redis.RedisError, ValueError):
        return None


def beat_is_old() -> bool:
    """Whether beat should have been heard of by now: a desk that just started has not had the time."""
    age = beat_age_seconds()
    up = (clock.now() - current_app.extensions["started_at"]).total_seconds()
    return (up if age is None else age) > HEARTBEAT_OLD_SECONDS


def note_heartbeat() -> None:
    """Called by the task `ops.heartbeat`: beat, the broker and a worker all live."""
    broker().set(HEARTBEAT_KEY, str(clock.now().timestamp()), ex=7 * 24 * 3600)


def note_sweep() -> None:
    """Called by the worker that looked for waiting texts; that it cannot be noted must not undo its work."""
    with suppress(redis.RedisError):
        broker().set(SWEEP_KEY, str(clock.now().timestamp()), ex=7 * 24 * 3600)


def database_state() -> dict[str, object]:
    try:
        found = db.session.scalar(text("SELECT version_num FROM alembic_version"))
    except SQLAlchemyError as error:
        db.session.rollback()
        return {"ok": False, "error": type(error).__name__}
    return {"ok": found == migration_head(), "migration": found}


def broker_state() -> dict[str, object]:
    try:
        broker().ping()
    except redis.RedisError as error:
        return {"ok": False, "error": type(error).__name__}
    return {"ok": True}


@bp.get("/healthz")
@public
def healthz() -> Response:
    return jsonify(status="live")


@bp.get("/readyz")
@public
def readyz() -> tuple[Response, int]:
    """200 when a check-in would be stored. Without the broker it still would be (D3), so that only shows."""
    database, queue = database_state(), broker_state()
    model = current_app.extensions.get("model_version")
    age = beat_age_seconds()
    body = {
        "status": "ready" if database["ok"] else "unavailable",
        "database": database,
        "broker": queue,
        "heartbeat_age_seconds": None if age is None else round(age, 1),
        "model": {"kind": settings().model, "version": model() if callable(model) and database["ok"] else None},
    }
    return jsonify(body), 200 if database["ok"] else 503


@bp.get("/metrics")
@public
def metrics() -> Response:
    """Prometheus text; counts only, and only for a token's holder or a caller on this very machine."""
    wanted = settings().metrics_token.get_secret_value()
    if wanted:
        allowed = may_read(wanted, request.headers.get("Authorization", ""))
    else:
        allowed = request.remote_addr in ("127.0.0.1", "::1") and "X-Forwarded-For" not in request.headers
    if not allowed:
        raise NotFound
    return render()


def init_app(app: Flask) -> None:
    folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
    app.extensions["started_at"] = clock.now()
    app.register_blueprint(bp)
