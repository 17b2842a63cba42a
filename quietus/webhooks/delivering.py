"""Sends what is due to each endpoint, notes every try, and goes on where a crash or a lost bell left off.

What happened and what was told are audit rows, so nothing here trusts the broker: a message counts as sent once its
row says so. A worker that dies between the sending and the row sends again, under the same webhook-id.
"""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any, Final

import redis
import structlog

from quietus.audit import service as audit
from quietus.audit.tags import Action
from quietus.core import clock
from quietus.core.config import WebhookEndpoint, settings
from quietus.core.database import only_one
from quietus.core.extensions import db
from quietus.core.redis import broker
from quietus.webhooks import messages, posting, statements
from quietus.webhooks.messages import RESOURCE, Message
from quietus.webhooks.posting import Answer

log = structlog.get_logger(__name__)

# sent side by side, then noted in one commit
BATCH: Final = 8
# one worker sees to other things as well: a run ends, and rings for a successor
RUN_SECONDS: Final = 20.0
# an endpoint that took nothing is left alone for so long
REST_SECONDS: Final = 30
FIRST_PAUSE: Final = 30.0
LONGEST_PAUSE: Final = 6 * 3600.0
# a desk that stood still does not tell old news; it notes that it did not
NEWS: Final = timedelta(days=3)
LOOK_BACK: Final = NEWS + timedelta(days=1)
# what the bell rings for is this young; the sweep looks at the rest
FRESH: Final = timedelta(minutes=2)
# a row bears the time at which its transaction began, and none lasts longer than a task may
LATE: Final = timedelta(minutes=15)
GONE: Final = 410


def deliver(*, everything: bool) -> bool:
    """Send what is due: the fresh, or everything that is open. Whether some is left that could be sent now."""
    left = [_serve(endpoint, everything=everything) for endpoint in settings().webhooks]
    return any(left)


def note_endpoints() -> list[str]:
    """Note since when each endpoint of the settings is told; what happened before is not for it. The new ones."""
    return [endpoint.name for endpoint in settings().webhooks if _known_since(endpoint)[1]]


def _known_since(endpoint: WebhookEndpoint) -> tuple[datetime, bool]:
    found = audit.latest(Action.WEBHOOK_ADDED, resource_type=RESOURCE, resource_id=endpoint.name)
    if found:
        return found.created_at, False
    row = audit.record(
        Action.WEBHOOK_ADDED,
        actor=None,
        resource_type=RESOURCE,
        resource_id=endpoint.name,
        metadata={"events": sorted(endpoint.events)},
    )
    db.session.commit()
    return row.created_at, True


def _serve(endpoint: WebhookEndpoint, *, everything: bool) -> bool:
    if _hint(f"rests:{endpoint.name}"):
        return False
    since = _settled_until(endpoint)
    window = since if everything else max(since, clock.now() - FRESH)
    ends = time.monotonic() + RUN_SECONDS
    while time.monotonic() < ends:
        tried, delivered = _deliver_batch(endpoint, window)
        if tried and not delivered:
            _keep_hint(f"rests:{endpoint.name}", "1", REST_SECONDS)
        if tried < BATCH or not delivered:
            break
    else:
        return True
    if everything:
        _settle(endpoint, since)
    return False


def _deliver_batch(endpoint: WebhookEndpoint, since: datetime) -> tuple[int, int]:
    """Send some messages side by side and note what came of each, in one commit: how many, and how many arrived.

    (0, 0) while another worker is at this endpoint.
    """
    if not only_one(f"webhooks:{endpoint.name}"):
        db.session.rollback()
        return 0, 0
    now = clock.now()
    rows = list(
        db.session.execute(
            statements.DUE,
            {
                **_of(endpoint, since), "asked_since": now - LOOK_BACK, "now": now,
                "first_pause": FIRST_PAUSE, "longest_pause": LONGEST_PAUSE, "batch": BATCH,
            },
        ).mappings()
    )  # fmt: skip
    if not rows:
        db.session.rollback()
        return 0, 0
    due = [messages.of_row(dict(row)) for row in rows]
    stale = {message.id for row, message in zip(rows, due, strict=True) if _stale(row, now)}
    answers = _send([message for message in due if message.id not in stale], endpoint)
    told = [(message, answers.get(message.id, Answer("too_old"))) for message in due]
    _note(endpoint, told)
    db.session.commit()
    arrived = sum(answer.reason is None for _, answer in told)
    log.info("webhooks.sent", endpoint=endpoint.name, delivered=arrived, failed=len(told) - arrived)
    # what was only noted as old says nothing about the receiver
    return len(told), arrived + len(stale)


