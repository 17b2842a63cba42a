"""Erases a person: every row, report, count and note; what is left is a receipt that names nobody."""

import hashlib
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Final
from uuid import UUID

import redis
import structlog
from sqlalchemy import select, text

from quietus.accounts import administration, fields, standing, throttle
from quietus.audit import service as audit
from quietus.audit.models import AuditLog
from quietus.audit.tags import Action
from quietus.core.config import settings
from quietus.core.errors import Conflict, Unavailable
from quietus.core.extensions import db
from quietus.core.redis import broker
from quietus.privacy import waiting
from quietus.privacy.statements import statement
from quietus.reports import service as reports
from quietus.video import spool
from quietus.video.models import VideoSession

log = structlog.get_logger(__name__)

REASON: Final = "erased"
SALT_BYTES: Final = 16
ERASE_TEXTS: Final = statement("erase_texts")
ERASE_SESSIONS: Final = statement("erase_sessions")


@dataclass(frozen=True, slots=True)
class Erased:
    """How much of a person was erased."""

    texts: int
    sessions: int
    events: int
    notes: int


def erase_due() -> int:
    """Erase everybody whose day has come; how many. One who cannot be erased now does not hold up the others."""
    done = 0
    for user_id in waiting.due():
        try:
            if waiting.still_due(user_id):
                erase_person(user_id, actor=None)
                done += 1
        except (Conflict, Unavailable, redis.RedisError) as error:
            db.session.rollback()
            log.error("erasure.postponed", error=type(error).__name__)
    return done


def erase_person(user_id: UUID, *, actor: UUID | None) -> Erased | None:
    """Erase an account and all that is known of its owner. None when there is no such account (any more).

    Raises Conflict for the last admin, and redis.RedisError or Unavailable while the broker is away: what it holds
    of the person must go too. All leave the person's rows as they were.
    """
    account = standing.by_id(user_id)
    if account is None:
        return None
    # shut first: from the next request on nothing new comes in
    administration.deactivate(user_id, actor=actor)
    # first what lies outside the database: if that fails, the rows are still there to try again by
    throttle.forget(account.email)
    spool.forget_person(user_id, _sessions(user_id))
    reports.forget_person(user_id)
    erased = _erase_rows(user_id, account.email, actor)
    _forget_in_files()
    return erased


def _sessions(user_id: UUID) -> set[UUID]:
    found = set(db.session.scalars(select(VideoSession.id).where(VideoSession.user_id == user_id)))
    db.session.rollback()
    return found


def _erase_rows(user_id: UUID, email: str, actor: UUID | None) -> Erased:
    """Everything in one commit, so that the ledger is even at every moment."""
    db.session.execute(text("SET LOCAL statement_timeout = '10min'"))
    administration.refuse_last_admin(user_id)
    administration.hold(user_id, against_new_rows=True)
    about = {"user_id": user_id, "reason": REASON}
    texts: int = db.session.scalar(ERASE_TEXTS, about)
    sessions, events = db.session.execute(ERASE_SESSIONS, about).one()
    administration.remove(user_id)
    # a reviewer's note may tell what the text told; the function refuses while the person is there
    notes: int = db.session.scalar(text("SELECT audit_logs_blank_notes(:id)"), {"id": user_id})
    erased = Erased(texts, sessions, events, notes)
    salt = os.urandom(SALT_BYTES)
    audit.record(
        Action.SUBJECT_ERASED,
        actor=actor,
        resource_type=waiting.RESOURCE,
        resource_id=user_id,
        metadata=asdict(erased) | {"salt": salt.hex(), "hash": _fingerprint(email, salt)},
    )
    db.session.commit()
    return erased


def _fingerprint(email: str, salt: bytes) -> str:
    """Salted and keyed: only this desk can tell, and only of an address that it is asked about."""
    key = hashlib.sha256(settings().secret_key.get_secret_value().encode()).digest()
    return hashlib.blake2b(email.encode(), key=key, salt=salt, person=b"quietus.erased", digest_size=32).hexdigest()


def receipts_for(email: str) -> list[AuditLog]:
    """The receipts of erasures of this address, newest first: proof for somebody who asks."""
    try:
        kept = fields.email_address(email)
    except ValueError:
        return []
    return [
        row
        for row in all_receipts()
        if row.details and row.details["hash"] == _fingerprint(kept, bytes.fromhex(row.details["salt"]))
    ]


def all_receipts() -> Sequence[AuditLog]:
    """The receipts of all erasures, newest first."""
    erased = AuditLog.action == Action.SUBJECT_ERASED.value
    return db.session.scalars(select(AuditLog).where(erased).order_by(AuditLog.created_at.desc())).all()


def _forget_in_files() -> None:
    """Have the broker write its file anew, without what was deleted; where it may not be asked, it does in time."""
    try:
        broker().bgrewriteaof()  # type: ignore[no-untyped-call]  # the package's own gap
    except redis.RedisError as error:
        log.warning("erasure.broker_file_kept", error=type(error).__name__)
