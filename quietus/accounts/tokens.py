"""API tokens: signed, shown once, kept nowhere; the audit log lists them and ends them (D17)."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

from flask import request
from flask_babel import gettext
from sqlalchemy import select

from quietus.accounts import fields, signed, standing
from quietus.accounts.models import User
from quietus.accounts.permissions import SCOPES
from quietus.audit.models import AuditLog
from quietus.audit.service import record
from quietus.audit.tags import Action
from quietus.core import clock
from quietus.core.config import settings
from quietus.core.errors import Conflict, Invalid, NotFound
from quietus.core.extensions import db

PREFIX: Final = "qt_"  # so that scanners for leaked secrets, and people, know one when they see it
LIVE_MAX: Final = 50  # per account: more than any one desk needs, few enough to list on one page
BEARER: Final = re.compile(r"bearer\s+(\S+)\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Claim:
    """What a token says; the audit log has the last word."""

    id: UUID
    user_id: UUID
    scopes: frozenset[str]
    expires_at: int
    generation: int


@dataclass(frozen=True, slots=True)
class Token:
    """A live token as its owner sees it."""

    token_id: UUID
    name: str
    scopes: list[str]
    issued_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Issued:
    """A new token with its secret text, which is shown now or never."""

    token: str
    token_id: UUID
    name: str
    scopes: list[str]
    expires_at: datetime


def presented() -> str | None:
    """The token of this request's Authorization header, None when it has none."""
    found = BEARER.fullmatch(request.headers.get("Authorization", ""))
    return found[1] if found else None


def claim() -> Claim | None:
    """What the presented token says, None when it is not ours or has expired."""
    found = _read(presented() or "")
    return found if found is not None and found.expires_at > clock.now().timestamp() else None


def _read(text: str) -> Claim | None:
    if not text.startswith(PREFIX):
        return None
    facts = signed.read("api-token", text.removeprefix(PREFIX))
    if facts is None:
        return None
    try:
        token_id, user_id, scopes, expires_at, generation = facts
        return Claim(UUID(token_id), UUID(user_id), frozenset(scopes), int(expires_at), int(generation))
    except (TypeError, ValueError, AttributeError):
        return None  # written by another version of the program


def _write(claim: Claim) -> str:
    facts: list[Any] = [
        claim.id.hex,
        claim.user_id.hex,
        sorted(claim.scopes),
        claim.expires_at,
        claim.generation,
    ]
    return PREFIX + signed.write("api-token", facts)


def issue(user_id: UUID, *, name: str, scopes: list[str], days: int, actor: UUID | None) -> Issued:
    """Make a token for the account. Raises Invalid, NotFound, or Conflict when there are too many."""
    _check(name, scopes, days)
    # serialises with password changes, so that the token's generation and the list agree
    db.session.execute(select(User.id).where(User.id == user_id).with_for_update(key_share=True))
    account = standing.by_id(user_id)
    if account is None or not account.is_active:
        raise NotFound
    if len(live(user_id)) >= LIVE_MAX:
        db.session.rollback()
        words = gettext("An account has at most %(most)s tokens. Revoke one first.", most=LIVE_MAX)
        raise Conflict("too_many_tokens", words)
    expires_at = (clock.now() + timedelta(days=days)).replace(microsecond=0)
    claim = Claim(uuid4(), user_id, frozenset(scopes), int(expires_at.timestamp()), account.generation)
    record(
        Action.TOKEN_ISSUED,
        actor=actor,
        resource_type="token",
        resource_id=claim.id,
        metadata={
            "user_id": str(user_id),
            "name": name,
            "scopes": sorted(claim.scopes),
            "expires_at": expires_at.isoformat(),
        },
    )
    db.session.commit()
    return Issued(_write(claim), claim.id, name, sorted(claim.scopes), expires_at)


def _check(name: str, scopes: list[str], days: int) -> None:
    errors: dict[str, list[str]] = {}
    try:
        fields.token_name(name)
    except ValueError as error:
        errors["name"] = [str(error)]
    if not scopes or set(scopes) - set(SCOPES):
        errors["scopes"] = [gettext("Choose at least one of %(scopes)s.", scopes=", ".join(SCOPES))]
    longest = settings().token_days_max
    if not 1 <= days <= longest:
        errors["days"] = [gettext("A token lives 1 to %(longest)s days.", longest=longest)]
    if errors:
        raise Invalid(errors)


def live(user_id: UUID) -> list[Token]:
    """The account's tokens that still work, newest first."""
    now = clock.now()
    account = standing.by_id(user_id)
    if account is None:
        return []
    rows = _issued(user_id, since=now - timedelta(days=settings().token_days_max + 1))
    rows = [row for row in rows if row.id > account.generation]
    revoked = _revoked([row.resource_id or "" for row in rows])
    found = [_token(row) for row in rows if row.resource_id not in revoked]
    return [token for token in found if token.expires_at > now]


def _issued(user_id: UUID, since: datetime) -> list[AuditLog]:
    return list(
        db.session.scalars(
            select(AuditLog)
            .where(
                AuditLog.action == Action.TOKEN_ISSUED.value,
                AuditLog.created_at >= since,
                AuditLog.details["user_id"].astext == str(user_id),
            )
            .order_by(AuditLog.created_at.desc(), AuditLog.id.desc())
        )
    )


def _revoked(token_ids: list[str]) -> set[str | None]:
    return set(
        db.session.scalars(
            select(AuditLog.resource_id).where(
                AuditLog.resource_type == "token",
                AuditLog.resource_id.in_(token_ids),
                AuditLog.action == Action.TOKEN_REVOKED.value,
            )
        )
    )


def _token(row: AuditLog) -> Token:
    facts = row.details or {}
    return Token(
        token_id=UUID(row.resource_id),
        name=facts["name"],
        scopes=facts["scopes"],
        issued_at=row.created_at,
        expires_at=datetime.fromisoformat(facts["expires_at"]),
    )


def revoke(token_id: UUID, *, owner: UUID) -> None:
    """End a token of the owner's; ending it twice is fine. Raises NotFound for one that is not theirs."""
    issued = db.session.scalar(
        select(AuditLog.id).where(
            AuditLog.resource_type == "token",
            AuditLog.resource_id == str(token_id),
            AuditLog.action == Action.TOKEN_ISSUED.value,
            AuditLog.details["user_id"].astext == str(owner),
        )
    )
    if issued is None:
        raise NotFound
    if not _revoked([str(token_id)]):
        record(Action.TOKEN_REVOKED, actor=owner, resource_type="token", resource_id=token_id)
        db.session.commit()
