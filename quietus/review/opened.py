"""What a reader sees of an item they have open, and of the person's earlier ones; each look is audited."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, select

from quietus.accounts.identity import Principal
from quietus.accounts.models import User
from quietus.analysis.explaining import Segment, explain_analysis, segments
from quietus.analysis.models import AnalysisRecord
from quietus.audit import service as audit
from quietus.audit.tags import Action
from quietus.core.errors import Conflict
from quietus.core.extensions import db
from quietus.core.pages import rfc3339
from quietus.core.paging import Page, read_cursor, write_cursor
from quietus.review import statements
from quietus.review.claims import keep, refuse_unless_held
from quietus.review.standing import RAISED, Standing, locked
from quietus.review.vocabulary import Kind
from quietus.video.models import VideoAnalysisEvent, VideoSession

WINDOWS_SHOWN: Final = 200
EARLIER_SHOWN: Final = 10
LATEST: Final = (datetime.fromisoformat("9998-12-31T00:00:00+00:00"), UUID(int=2**128 - 1))


@dataclass(frozen=True, slots=True)
class Weighed:
    """Which words moved the priority; `segments` is empty where the version that read the text is not in place."""

    segments: list[Segment]
    flags: list[str]


@dataclass(frozen=True, slots=True)
class Opened:
    """An open item. `weighed` is None while the program's view is kept back, and for a session."""

    item: Standing
    until: datetime
    subject: User
    record: AnalysisRecord | None
    weighed: Weighed | None
    session: VideoSession | None
    windows: Sequence[VideoAnalysisEvent]
    counts: dict[str, int]


@dataclass(frozen=True, slots=True)
class Earlier:
    """Something else that the same person sent; `outcome` and `human_label` as people decided, if they did."""

    kind: Kind
    id: UUID
    at: datetime
    text: str | None
    outcome: str | None
    human_label: str | None


def read(kind: Kind, item_id: UUID, *, reader: Principal) -> Opened:
    """The content of an item that this reader has open; renews the claim. Raises NotFound or Conflict."""
    with locked(kind, item_id, reader=reader.id) as item:
        refuse_unless_held(item, reader)
        until = keep(item, reader)
        opened = _text(item, until) if kind is Kind.ANALYSIS else _session(item, until)
        seen = {} if kind is Kind.ANALYSIS else {"seen": rfc3339(_newest_window(item_id))}
        _note_reading([(kind, item_id)], item, "review", reader, seen)
        db.session.commit()
    return opened


def _note_reading(
    items: Sequence[tuple[Kind, UUID]], item: Standing, reason: str, reader: Principal, more: Mapping[str, str]
) -> None:
    facts = {"subject_id": str(item.subject_id), "reason": reason, **more}
    for kind in Kind:
        audit.record_many(
            kind.viewed,
            [(each, facts) for of, each in items if of is kind],
            actor=reader.id,
            resource_type=kind.resource,
        )


def _text(item: Standing, until: datetime) -> Opened:
    record = db.session.get_one(AnalysisRecord, item.id)
    weighed = None if item.blind else _weighed(record)
    return Opened(item, until, _subject(item), record, weighed, None, (), {})


def _weighed(record: AnalysisRecord) -> Weighed:
    row = audit.latest(Action.ANALYSIS_RECORDED, resource_type=Kind.ANALYSIS.resource, resource_id=record.id)
    flags = list((row.details or {}).get("flags", [])) if row else []
    try:
        return Weighed(segments(record.input_text, explain_analysis(record).outcome.spans), flags)
    except Conflict:  # another version, or a model elsewhere, read it
        return Weighed([], flags)


def _session(item: Standing, until: datetime) -> Opened:
    event = VideoAnalysisEvent
    session = db.session.get_one(VideoSession, item.id)
    windows = db.session.scalars(
        select(event)
        .where(event.session_id == item.id, event.risk_level.in_(RAISED))
        .order_by(event.event_at.desc(), event.id)
        .limit(WINDOWS_SHOWN)
    ).all()
    levels = select(event.risk_level, func.count()).where(event.session_id == item.id).group_by(event.risk_level)
    counts = {level: count for level, count in db.session.execute(levels)}  # noqa: C416 - to mypy a Row is no pair
    return Opened(item, until, _subject(item), None, None, session, windows[::-1], counts)


def _newest_window(session_id: UUID) -> datetime:
    """When the newest raised window of all that are there was stored: a decision reaches up to it."""
    event = VideoAnalysisEvent
    stored = select(func.max(event.created_at)).where(event.session_id == session_id, event.risk_level.in_(RAISED))
    return db.session.scalars(stored).one()


def _subject(item: Standing) -> User:
    return db.session.get_one(User, item.subject_id)


def earlier(kind: Kind, item_id: UUID, *, reader: Principal, cursor: str | None = None) -> Page[Earlier]:
    """Earlier items of the person whose item this reader has open, newest first; each one shown is audited.

    Raises NotFound, Conflict, and Invalid for a foreign cursor.
    """
    at, after_id = read_cursor(cursor) if cursor else LATEST
    with locked(kind, item_id, reader=reader.id) as item:
        refuse_unless_held(item, reader)
        found: list[Any] = statements.rows(
            "earlier",
            subject=item.subject_id,
            kind=kind.value,
            id=item_id,
            before_at=at,
            before_id=after_id,
            limit=EARLIER_SHOWN + 1,
        )
        shown = [Earlier(**{**row, "kind": Kind(row["kind"])}) for row in found[:EARLIER_SHOWN]]
        _note_reading([(each.kind, each.id) for each in shown], item, "review_earlier", reader, {})
        db.session.commit()
    more = len(found) > EARLIER_SHOWN
    return Page(shown, write_cursor(shown[-1].at, shown[-1].id) if more else None)
