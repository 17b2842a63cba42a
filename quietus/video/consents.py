"""Consents to video sessions: rows of the audit log (D13), given and withdrawn by the person alone."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import Select, func, select

from quietus.accounts.identity import Principal
from quietus.accounts.models import User
from quietus.audit import service as audit
from quietus.audit.models import AuditLog
from quietus.audit.tags import Action
from quietus.core.errors import Invalid
from quietus.core.extensions import db
from quietus.video import ending
from quietus.video.models import VideoSession
from quietus.video.notice import notice

KIND: Final = "video"


@dataclass(frozen=True, slots=True)
class Consent:
    """A consent to one version of the notice, from when until when; `withdrawn_at` is None while it stands."""

    kind: str
    version: str
    given_at: datetime
    withdrawn_at: datetime | None = None


def give(*, actor: Principal, version: str | None, accepted: bool) -> None:
    """Record the actor's own consent, without a session: what an agent that opens one needs. Raises Invalid."""
    check(version, accepted=accepted)
    hold(actor.id)
    record_given(actor.id)
    db.session.commit()


def check(version: str | None, *, accepted: bool) -> None:
    """Raise Invalid unless this is a consent to the notice that is valid now."""
    if version is None:
        raise Invalid({"consent": ["Show GET /video/notice, ask, and send {version, accepted}."]})
    if version != notice().version:
        raise Invalid({"consent.version": ["This is not the present notice: show GET /video/notice and ask again."]})
    if not accepted:
        raise Invalid({"consent.accepted": ["Without consent there is no session."]})


def hold(user_id: UUID) -> None:
    """Keep the person's row until this transaction ends: no session begins beside a withdrawal."""
    db.session.execute(select(User.id).where(User.id == user_id).with_for_update(key_share=True))


def record_given(user_id: UUID) -> None:
    """Add the consent to the present notice to the current transaction; the caller commits."""
    _record(Action.CONSENT_GIVEN, user_id, notice().version)


def withdraw(*, actor: Principal) -> None:
    """Withdraw the actor's consent and end their ACTIVE sessions, in one commit. Twice is fine."""
    hold(actor.id)
    version = standing(actor.id)
    if version is not None:
        _record(Action.CONSENT_WITHDRAWN, actor.id, version)
    ending.end_active(VideoSession.user_id == actor.id, actor=actor.id, reason="consent_withdrawn")
    db.session.commit()


def standing(user_id: UUID) -> str | None:
    """The version of the notice that the person's consent names, None when there is none or it was withdrawn."""
    newest = _newest(user_id)
    if newest is None or newest.action == Action.CONSENT_WITHDRAWN:
        return None
    return str((newest.details or {})["version"])


def withdrawn(user_id: UUID) -> bool:
    """Whether the last thing that the person said about it was no."""
    newest = _newest(user_id)
    return newest is not None and newest.action == Action.CONSENT_WITHDRAWN


def _newest(user_id: UUID) -> AuditLog | None:
    return db.session.scalar(_rows(user_id).order_by(AuditLog.created_at.desc(), AuditLog.id.desc()).limit(1))


def listed(user_id: UUID) -> list[Consent]:
    """The person's consents, newest first; giving one again while it stands makes no second one."""
    found: list[Consent] = []
    for row in db.session.scalars(_rows(user_id).order_by(AuditLog.created_at, AuditLog.id)):
        open_one = found[-1] if found and found[-1].withdrawn_at is None else None
        version = str((row.details or {})["version"])
        if row.action == Action.CONSENT_WITHDRAWN:
            if open_one:
                found[-1] = replace(open_one, withdrawn_at=row.created_at)
        elif open_one is None or open_one.version != version:
            found.append(Consent(KIND, version, row.created_at))
    return found[::-1]


def _record(action: Action, user_id: UUID, version: str) -> None:
    details = {"kind": KIND, "version": version}
    row = audit.record(action, actor=user_id, resource_type="user", resource_id=user_id, metadata=details)
    # not the transaction's start: it may have waited for its turn since, and the order of these rows decides
    row.created_at = func.clock_timestamp()
    db.session.flush()


def _rows(user_id: UUID) -> Select[AuditLog]:
    return select(AuditLog).where(
        AuditLog.resource_type == "user",
        AuditLog.resource_id == str(user_id),
        AuditLog.action.in_([Action.CONSENT_GIVEN.value, Action.CONSENT_WITHDRAWN.value]),
        AuditLog.details["kind"].astext == KIND,
    )
