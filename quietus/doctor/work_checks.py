"""The work: the broker, workers for every queue, beat, what waits, the model, the seals, the ledger, the backups."""

from collections.abc import Iterator
from typing import Any, Final

import redis
from sqlalchemy.exc import SQLAlchemyError

from quietus.admin.ledger import ledger as count
from quietus.admin.service import workers_by_name
from quietus.admin.vitals import vitals
from quietus.analysis.model_in_use import model_in_use, version_in_use
from quietus.analysis.recording import ORDINARY
from quietus.core.celery import QUEUES
from quietus.core.extensions import db
from quietus.core.health import HEARTBEAT_OLD_SECONDS
from quietus.core.redis import bulk
from quietus.doctor.findings import Desk, Finding
from quietus.textmodel import Outcome

WORKERS_SECONDS: Final = 3.0
WAITS_WARN, WAITS_FAIL = 60, 300
DAY: Final = 24 * 3600


def broker(desk: Desk) -> Iterator[Finding]:
    """Its answer, and whether it may lose or throw away messages."""
    try:
        facts: Any = bulk().info("all")
    except redis.RedisError as error:
        yield Finding("broker", "fail", f"does not answer ({type(error).__name__}).",
                      "Is `up` running, or the server of REDIS_URL? Check-ins are kept and wait.")  # fmt: skip
        return
    name = facts.get("server_name", "redis")
    said = f"{name} {facts.get('valkey_version') or facts.get('redis_version')}"
    if (policy := facts.get("maxmemory_policy", "noeviction")) != "noeviction":
        yield Finding(
            "broker", "fail", f"{said} may throw messages away ({policy}).", "Set maxmemory-policy noeviction."
        )
    elif facts.get("aof_enabled") and facts.get("aof_last_write_status") == "err":
        yield Finding("broker", "fail", f"{said} cannot write its file.", "Is its disk full?")
    elif not facts.get("aof_enabled"):
        yield Finding("broker", "warn", f"{said} keeps nothing on disk.",
                      "A restart loses reports and uploads on their way (no text): set appendonly yes.")  # fmt: skip
    else:
        yield Finding("broker", "ok", f"{said}, {policy}, append-only file.")


def workers(desk: Desk) -> Iterator[Finding]:
    found = workers_by_name(WORKERS_SECONDS) or {}
    served = {queue for queues in found.values() for queue in queues}
    if idle := [queue for queue in QUEUES if queue not in served]:
        yield Finding(
            "workers", "fail", f"nobody works on {', '.join(idle)}.", "Start a worker for each queue, or `up`."
        )
    else:
        yield Finding("workers", "ok", f"{len(found)}, every queue has one.")


def beat(desk: Desk) -> Iterator[Finding]:
    age = vitals().heartbeat_age_seconds
    if age is None:
        yield Finding("beat", "fail", "was never heard of.", "Start beat, exactly one (under `up` wait a minute).")
    elif age > HEARTBEAT_OLD_SECONDS:
        yield Finding("beat", "fail", f"was last heard of {age:.0f} s ago.",
                      "Start beat, or the worker of the queue maintenance.")  # fmt: skip
    else:
        yield Finding("beat", "ok", f"last heard of {age:.0f} s ago.")


def texts(desk: Desk) -> Iterator[Finding]:
    found = vitals().texts
    if found is None:
        yield Finding("texts", "fail", "cannot be counted.", "See the database above.")
        return
    said = f"{found.waiting} wait, the oldest for {found.oldest_waiting_seconds:.0f} s; {found.failed} failed."
    if found.oldest_waiting_seconds > WAITS_FAIL and desk.settings.model != "external":
        yield Finding("texts", "fail", said, "Nobody reads them: see workers, beat and model here.")
    elif found.oldest_waiting_seconds > WAITS_WARN and desk.settings.model != "external":
        yield Finding("texts", "warn", said, "Look again in a minute.")
    elif found.failed:
        yield Finding("texts", "warn", said, "State, Texts that could not be read, tells why and tries again.")
    else:
        yield Finding("texts", "ok", said)


def model(desk: Desk) -> Iterator[Finding]:
    """Reads one ordinary sentence, as a worker would."""
    chosen = model_in_use()
    if chosen is None:
        yield Finding("model", "ok", f"elsewhere; the last outcome came from {version_in_use() or 'nobody yet'}.")
        return
    (answer,) = chosen.predict([ORDINARY])
    if isinstance(answer, Outcome):
        yield Finding("model", "ok", f"{desk.settings.model}, {chosen.version}.")
    else:
        yield Finding("model", "fail", f"{chosen.version} refuses an ordinary sentence.", "Is it the model you meant?")


def seals(desk: Desk) -> Iterator[Finding]:
    found = vitals().trail
    if found is None:
        yield Finding("seals", "fail", "cannot be read.", "See the database above.")
    elif found.faults:
        yield Finding(
            "seals", "fail", f"the last check found {found.faults} faults.", "Run `python -m quietus audit verify`."
        )
    elif found.seal_age_seconds is None:
        yield Finding("seals", "ok", "no day is sealed yet.")
    elif found.seal_age_seconds > 2 * DAY:
        yield Finding(
            "seals", "warn", f"the newest day sealed is {found.sealed_day}.", "See beat; `audit seal` does it now."
        )
    else:
        yield Finding("seals", "ok", f"sealed up to {found.sealed_day}.")


def backups(desk: Desk) -> Iterator[Finding]:
    found = vitals().trail
    age = found.backup_age_seconds if found else None
    if age is None:
        yield Finding("backup", "warn", "none was made by `python -m quietus backup`.",
                      "Make one each day (docs/operating.md), unless another program does.")  # fmt: skip
    elif age > 2 * DAY:
        yield Finding("backup", "warn", f"the newest is {age / DAY:.0f} days old.", "Make one each day.")
    else:
        yield Finding("backup", "ok", f"the newest is {age / 3600:.0f} hours old.")


def ledger(desk: Desk) -> Iterator[Finding]:
    try:
        found = count()
    except SQLAlchemyError as error:
        db.session.rollback()
        yield Finding(
            "ledger", "warn", f"could not be counted ({type(error).__name__}).", "Run `python -m quietus ledger`."
        )
        return
    if found.uneven:
        yield Finding("ledger", "fail", f"{found.uneven} of {found.accepted} texts are unaccounted for.",
                      "`python -m quietus ledger` names them: restore them from a backup, and tell us.")  # fmt: skip
    else:
        yield Finding("ledger", "ok", f"{found.accepted} accepted, none unaccounted for.")
