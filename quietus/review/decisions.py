"""What readers decide: one lasting decision for each item, a second reading by somebody else, undo for ten minutes."""

import unicodedata
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from flask_babel import gettext
from sqlalchemy import select

from quietus.accounts.identity import Principal
from quietus.audit import service as audit
from quietus.audit.models import AuditLog
from quietus.audit.tags import Action
from quietus.core import clock
from quietus.core.errors import Conflict, Invalid
from quietus.core.extensions import db
from quietus.review.claims import refuse_unless_held, take
from quietus.review.standing import Standing, locked
from quietus.review.vocabulary import NOTE_MAX, STANDING, UNDO_MINUTES, HumanLabel, Kind, Outcome, Taken


@dataclass(frozen=True, slots=True)
class Decision:
    """What the reader found and did. `note` is theirs alone: the one free text in the audit trail (D14)."""

    outcome: Outcome
    human_label: HumanLabel | None = None
    action: Taken = Taken.NONE
    note: str = ""


@dataclass(frozen=True, slots=True)
class Made:
    """A decision that counts; `facts` is its audit row's metadata."""

    kind: Kind
    id: UUID
    reader_id: UUID | None
    facts: dict[str, Any]
    at: datetime

    @property
    def undo_until(self) -> datetime:
        return self.at + timedelta(minutes=UNDO_MINUTES)

    @property
    def lasts(self) -> bool:
        """False while a second reader is awaited: until then the program's view stays hidden."""
        return bool(self.facts["outcome"] != Outcome.NEEDS_SECOND_READER)

    def can_be_undone_by(self, reader: Principal) -> bool:
        return self.reader_id == reader.id and clock.now() <= self.undo_until


def made(item: Standing) -> Made | None:
    """The decision that counts about an item now; None when it waits anew."""
    row = item.decision
    return Made(item.kind, item.id, row.user_id, row.details or {}, row.created_at) if row else None


def clean_note(note: str) -> str:
    """Trim and NFC-normalise a note. Raises ValueError, a sentence for a person, when it cannot be kept."""
    if "\x00" in note:
        raise ValueError(gettext("The note holds a NUL character, which cannot be stored."))
    try:
        note.encode()
    except UnicodeEncodeError as error:
        raise ValueError(gettext("The note holds half of a character, which cannot be stored.")) from error
    cleaned = unicodedata.normalize("NFC", note.replace("\r\n", "\n")).strip()
    if len(cleaned) > NOTE_MAX:
        words = gettext(
            "That is %(length)s characters; a note has at most %(most)s.", length=len(cleaned), most=NOTE_MAX
        )
        raise ValueError(words)
    return cleaned


def decide(kind: Kind, item_id: UUID, decision: Decision, *, reader: Principal) -> Made:
    """Record the decision about an item that this reader has open.

    Raises NotFound; Conflict when it is decided, or not open with this reader; Invalid for a third reading.
    """
    with locked(kind, item_id, reader=reader.id) as item:
        refuse_unless_held(item, reader)
        if item.reading == 2 and decision.outcome is Outcome.NEEDS_SECOND_READER:
            words = gettext("This is the second reading already: please decide, or say that you cannot.")
            raise Invalid({"outcome": [words]})
        row = audit.record(
            Action.REVIEW_DECIDED,
            actor=reader.id,
            resource_type=kind.resource,
            resource_id=item_id,
            metadata=_metadata(item, decision, reader),
        )
        db.session.flush()
        done = Made(kind, item_id, reader.id, row.details or {}, row.created_at)
        db.session.commit()
    return done


def _metadata(item: Standing, decision: Decision, reader: Principal) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "outcome": decision.outcome.value,
        "human_label": decision.human_label.value if decision.human_label else None,
        "action": decision.action.value,
        "predicted_label": item.given.predicted_label,
        "confidence": float(item.given.confidence),
        "model_version": item.given.model_version,
        "reason": item.reason.value,
        "reading": item.reading,
        "subject_id": str(item.subject_id),
    }
    if decision.note:
        facts["note"] = decision.note
    if decision.outcome is Outcome.NEEDS_SECOND_READER:
        facts |= {"first_reader": str(reader.id)} | ({"seen": item.seen} if item.seen else {})
    elif item.kind is Kind.SESSION:
        facts["seen"] = _seen(item, reader)
    return facts


def _seen(item: Standing, reader: Principal) -> str:
    """Until when the session's windows stood on the reader's page: later ones come back to the queue."""
    # what the reading noted, not its own time: a window that was on its way then carries an earlier one
    seen: str | None = db.session.scalar(
        select(AuditLog.details["seen"].astext)
        .where(AuditLog.resource_type == item.kind.resource, AuditLog.resource_id == str(item.id))
        .where(AuditLog.action == item.kind.viewed.value, AuditLog.user_id == reader.id)
        .where(AuditLog.details.has_key("seen"))
        .order_by(AuditLog.id.desc())
        .limit(1)
    )
    if seen is None:
        raise Conflict("not_read", gettext("You have not looked at this session yet. Open it first."))
    return seen


def undo(kind: Kind, item_id: UUID, *, reader: Principal) -> None:
    """Take back one's own newest decision within ten minutes; the item is open with this reader again.

    Raises NotFound, or Conflict when there is nothing of theirs to take back, or not any more.
    """
    with locked(kind, item_id, reader=reader.id) as item:
        decision, done = item.decision, made(item)
        if decision is None or done is None or done.reader_id != reader.id:
            raise Conflict("nothing_to_undo", gettext("There is no decision of yours that could be undone."))
        if not done.can_be_undone_by(reader):
            words = gettext(
                "A decision can be undone for %(minutes)s minutes, and these are over.", minutes=UNDO_MINUTES
            )
            raise Conflict("too_late", words)
        before = _as_before(item, decision)
        audit.record(
            Action.REVIEW_UNDONE,
            actor=reader.id,
            resource_type=kind.resource,
            resource_id=item_id,
            metadata={"decision": decision.id, **before.carried()},
        )
        take(before, reader)
        db.session.commit()


def _as_before(item: Standing, decision: AuditLog) -> Standing:
    """How the item stood when it was decided: the claim just before the decision says it."""
    claim = db.session.scalar(
        select(AuditLog)
        .where(AuditLog.resource_type == item.kind.resource, AuditLog.resource_id == str(item.id))
        .where(AuditLog.action.in_([action.value for action in STANDING]), AuditLog.id < decision.id)
        .order_by(AuditLog.id.desc())
        .limit(1)
    )
    return replace(item, newest=claim, settled=False)