def _of(endpoint: WebhookEndpoint, since: datetime) -> dict[str, Any]:
    actions = [messages.ACTIONS[kind] for kind in endpoint.events]
    return {"endpoint": endpoint.name, "actions": actions, "since": since}


def _stale(row: Any, now: datetime) -> bool:
    return now - row["happened_at"] > NEWS and not row["asked_for"] and not row["attempts"]


def _send(due: Sequence[Message], endpoint: WebhookEndpoint) -> dict[str, Answer]:
    chosen, now = settings(), clock.now()

    def post(message: Message) -> Answer:  # in a thread: touches neither the app nor the database
        return posting.post(
            endpoint.url.get_secret_value(),
            messages.headers(message, endpoint, now),
            message.body,
            timeout=chosen.webhook_timeout_seconds,
            networks=chosen.webhook_networks,
        )

    with ThreadPoolExecutor(BATCH) as threads:
        return dict(zip([message.id for message in due], threads.map(post, due), strict=True))


def send_test(endpoint: WebhookEndpoint) -> Answer:
    """Send a `webhook.test` now, once, and note what came of it."""
    message = messages.test(clock.now())
    answer = _send([message], endpoint)[message.id]
    _note(endpoint, [(message, answer)])
    db.session.commit()
    return answer


def _note(endpoint: WebhookEndpoint, told: Sequence[tuple[Message, Answer]]) -> None:
    """Add a row for each try to the current transaction; the caller commits."""
    for action, arrived in ((Action.WEBHOOK_DELIVERED, True), (Action.WEBHOOK_FAILED, False)):
        rows = [(m, a) for m, a in told if (a.reason is None) == arrived]
        audit.record_many(
            action,
            [(messages.key(endpoint.name, m), _facts(endpoint, m, a)) for m, a in rows],
            actor=None,
            resource_type=RESOURCE,
        )


def _facts(endpoint: WebhookEndpoint, message: Message, answer: Answer) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "endpoint": endpoint.name,
        "type": message.type,
        "about": str(message.about) if message.about else None,
        "webhook_id": message.id,
        "attempt": message.attempt,
        "status": answer.status,
        "ms": answer.ms,
    }
    if answer.reason is None:
        return facts
    over = message.attempt >= settings().webhook_attempts or answer.status == GONE or answer.reason == "too_old"
    return {**facts, "reason": answer.reason, "final": over or message.about is None}


def _settled_until(endpoint: WebhookEndpoint) -> datetime:
    """From when on something may be open: as far as the sweep came, or, when that is lost, some days back."""
    known, _ = _known_since(endpoint)
    noted = _hint(f"settled:{endpoint.name}")
    return max(known, datetime.fromisoformat(noted) if noted else clock.now() - LOOK_BACK)


def _settle(endpoint: WebhookEndpoint, since: datetime) -> None:
    """Note how far everything is told or given up, so that no sweep walks the past again."""
    first_open = db.session.scalar(statements.FIRST_OPEN, _of(endpoint, since))
    db.session.rollback()
    until = min(first_open or clock.now(), clock.now() - LATE)
    if until > since:
        _keep_hint(f"settled:{endpoint.name}", until.isoformat(), int(LOOK_BACK.total_seconds()))


def _hint(name: str) -> str | None:
    try:
        found: Any = broker().get(f"quietus:webhooks:{name}")
    except redis.RedisError:
        return None
    return str(found) if found else None


def _keep_hint(name: str, value: str, seconds: int) -> None:
    try:
        broker().set(f"quietus:webhooks:{name}", value, ex=seconds)
    except redis.RedisError as error:  # a hint: without it the work is done all the same
        log.warning("broker.unavailable", error=type(error).__name__)
