"""Connects to PostgreSQL so that a server that is away is noticed in seconds, never waited for."""

import select
from typing import Any

import psycopg
from flask import Flask
from psycopg.pq import ConnStatus
from sqlalchemy import Engine, event, func
from sqlalchemy import select as sql_select
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DisconnectionError

from quietus.core import silence
from quietus.core.config import Settings
from quietus.core.extensions import db, migrate
from quietus.places import MIGRATIONS

# a server that lives answers an empty query at once; one that was stopped or cut off never does. With the wait for
# a new connection it stays below the 3 s of promise P2.
PING_SECONDS = 0.7
READ_ONLY = "25006"
NEW = "quietus_new"
# the engine of ANALYTICS_DATABASE_URL, where that is set; only analytics/reading.py uses it
REPLICA = "analytics"


def _connect(_dialect: Any, _record: Any, arguments: Any, options: Any) -> silence.Connection:
    return silence.Connection.connect(*arguments, **options)


def _note_new(_connection: Any, record: Any) -> None:
    record.info[NEW] = True


def _refuse_silent(connection: Any, record: Any, _proxy: Any) -> None:
    """Ping a pooled connection before it is used, with a deadline; the pool then tries a new one.

    SQLAlchemy's own pool_pre_ping notices a server that is gone, and waits for ever for one that hangs.
    """
    if record.info.pop(NEW, False):
        return  # it answered just now; and behind a busy PgBouncer, what is to be asked waits where a ping would
    try:
        libpq = connection.pgconn
        libpq.send_query(b"")
        while libpq.flush():
            select.select([], [libpq.socket], [], PING_SECONDS)
        if not select.select([libpq.socket], [], [], PING_SECONDS)[0]:
            raise DisconnectionError("The database does not answer.")
        while libpq.get_result() is not None:
            pass
        if libpq.status != ConnStatus.OK:  # libpq reports a closed connection as a result, not as an exception
            raise DisconnectionError("The database closed this connection.")
    except (psycopg.Error, OSError) as error:
        raise DisconnectionError(str(error)) from error


def _leave_read_only(context: ExceptionContext) -> None:
    """A server that turned read-only may have handed its work to another: the pool connects anew."""
    if getattr(context.original_exception, "sqlstate", None) == READ_ONLY:
        context.is_disconnect = True
def limits(settings: Settings) -> tuple[str, str]:
    """What `options` says once for a connection; PgBouncer refuses those, and would hand a plain SET to strangers."""
    return f"SET LOCAL statement_timeout = '{settings.statement_seconds}s'", "SET LOCAL timezone = 'UTC'"


def _options(settings: Settings) -> dict[str, Any]:
    connect: dict[str, Any] = {
        "connect_timeout": settings.database_connect_seconds,
        "application_name": "quietus",
        "keepalives_idle": 10,
        "tcp_user_timeout": 5000,
    }
    if settings.database_pooled:
        connect["prepare_threshold"] = None  # the next transaction may be on another server connection
    else:
        connect["options"] = f"-c statement_timeout={settings.statement_seconds}s -c timezone=UTC"
    return {
        "pool_size": settings.database_pool,
        "max_overflow": 0,
        "pool_timeout": settings.database_connect_seconds,
        "connect_args": connect,
    }


def _limit_each_transaction(engine: Engine, settings: Settings) -> None:
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("; ".join(limits(settings))))


def init_app(app: Flask) -> None:
    settings: Settings = app.extensions["settings"]
    replica = settings.analytics_database_url.get_secret_value()
    app.config.update(
        SQLALCHEMY_DATABASE_URI=settings.database_url.get_secret_value(),
        SQLALCHEMY_ENGINE_OPTIONS=_options(settings),
        SQLALCHEMY_BINDS={REPLICA: {"url": replica, **_options(settings)}} if replica else {},
    )
    db.init_app(app)
    with app.app_context():
        event.listen(db.engine, "handle_error", _leave_read_only)
        for engine in db.engines.values():
            event.listen(engine, "do_connect", _connect)
            event.listen(engine, "connect", _note_new)
            event.listen(engine, "checkout", _refuse_silent)
            if settings.database_pooled:
                _limit_each_transaction(engine, settings)
    migrate.init_app(app, db, directory=str(MIGRATIONS))


def only_one(name: str) -> bool:
    """Whether this transaction alone does what `name` says, until it ends; False while another one does.

    For tasks that may be sent twice. The lock lives in the transaction, so it works through PgBouncer too.
    """
    key = func.hashtextextended(f"quietus:{name}", 0)
    return bool(db.session.scalar(sql_select(func.pg_try_advisory_xact_lock(key))))
