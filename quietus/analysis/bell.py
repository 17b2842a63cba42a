"""Rings for the worker after an acceptance. A bell may be lost or ring twice: the rows are the truth (D3).

One ring serves everybody who commits before the worker answers it. The bell hangs while the worker reads, and the
worker takes it down *before* its last look: a row committed while the bell hangs is seen by that look, any later one
rings anew. Under load that is a few messages a second, not one for each text.
"""

import time
from collections.abc import Sequence
from uuid import UUID

import redis
import structlog

from quietus.analysis.models import RESOURCE
from quietus.core.celery import send, send_after_commit
from quietus.core.config import settings
from quietus.core.redis import broker

log = structlog.get_logger(__name__)

TASK = "analysis.record_pending"
NOTIFY_TASK = "alerts.notify_high"
KEY = "quietus:bell"
# a ring that got lost, or a worker in the middle of a long batch, keeps others from ringing for this long at most
HANGS_MS = 250
# while the broker is away nobody waits for it more than once in this time
PAUSE_SECONDS = 1.0

_quiet_until = 0.0


def ring() -> bool:
    """Wake a worker unless a ring is already on its way. False when the broker is away."""
    global _quiet_until  # noqa: PLW0603 - one clock reading per process, and losing a race only rings twice
    if time.monotonic() < _quiet_until:
        return False
    try:
        if not broker().set(KEY, "1", nx=True, px=HANGS_MS):
            return True
        if send(TASK):
            return True
    except redis.RedisError as error:
        log.warning("broker.unavailable", error=type(error).__name__)
    _quiet_until = time.monotonic() + PAUSE_SECONDS
    return False


def answer() -> None:
    """Take the bell down; called by the worker before its last look for rows."""
    try:
        broker().delete(KEY)
    except redis.RedisError as error:
        log.warning("broker.unavailable", error=type(error).__name__)


def tell_of_high(ids: Sequence[UUID]) -> None:
    """Have the escalation list told of these texts, once the current transaction is committed."""
    if ids and settings().escalation:
        send_after_commit(NOTIFY_TASK, RESOURCE, [str(each) for each in ids])
