"""The copy of the database that figures are read from: whether it may be read now, and up to when it is complete."""

import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal, cast

import psycopg
import structlog
from flask import current_app
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from quietus.core.config import settings
from quietus.core.database import REPLICA
from quietus.core.extensions import db
from quietus.core.languages import later

log = structlog.get_logger(__name__)

# after the copy failed, or was too late, nobody asks it again for this long
PAUSE_SECONDS: Final = 15.0
# how long a reader waits for the copy to catch up
PATIENCE_SECONDS: Final = 0.1
PATIENCE_OF_REPORTS_SECONDS: Final = 2.0
AWAY, LATE, BEHIND, FOREIGN = "away", "late", "behind", "foreign"
WORDS: Final = {
    AWAY: later("The copy of the database that figures are read from is away: this was read from the main database."),
    LATE: later(
        "The copy of the database that figures are read from is too far behind: this was read from the main one."
    ),
    BEHIND: later(
        "The copy of the database that figures are read from lacked some rows: this was read from the main one."
    ),
    FOREIGN: later(
        "ANALYTICS_DATABASE_URL is no streaming copy of this database: this was read from the main database."
    ),
}
# recovery had to end the statement (40001, 40P01) or the connection; a time limit (57014) is ours and stays an answer
ENDED: Final = frozenset({"40001", "40P01", "57P01", "57P02", "57P03", "57P04"})

# everything committed until now is before this place in the log
PRIMARY: Final = text(
    "SELECT pg_current_wal_flush_lsn()::text AS place, clock_timestamp() AS moment, "
    "(SELECT system_identifier FROM pg_control_system()) AS server"
)
REPLAYED: Final = text(
    "SELECT pg_is_in_recovery() AS follows, pg_last_wal_replay_lsn() >= CAST(:place AS pg_lsn) AS complete, "
    "pg_last_xact_replay_timestamp() AS moment, (SELECT system_identifier FROM pg_control_system()) AS server"
)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where rows were read: everything committed up to `watermark` is in them; `note` says why not from the copy."""

    server: Literal["primary", "replica"]
    watermark: datetime
    lag_seconds: float = 0.0
    note: str = ""


class Unusable(Exception):
    """The copy cannot be read; the message is one of the reasons above, or empty where there is no copy."""


def words(reason: Unusable) -> str:
    """The reason for the reader."""
    return str(WORDS.get(str(reason), ""))


class Pauses:
    """Until when this process leaves the copy alone, by the reason."""

    def __init__(self) -> None:
        self._until = {AWAY: 0.0, FOREIGN: 0.0, LATE: 0.0, BEHIND: 0.0}

    def look(self, complete: bool) -> None:
        """Raises Unusable during a pause. The first one after it tries again, alone: the others need not wait too."""
        now = time.monotonic()
        for reason in self._concerning(complete):
            if now < self._until[reason]:
                raise Unusable(reason)
            if self._until[reason]:
                self._until[reason] = now + PAUSE_SECONDS

    def begin(self, reason: str) -> None:
        self._until[reason] = time.monotonic() + PAUSE_SECONDS

    def end(self, complete: bool) -> None:
        for reason in self._concerning(complete):
            self._until[reason] = 0.0

    @staticmethod
    def _concerning(complete: bool) -> tuple[str, ...]:
        """A copy that is a little behind is only wrong for who needs every row."""
        return (AWAY, FOREIGN, LATE, BEHIND) if complete else (AWAY, FOREIGN, LATE)


def is_configured() -> bool:
    return REPLICA in db.engines


def _pauses() -> Pauses:
    return cast(Pauses, current_app.extensions.setdefault("analytics.pauses", Pauses()))


def is_lost(error: Exception) -> bool:
    """Whether the copy, rather than the question, is the reason of this error."""
    if isinstance(error, DBAPIError):
        return error.connection_invalidated or is_lost(cast(Exception, error.orig))
    if not isinstance(error, psycopg.Error):
        return False
    return error.sqlstate in ENDED or (isinstance(error, psycopg.OperationalError) and not error.sqlstate)


def connect(complete: bool) -> tuple[Connection, Origin]:
    """A connection to the copy, with no transaction begun; with `complete` it has every row committed before this call.

    Raises Unusable.
    """
    _pauses().look(complete)
    with db.engine.connect() as primary:
        goal = primary.execute(PRIMARY).one()
    try:
        # said outright: SQLAlchemy leaves a used connection as READ WRITE, which a server in recovery refuses
        connection = db.engines[REPLICA].connect().execution_options(postgresql_readonly=True)
    except DBAPIError as error:
        raise lost(error) from error
    try:
        origin = _reached(connection, goal, complete)
        connection.rollback()
    except DBAPIError as error:
        connection.close()
        raise lost(error) from error
    except Unusable as reason:
        connection.close()
        _pauses().begin(str(reason))
        raise
    _pauses().end(complete)
    return connection, origin


def lost(error: Exception) -> Unusable:
    """Notes that the copy is away, so that nobody else waits for it."""
    log.warning("analytics.replica_away", error=type(error).__name__)
    _pauses().begin(AWAY)
    return Unusable(AWAY)


def _reached(connection: Connection, goal: Any, complete: bool) -> Origin:
    """How far the copy is, after waiting a moment for it to reach the goal. Raises Unusable."""
    until = time.monotonic() + (PATIENCE_OF_REPORTS_SECONDS if complete else PATIENCE_SECONDS)
    while True:
        found = connection.execute(REPLAYED, {"place": goal.place}).one()
        if not found.follows or found.server != goal.server:
            raise Unusable(FOREIGN)
        if found.complete:
            return Origin("replica", goal.moment)
        if time.monotonic() > until:
            break
        time.sleep(0.01)
    lag = (goal.moment - found.moment).total_seconds() if found.moment else float("inf")
    if lag > settings().analytics_lag_seconds:
        raise Unusable(LATE)
    if complete:
        raise Unusable(BEHIND)
    return Origin("replica", found.moment, round(max(lag, 0.0), 3))
