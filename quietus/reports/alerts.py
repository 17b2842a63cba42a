"""Watches figures by rules: ok, warn, critical, resolved. Each change is one audit row and one notice."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import redis
import structlog
from flask import Flask
from flask_babel import gettext

from quietus.accounts.identity import Principal
from quietus.analytics import service as figures
from quietus.audit import service as audit
from quietus.audit.models import AuditLog
from quietus.audit.tags import Action
from quietus.core import clock, locks, notices
from quietus.core.celery import send_after_commit
from quietus.core.config import settings
from quietus.core.errors import Problem
from quietus.core.extensions import db
from quietus.core.languages import later
from quietus.core.pages import rfc3339
from quietus.core.redis import broker
from quietus.reports.alert_rules import Level, Rule, read_rules
from quietus.reports.values import plain

log = structlog.get_logger(__name__)

RESOURCE: Final = "alert"
NOTIFY: Final = "alerts.notify"
# hidden small numbers would read as silence; whoever writes the rules runs the desk, and a notice tells no number
WATCH: Final = Principal(UUID(int=0), "", "The desk", frozenset({"ADMIN"}), UUID(int=0))
WORDS: Final = {
    "ok": later("is resolved"),
    "resolved": later("is resolved"),
    "warn": later("needs a look"),
    "critical": later("needs somebody now"),
}


def init_app(app: Flask) -> None:
    """Raises ConfigurationError for rules that make no sense: better at the start than in the night."""
    app.extensions["alert_rules"] = read_rules(app.extensions["settings"].alert_rules)


def evaluate(rules: list[Rule]) -> None:
    """Look at every rule now. One whose figure cannot be counted stays as it is."""
    for rule in rules:
        try:
            value = measure(rule, clock.now())
            if value is not None:
                settle(rule, value, clock.now())
        except Problem as problem:
            log.warning("alert.not_counted", rule=rule.name, code=problem.code)
        except redis.RedisError:  # without it nobody knows how long a level has lasted
            log.warning("alert.no_memory", rule=rule.name)
        finally:
            db.session.rollback()


def measure(rule: Rule, now: datetime) -> float | None:
    """The rule's number over its window; None when there is no row to take it from."""
    period = {"from": rfc3339(now - timedelta(minutes=rule.window_minutes)), "to": rfc3339(now)}
    answer = figures.answer(rule.figure, figures.read_params(rule.figure, {**rule.params, **period}), for_user=WATCH)
    rows = (dict(zip(answer.columns, map(plain, row), strict=True)) for row in answer.rows)
    found = [row[rule.column] for row in rows if _fits(row, rule.where)]
    values = [float(value) for value in found if isinstance(value, int | float)]
    if not values:
        return 0.0 if rule.aggregate == "sum" else None
    return {
        "sum": sum(values),
        "max": max(values),
        "min": min(values),
        "mean": sum(values) / len(values),
        "last": values[-1],
    }[rule.aggregate]


def _fits(row: Mapping[str, Any], where: Mapping[str, str]) -> bool:
    return all(str(row[name]) == wanted for name, wanted in where.items())


def settle(rule: Rule, value: float, now: datetime) -> bool:
    """Note a change of level that has lasted its grace, and tell of it after the commit; whether there was one."""
    locks.wait_for(f"alert:{rule.name}")
    before, level = state_of(rule.name), rule.level(value)
    if level == ("ok" if before == "resolved" else before):
        _forget_waiting(rule)
        db.session.rollback()
        return False
    if rule.grace_minutes and _lasted(rule, level, now) < timedelta(minutes=rule.grace_minutes):
        db.session.rollback()
        return False
    state = "resolved" if level == "ok" else level
    row = audit.record(
        Action.ALERT_CHANGED,
        actor=None,
        resource_type=RESOURCE,
        resource_id=rule.name,
        metadata={"state": state, "value": value, "figure": rule.figure},
    )
    db.session.flush()
    for number in range(len(settings().alert_urls)):  # one message each: who could not be told is tried alone
        send_after_commit(NOTIFY, row.id, number)
    _forget_waiting(rule)
    db.session.commit()
    log.info("alert.changed", rule=rule.name, state=state)
    return True


def state_of(name: str) -> str:
    """The state that was noted last; ok when none was."""
    newest = audit.latest(Action.ALERT_CHANGED, resource_type=RESOURCE, resource_id=name)
    return str((newest.details or {})["state"]) if newest else "ok"


def _waiting_key(rule: Rule) -> str:
    return f"quietus:alert:{rule.name}"


def _lasted(rule: Rule, level: Level, now: datetime) -> timedelta:
    """How long the number has been at this level; a broker that was emptied begins anew."""
    key, told = _waiting_key(rule), f"{level} {now.isoformat()}"
    kept = broker().get(key)
    known, _, since = str(kept or "").partition(" ")
    if known != level:
        broker().set(key, told, ex=2 * 24 * 3600)
        return timedelta()
    return now - datetime.fromisoformat(since)


def _forget_waiting(rule: Rule) -> None:
    if rule.grace_minutes:
        broker().delete(_waiting_key(rule))


def tell(row_id: int, number: int) -> bool:
    """Send the notice of one change to one address; False when it did not take it."""
    row, urls = db.session.get(AuditLog, row_id), settings().alert_urls
    if row is None or number >= len(urls):
        return True
    facts = row.details or {}
    link = f"{settings().public_url.rstrip('/')}/dashboard/{facts['figure']}"
    title = f"{row.resource_id}: {facts['state']}"
    words = gettext("The rule %(rule)s %(state)s.", rule=row.resource_id, state=WORDS[facts["state"]])
    body = f"{words}\n{link}"
    return notices.notify([urls[number].get_secret_value()], title=title, body=body)
