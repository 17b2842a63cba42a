"""Daily and weekly summaries: noted once for each period, mailed to whoever wants them, counted anew when read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import structlog
from flask import current_app
from flask_babel import gettext
from flask_mailman import EmailMessage
from sqlalchemy import func, select

from quietus.accounts import identity, standing
from quietus.accounts.identity import Principal
from quietus.accounts.models import Role, User, user_roles
from quietus.accounts.permissions import TABLE
from quietus.analytics import service as figures
from quietus.audit import service as audit
from quietus.audit.models import AuditLog
from quietus.audit.tags import Action
from quietus.core import clock, locks
from quietus.core.celery import send, send_after_commit
from quietus.core.config import settings
from quietus.core.errors import NotFound, TooManyRequests, Unavailable
from quietus.core.extensions import db
from quietus.core.pages import rfc3339
from quietus.reports import building, periods
from quietus.reports.document import Table
from quietus.reports.periods import Kind, Period
from quietus.reports.render import key_numbers

log = structlog.get_logger(__name__)

RESOURCE: Final = "summary"
MAIL: Final = "mail.summary"
FIGURE: Final = "overview"
READ_TOO: Final = ("text_distribution", "video_distribution", "latency")
LISTED: Final = 60
PAUSE: Final = timedelta(minutes=1)
# counts what everybody who gets a summary may see; it opens no person's file
DESK: Final = Principal(UUID(int=0), "", "The desk", frozenset({"ANALYST"}), UUID(int=0))


@dataclass(frozen=True, slots=True)
class Summary:
    """A period that was summed up, with its numbers of that moment."""

    period: Period
    built_at: datetime
    numbers: dict[str, float]


def build_due(kind: Kind) -> list[Period]:
    """Sum up every period that is over and was not yet; the newest of them is mailed. May run twice, or at once."""
    born = db.session.scalar(select(func.min(User.created_at)))
    db.session.rollback()
    wanted = [period for period in periods.due(kind, clock.now()) if born and period.until > born]
    return [period for period in wanted if _build(period, mailed=period == wanted[-1])]


def _build(period: Period, *, mailed: bool) -> bool:
    """False when it was there already."""
    if _is_built(period):
        return False
    numbers = _numbers(period, DESK)
    locks.wait_for(f"summary:{period.id}")
    if _is_built(period):
        db.session.rollback()
        return False
    audit.record(
        Action.SUMMARY_BUILT,
        actor=None,
        resource_type=RESOURCE,
        resource_id=period.id,
        metadata={"from": rfc3339(period.since), "to": rfc3339(period.until), "numbers": numbers},
    )
    for user_id in _recipients() if mailed else ():
        send_after_commit(MAIL, period.id, str(user_id))
    db.session.commit()
    log.info("summary.built", period=period.id)
    return True


def _is_built(period: Period) -> bool:
    return audit.latest(Action.SUMMARY_BUILT, resource_type=RESOURCE, resource_id=period.id) is not None


def _raw(period: Period) -> dict[str, str]:
    return {"from": rfc3339(period.since), "to": rfc3339(period.until)}


def _numbers(period: Period, reader: Principal) -> dict[str, Any]:
    table = _table(FIGURE, period, reader)
    name, value = table.place("measure"), table.place("value")
    return {str(row[name]): row[value] for row in table.rows}


def _table(figure: str, period: Period, reader: Principal) -> Table:
    params = figures.read_params(figure, _raw(period))
    return building.as_table(figures.answer(figure, params, for_user=reader, complete=True))


def _recipients() -> Sequence[UUID]:
    """Whoever may build reports and did not ask for silence."""
    holders = (
        select(User.id)
        .join(user_roles, user_roles.c.user_id == User.id)
        .join(Role, Role.id == user_roles.c.role_id)
        .where(User.is_active, Role.name.in_(TABLE["build_reports"].roles))
        .distinct()
    )
    return [user_id for user_id in db.session.scalars(holders) if not is_muted(user_id)]


def is_muted(user_id: UUID) -> bool:
    newest = db.session.scalar(
        select(AuditLog.action)
        .where(AuditLog.resource_type == "user", AuditLog.resource_id == str(user_id))
        .where(AuditLog.action.in_([Action.SUMMARY_MUTED.value, Action.SUMMARY_UNMUTED.value]))
        .order_by(AuditLog.created_at.desc(), AuditLog.id.desc())
        .limit(1)
    )
    return newest == Action.SUMMARY_MUTED.value


def mute(wanted: bool, *, actor: Principal) -> None:
    """Whether summaries come to one's own address no more."""
    if is_muted(actor.id) != wanted:
        action = Action.SUMMARY_MUTED if wanted else Action.SUMMARY_UNMUTED
        audit.record(action, actor=actor.id, resource_type="user", resource_id=actor.id)
        db.session.commit()


