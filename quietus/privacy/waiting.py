"""Erasures that wait for their day: asked for by the person, or by two admins; cancelled until then (D13)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from flask_babel import gettext
from sqlalchemy import String, cast, func, select
from sqlalchemy.orm import aliased

from quietus.accounts import administration, standing
from quietus.accounts.models import User
from quietus.accounts.permissions import ADMIN
from quietus.audit import service as audit
from quietus.audit.models import AuditLog
from quietus.audit.tags import Action
from quietus.core import clock
from quietus.core.celery import send_after_commit
from quietus.core.config import settings
from quietus.core.errors import Conflict
from quietus.core.extensions import db

TASK: Final = "privacy.erase"
RESOURCE: Final = "user"
PROPOSAL_DAYS: Final = 7
STEPS: Final = (
    Action.SUBJECT_ERASURE_PROPOSED.value,
    Action.SUBJECT_ERASURE_REQUESTED.value,
    Action.SUBJECT_ERASURE_CANCELLED.value,
)


@dataclass(frozen=True, slots=True)
class Erasure:
    """Where an account's erasure stands: proposed by one admin, or due at a time."""

    user_id: UUID
    asked_by: UUID | None
    asked_at: datetime
    due_at: datetime | None

    @property
    def proposed(self) -> bool:
        return self.due_at is None


def erasure_of(user_id: UUID) -> Erasure | None:
    """The erasure that this account waits for, if any."""
    row = db.session.scalar(
        select(AuditLog)
        .where(AuditLog.resource_type == RESOURCE, AuditLog.resource_id == str(user_id))
        .where(AuditLog.action.in_(STEPS))
        .order_by(AuditLog.id.desc())
        .limit(1)
    )
    return _read(row) if row else None


def _read(row: AuditLog) -> Erasure | None:
    user_id = UUID(row.resource_id)
    if row.action == Action.SUBJECT_ERASURE_REQUESTED:
        due_at = datetime.fromisoformat((row.details or {})["due_at"])
        return Erasure(user_id, row.user_id, row.created_at, due_at)
    fresh = row.created_at > clock.now() - timedelta(days=PROPOSAL_DAYS)
    # an admin who was erased meanwhile has no vote left
    if row.action == Action.SUBJECT_ERASURE_PROPOSED and fresh and row.user_id is not None:
        return Erasure(user_id, row.user_id, row.created_at, None)
    return None


def request_own(user_id: UUID) -> Erasure:
    """Ask for the erasure of one's own account; the caller has proven the password.

    Asking twice changes nothing. Raises Conflict for the last admin.
    """
    administration.refuse_last_admin(user_id)
    administration.hold(user_id)
    found = erasure_of(user_id)
    if found is not None and not found.proposed:
        db.session.rollback()
        return found
    return _request(user_id, actor=user_id, confirmed=None)


def _request(user_id: UUID, *, actor: UUID, confirmed: UUID | None) -> Erasure:
    now = clock.now()
    due_at = now + timedelta(days=settings().erasure_wait_days)
    facts = {"due_at": due_at.isoformat()} | ({"proposed_by": str(confirmed)} if confirmed else {})
    row = audit.record(
        Action.SUBJECT_ERASURE_REQUESTED, actor=actor, resource_type=RESOURCE, resource_id=user_id, metadata=facts
    )
    if due_at <= now:
        send_after_commit(TASK)  # names nobody: the task looks for who is due
    db.session.commit()
    return Erasure(user_id, actor, row.created_at, due_at)


def cancel(user_id: UUID, *, actor: UUID) -> None:
    """Keep the account after all; fine when nothing waits."""
    administration.hold(user_id)
    if erasure_of(user_id) is not None:
        audit.record(Action.SUBJECT_ERASURE_CANCELLED, actor=actor, resource_type=RESOURCE, resource_id=user_id)
    db.session.commit()


def propose(user_id: UUID, *, actor: UUID) -> None:
    """An admin asks for somebody's erasure; nothing happens until another admin confirms it.

    Raises NotFound, or Conflict for oneself, for the last admin and where an erasure waits already.
    """
    _refuse_oneself(user_id, actor)
    administration.refuse_last_admin(user_id)
    administration.hold(user_id)
    if erasure_of(user_id) is not None:
        db.session.rollback()
        raise Conflict("erasure_waits", gettext("The erasure of this account was asked for already."))
    audit.record(Action.SUBJECT_ERASURE_PROPOSED, actor=actor, resource_type=RESOURCE, resource_id=user_id)
    db.session.commit()


def confirm(user_id: UUID, *, actor: UUID) -> Erasure:
    """The second admin's word: from now on the erasure is due. Raises NotFound or Conflict."""
    _refuse_oneself(user_id, actor)
    administration.hold(user_id)
    found = erasure_of(user_id)
    if found is None or not found.proposed or found.asked_by is None:
        db.session.rollback()
        raise Conflict("not_proposed", gettext("No admin has asked for the erasure of this account in the last days."))
    if found.asked_by == actor:
        db.session.rollback()
        raise Conflict("second_admin_needed", gettext("Another admin has to confirm what you asked for."))
    first = standing.by_id(found.asked_by)
    if first is None or not first.is_active or ADMIN not in first.role_names:
        db.session.rollback()
        raise Conflict("not_proposed", gettext("Whoever asked for this is no admin any more. Ask anew."))
    return _request(user_id, actor=actor, confirmed=found.asked_by)


def _refuse_oneself(user_id: UUID, actor: UUID) -> None:
    if user_id == actor:
        raise Conflict("use_my_data", gettext("Erase your own account on the page My data."))


def due() -> list[UUID]:
    """The accounts whose day has come, the longest due first."""
    later = aliased(AuditLog)
    rows = db.session.scalars(
        select(AuditLog)
        .join(User, cast(User.id, String) == AuditLog.resource_id)
        .where(AuditLog.action == Action.SUBJECT_ERASURE_REQUESTED.value, AuditLog.resource_type == RESOURCE)
        .where(
            ~select(later.id)
            .where(later.resource_type == RESOURCE, later.resource_id == AuditLog.resource_id)
            .where(later.action.in_(STEPS), later.id > AuditLog.id)
            .exists()
        )
        .order_by(AuditLog.id)
    )
    now = clock.now()
    found = [erasure for row in rows if (erasure := _read(row)) and erasure.due_at]
    db.session.rollback()
    return [erasure.user_id for erasure in found if erasure.due_at and erasure.due_at <= now]


def still_due(user_id: UUID) -> bool:
    """Looked at once more with the account held: its owner may have changed their mind a moment ago."""
    administration.hold(user_id)
    found = erasure_of(user_id)
    return found is not None and found.due_at is not None and found.due_at <= clock.now()


def open_proposals() -> list[Erasure]:
    """What waits for a second admin."""
    since = clock.now() - timedelta(days=PROPOSAL_DAYS)
    asked = select(func.distinct(AuditLog.resource_id)).where(
        AuditLog.action == Action.SUBJECT_ERASURE_PROPOSED.value, AuditLog.created_at > since
    )
    found = [erasure_of(UUID(user_id)) for user_id in db.session.scalars(asked)]
    return [erasure for erasure in found if erasure and erasure.proposed]
