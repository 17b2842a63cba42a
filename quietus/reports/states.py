"""How a report stands, kept in Celery's result backend for seven days and nowhere else (D10).

Beside the state goes a pulse: a key that ends by itself unless the worker renews it. A report that should be on its
way and has no pulse has lost its worker, or its message.
"""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from typing import Any, Final, Literal
from uuid import UUID

import redis
from celery.exceptions import BackendError
from flask import current_app

from quietus.core.errors import Unavailable
from quietus.core.languages import later
from quietus.core.redis import broker

Status = Literal["QUEUED", "RUNNING", "READY", "FAILED", "CANCELLED", "EXPIRED"]

LIVE: Final = frozenset({"QUEUED", "RUNNING"})
PULSE_SECONDS: Final = 30
BEAT_SECONDS: Final = 5.0
# a message waits for the reports before it, and a lost one must not wait for ever
QUEUED_SECONDS: Final = 120
AWAY: Final = later("The desk cannot look after reports right now. Nothing was started. Please try again in a moment.")


@dataclass(frozen=True, slots=True)
class State:
    """`done` of `steps` things, counted in `unit`, are read; `attempt` numbers the messages that were sent for it."""

    status: Status
    attempt: int = 1
    starts: int = 0
    done: int = 0
    steps: int = 0
    unit: str = ""
    row_count: int = 0
    digest: str = ""
    reason: str = ""


@contextmanager
def _answering() -> Iterator[Any]:
    """The backend, asked only when it answers: its own client would wait for two minutes. Raises Unavailable."""
    try:
        broker().ping()
        yield current_app.extensions["celery"].backend
    except (redis.RedisError, BackendError, OSError) as error:
        raise Unavailable(AWAY) from error


def _data_key(report_id: UUID) -> str:
    return f"{report_id}-data"


def _pulse_key(report_id: UUID) -> str:
    return f"quietus:report-pulse:{report_id}"


def read(report_id: UUID) -> State | None:
    """None when nothing is known any more."""
    return read_many([report_id])[report_id]


def read_many(report_ids: Sequence[UUID]) -> dict[UUID, State | None]:
    if not report_ids:
        return {}
    with _answering() as backend:
        found = backend.mget([backend.get_key_for_task(str(report_id)) for report_id in report_ids])
        return {report_id: _decoded(backend, kept) for report_id, kept in zip(report_ids, found, strict=True)}


def _decoded(backend: Any, kept: Any) -> State | None:
    if not kept:
        return None
    meta = backend.decode_result(kept)
    return State(status=meta["status"], **meta["result"])


def write(report_id: UUID, state: State) -> None:
    facts = asdict(state)
    status = facts.pop("status")
    with _answering() as backend:
        backend.store_result(str(report_id), facts, status)


def queue(report_id: UUID, state: State) -> None:
    """Write a state of waiting, with a pulse that lasts until the message should have been taken."""
    write(report_id, replace(state, status="QUEUED", done=0))
    with _answering():
        broker().set(_pulse_key(report_id), 1, ex=QUEUED_SECONDS)


def has_pulse(report_id: UUID) -> bool:
    with _answering():
        return bool(broker().exists(_pulse_key(report_id)))


def may_revive(report_id: UUID, attempt: int) -> bool:
    """Whether the caller is the first to notice that this attempt was lost; two who look at once must not both act."""
    with _answering():
        return bool(broker().set(f"{_pulse_key(report_id)}:{attempt}", 1, nx=True, ex=QUEUED_SECONDS))


@contextmanager
def beating(report_id: UUID) -> Iterator[None]:
    """Renew the pulse until the block ends, whatever the block waits for."""
    client, key, ended = broker(), _pulse_key(report_id), threading.Event()

    def beat() -> None:
        while True:
            with suppress(redis.RedisError):  # away for a moment; the pulse outlasts several beats
                client.set(key, 1, ex=PULSE_SECONDS)
            if ended.wait(BEAT_SECONDS):
                return

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(timeout=2)


def keep(report_id: UUID, data: dict[str, Any]) -> None:
    """What was built; written before the state says READY."""
    with _answering() as backend:
        backend.store_result(_data_key(report_id), data, "READY")


def kept(report_id: UUID) -> dict[str, Any] | None:
    with _answering() as backend:
        found: dict[str, Any] | None = backend.get_task_meta(_data_key(report_id), cache=False)["result"]
        return found


def forget(report_ids: Sequence[UUID]) -> int:
    """Delete everything about these reports; how many had a result."""
    if not report_ids:
        return 0
    with _answering() as backend:
        deleted = 0
        for report_id in report_ids:
            deleted += backend.client.delete(backend.get_key_for_task(_data_key(report_id)))
            backend.client.delete(backend.get_key_for_task(str(report_id)), _pulse_key(report_id))
        return deleted
