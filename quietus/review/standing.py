"""How one item stands: whether it is in the queue, which reading it waits for, who has it open, what was decided.

Whoever changes that calls `locked` first. The lock on the item's own row makes all who want the same item come one
after the other, and the newest review row about it, read under the lock, tells the rest.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Select, exists, func, select

from quietus.analysis.models import AnalysisRecord, PredictedLabel
from quietus.audit.models import AuditLog
from quietus.audit.tags import Action
from quietus.core import clock
from quietus.core.errors import NotFound
from quietus.core.extensions import db
from quietus.review.vocabulary import STANDING, Kind, Outcome, Place, Reason
from quietus.video.models import VideoAnalysisEvent, VideoSession

RAISED = (PredictedLabel.HIGH.value, PredictedLabel.MODERATE.value)
NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Given:
    """What the program gave an item: for a session, its gravest window that nobody has decided about."""

    predicted_label: str
    confidence: Decimal
    model_version: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """An item of the queue, or one that was; `newest` is the review row that says how it stands."""

    kind: Kind
    id: UUID
    subject_id: UUID
    given: Given
    newest: AuditLog | None
    settled: bool

    def _carried(self, name: str) -> Any:
        return (self.newest.details or {}).get(name) if self.newest else None

    @property
    def place(self) -> Place:
        return Place.FIRST if self.given.predicted_label == PredictedLabel.HIGH else Place.NEXT

    @property
    def blind(self) -> bool:
        """Whether the program's view is kept back until the reader has decided: a sampled LOW must look alike."""
        return self.kind is Kind.ANALYSIS and self.place is Place.NEXT

    @property
    def decision(self) -> AuditLog | None:
        """The decision that counts now, be it a call for a second reader."""
        return self.newest if self.newest and self.newest.action == Action.REVIEW_DECIDED else None

    @property
    def reading(self) -> int:
        if self.settled:
            return int(self._carried("reading") or 1)
        if self.decision is not None:
            return 2 if self._carried("outcome") == Outcome.NEEDS_SECOND_READER else 1
        return int(self._carried("reading") or 1)

    @property
    def first_reader(self) -> str | None:
        """Who asked for the second reading that this item waits for."""
        found: str | None = self._carried("first_reader")
        return found

    @property
    def seen(self) -> str | None:
        """Until when a session's windows have been decided about, as RFC 3339."""
        found: str | None = self._carried("seen")
        return found

    @property
    def claimed_until(self) -> datetime:
        """When the newest claim ends; long past when there is none."""
        if self.newest is None or self.newest.action != Action.REVIEW_CLAIMED:
            return NEVER
        return datetime.fromisoformat(self._carried("until"))

    @property
    def holder(self) -> UUID | None:
        """Who has it open at this moment."""
        return self.newest.user_id if self.newest and self.claimed_until > clock.now() else None

    @property
    def reason(self) -> Reason:
        if self.reading == 2:
            return Reason.SECOND_READING
        label = self.given.predicted_label
        return Reason.SAMPLE if label == PredictedLabel.LOW else Reason(label)

    def carried(self) -> dict[str, Any]:
        """What the next review row must say so that it, too, tells how the item stands."""
        kept = {"reading": self.reading, "first_reader": self.first_reader, "seen": self.seen}
        return {name: value for name, value in kept.items() if value is not None}


@contextmanager
def locked(kind: Kind, item_id: UUID, *, reader: UUID, skip_locked: bool = False) -> Iterator[Standing]:
    """The item, with its row held until the block commits; what the block refuses is rolled back.

    Raises NotFound for what is not in the queue, and for the reader's own.
    """
    try:
        yield _find(kind, item_id, reader, lock="skip" if skip_locked else "wait")
    except BaseException:
        db.session.rollback()
        raise


def standing(kind: Kind, item_id: UUID, *, reader: UUID) -> Standing:
    """As `locked`, for looking only."""
    return _find(kind, item_id, reader)


def _find(kind: Kind, item_id: UUID, reader: UUID, lock: Literal["wait", "skip"] | None = None) -> Standing:
    model = AnalysisRecord if kind is Kind.ANALYSIS else VideoSession
    query: Select[Any] = select(model).where(model.id == item_id, model.user_id != reader)
    query = query.execution_options(populate_existing=True)
    if lock:
        # FOR NO KEY UPDATE: enough against other readers, and rows that refer to this one can still be written
        query = query.with_for_update(key_share=True, skip_locked=lock == "skip")
    item = db.session.scalar(query)
    if item is None:
        raise NotFound
    newest = _newest(kind, item_id)
    return _text(item, newest) if kind is Kind.ANALYSIS else _session(item, newest)


def _newest(kind: Kind, item_id: UUID) -> AuditLog | None:
    # by id, not by time: under the lock ids only grow, while a transaction that waited carries an earlier time
    return db.session.scalar(
        select(AuditLog)
        .where(AuditLog.resource_type == kind.resource, AuditLog.resource_id == str(item_id))
        .where(AuditLog.action.in_([action.value for action in STANDING]))
        .order_by(AuditLog.id.desc())
        .limit(1)
    )


def _text(record: AnalysisRecord, newest: AuditLog | None) -> Standing:
    label = record.predicted_label
    if label not in RAISED and not (label == PredictedLabel.LOW and _is_sampled(record.id)):
        raise NotFound
    given = Given(label, record.confidence, record.model_version, record.analyzed_at)
    return Standing(Kind.ANALYSIS, record.id, record.user_id, given, newest, settled=_lasts(newest))


def _lasts(newest: AuditLog | None) -> bool:
    if newest is None or newest.action != Action.REVIEW_DECIDED:
        return False
    return (newest.details or {}).get("outcome") != Outcome.NEEDS_SECOND_READER


def _is_sampled(record_id: UUID) -> bool:
    return bool(
        db.session.scalar(
            select(
                exists().where(
                    AuditLog.resource_type == Kind.ANALYSIS.resource,
                    AuditLog.resource_id == str(record_id),
                    AuditLog.action == Action.REVIEW_SAMPLED.value,
                )
            )
        )
    )


def _session(session: VideoSession, newest: AuditLog | None) -> Standing:
    seen = (newest.details or {}).get("seen") if newest else None
    unseen = VideoAnalysisEvent.created_at > datetime.fromisoformat(seen) if seen else None
    gravest = _gravest(session.id, unseen)
    settled = gravest is None
    gravest = gravest or _gravest(session.id, None)
    if gravest is None:
        raise NotFound
    return Standing(Kind.SESSION, session.id, session.user_id, gravest, newest, settled=settled)


def _gravest(session_id: UUID, unseen: Any) -> Given | None:
    event = VideoAnalysisEvent
    raised = select(event).where(event.session_id == session_id, event.risk_level.in_(RAISED))
    if unseen is not None:
        raised = raised.where(unseen)
    # HIGH before MODERATE, as the alphabet has it
    worst = db.session.scalar(raised.order_by(event.risk_level, event.confidence.desc(), event.event_at).limit(1))
    if worst is None:
        return None
    since = db.session.scalar(raised.with_only_columns(func.min(event.event_at))) or worst.event_at
    return Given(worst.risk_level, worst.confidence, worst.model_version, since)