def summaries() -> list[Summary]:
    """The newest ones."""
    rows = db.session.scalars(
        select(AuditLog)
        .where(AuditLog.action == Action.SUMMARY_BUILT.value)
        .order_by(AuditLog.created_at.desc(), AuditLog.id.desc())
        .limit(LISTED)
    )
    found = [
        Summary(periods.read(row.resource_id), row.created_at, (row.details or {})["numbers"])
        for row in rows
        if row.resource_id
    ]
    return sorted(found, key=lambda summary: (summary.period.until, summary.period.kind), reverse=True)


def find(text: str) -> Period:
    """A period that is over, by its id. Raises NotFound."""
    try:
        period = periods.read(text)
        over = period.until <= clock.now()
    except (ValueError, OverflowError):
        raise NotFound from None
    if not over:
        raise NotFound
    return period


@dataclass(frozen=True, slots=True)
class Reading:
    """A summary as one person may read it now: the key numbers, then tables."""

    period: Period
    numbers: list[key_numbers.KeyNumber]
    tables: list[Table]


def read_summary(text: str, *, for_user: Principal) -> Reading:
    """Counted anew with the reader's rights. Raises NotFound."""
    period = find(text)
    table = _table(FIGURE, period, for_user)
    return Reading(
        period,
        key_numbers.of(table, list(table.rows)),
        [_table(figure, period, for_user) for figure in READ_TOO],
    )


def send_me_one(kind: Kind, *, actor: Principal) -> Period:
    """Mail the newest summary to oneself, opted out or not. Raises TooManyRequests, or Unavailable without a broker."""
    period = periods.newest(kind, clock.now())
    if _mailed_since(period, actor.id, clock.now() - PAUSE):
        raise TooManyRequests(int(PAUSE.total_seconds()))
    if not send(MAIL, period.id, str(actor.id), True):
        raise Unavailable(gettext("The mail could not be sent now. Please try again in a moment."))
    return period


def _mailed_since(period: Period, user_id: UUID, moment: datetime) -> bool:
    found = db.session.scalar(
        select(AuditLog.id)
        .where(AuditLog.resource_type == RESOURCE, AuditLog.resource_id == period.id)
        .where(AuditLog.action == Action.SUMMARY_MAILED.value, AuditLog.created_at > moment)
        .where(AuditLog.details["to"].astext == str(user_id))
        .limit(1)
    )
    return found is not None


def mail_summary(text: str, user_id: UUID, *, asked_for: bool) -> bool:
    """Mail one summary to one person, with what they may see now; False when there is nobody to mail it to.

    Unless it was asked for, at most once: a task may come twice.
    """
    period, account = periods.read(text), standing.by_id(user_id)
    if account is None or not account.is_active:
        return False
    reader = identity.of(account, UUID(int=0))
    if not reader.can("build_reports"):
        return False
    if not asked_for and (is_muted(user_id) or _mailed_since(period, user_id, period.until)):
        return False
    table = _table(FIGURE, period, reader)
    # not render_template: a page's context asks who is signed in
    body = current_app.jinja_env.get_template("reports/mail_summary.txt").render(
        period=period, numbers=key_numbers.of(table, list(table.rows)), url=settings().public_url.rstrip("/")
    )
    title = gettext("Summary: %(period)s", period=period.title)
    EmailMessage(title, body, settings().mail_sender, [account.email]).send()
    audit.record(
        Action.SUMMARY_MAILED,
        actor=None,
        resource_type=RESOURCE,
        resource_id=period.id,
        metadata={"to": str(user_id), "asked_for": asked_for},
    )
    db.session.commit()
    return True
