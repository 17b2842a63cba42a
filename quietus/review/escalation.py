"""Who is told of HIGH items by QUIETUS_ESCALATION: a link and a label, step by step until somebody opens the item.

The last step is told even of an item that somebody has open: only a decision makes it needless. The audit rows say
what has been told, so two workers, a restart or a lost message neither repeat a step nor forget one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog
from flask import Flask
from flask_babel import gettext

from quietus.audit import service as audit
from quietus.audit.tags import Action
from quietus.core import clock
from quietus.core.config import ConfigurationError, EscalationStep, settings
from quietus.core.database import only_one
from quietus.core.extensions import db
from quietus.core.notices import is_address, notify
from quietus.review import statements
from quietus.review.vocabulary import Kind

log = structlog.get_logger(__name__)

ATTEMPTS: Final = 3
# an item whose last step is longer overdue than this was left alone by a desk that stood still: no storm of old news
OVERDUE: Final = timedelta(days=1)
# in one run; the next one, a minute later, goes on
NOTICES_MAX: Final = 100


@dataclass(frozen=True, slots=True)
class Alarm:
    """A HIGH item without a decision and what has been told of it, steps counted from 1."""

    kind: Kind
    id: UUID
    since: datetime
    claimed: bool
    told: frozenset[int]
    tried: tuple[int, ...]


def init_app(app: Flask) -> None:
    """Raises ConfigurationError for a list that could not be followed when it matters."""
    steps: Sequence[EscalationStep] = app.extensions["settings"].escalation
    minutes = [step.after_minutes for step in steps]
    if minutes != sorted(set(minutes)):
        raise ConfigurationError("QUIETUS_ESCALATION must name its steps in the order of after_minutes, each once.")
    for number, step in enumerate(steps, start=1):
        # the address itself is not repeated: it holds a password
        if not all(is_address(url.get_secret_value()) for url in step.urls):
            raise ConfigurationError(f"QUIETUS_ESCALATION, step {number}: not every address is one that Apprise knows.")


def due(alarm: Alarm, steps: Sequence[EscalationStep], now: datetime) -> list[int]:
    """The steps (from 1) that are to be told now."""
    last = len(steps)
    return [
        number
        for number, step in enumerate(steps, start=1)
        if number not in alarm.told
        and now >= alarm.since + timedelta(minutes=step.after_minutes)
        and (number == last or not alarm.claimed)
    ]


def escalate(only: tuple[Kind, UUID] | None = None) -> int:
    """Tell every step that is due, of one item or of all; how many notices were delivered."""
    steps, now, delivered, sent = settings().escalation, clock.now(), 0, 0
    if not steps:
        return 0
    for alarm in _alarms(only):
        for number in due(alarm, steps, now):
            if sent >= NOTICES_MAX:
                return delivered
            sent += 1
            delivered += _tell(alarm, number, steps)
    return delivered


def _alarms(only: tuple[Kind, UUID] | None) -> list[Alarm]:
    longest = timedelta(minutes=settings().escalation[-1].after_minutes)
    found = statements.rows(
        "escalation",
        **{"from": clock.now() - longest - OVERDUE},
        kind=only[0].value if only else None,
        id=only[1] if only else None,
        attempts=ATTEMPTS,
    )
    return [
        Alarm(Kind(row["kind"]), row["id"], row["since"], row["claimed"], frozenset(row["told"]), tuple(row["tried"]))
        for row in found
    ]


def _tell(alarm: Alarm, number: int, steps: Sequence[EscalationStep]) -> bool:
    """Tell one step under the item's lock, with its audit row. False when another worker does, did, or it failed."""
    if not only_one(f"escalation:{alarm.kind}:{alarm.id}"):
        return False
    # under the lock once more: what was told meanwhile is not told again
    now = [again for again in _alarms((alarm.kind, alarm.id)) if number in due(again, steps, clock.now())]
    if not now:
        db.session.rollback()
        return False
    urls = [url.get_secret_value() for url in steps[number - 1].urls]
    delivered = notify(urls, title=_title(alarm), body=_link(alarm))
    attempt = now[0].tried.count(number) + 1
    audit.record(
        Action.ESCALATION_SENT,
        actor=None,
        resource_type=alarm.kind.resource,
        resource_id=alarm.id,
        metadata={"step": number, "ways": len(urls), "delivered": delivered, "attempt": attempt},
    )
    db.session.commit()
    if not delivered:
        log.error("escalation.not_delivered", step=number, attempt=attempt)
    return delivered


def _title(alarm: Alarm) -> str:
    if alarm.kind is Kind.ANALYSIS:
        return str(gettext("HIGH priority: a text waits for a reader"))
    return str(gettext("HIGH priority: a session waits for a reader"))


def _link(alarm: Alarm) -> str:
    return f"{settings().public_url.rstrip('/')}/review/{alarm.kind}/{alarm.id}"
