"""Reading somebody's texts outside the queue: only with a reason, which the person and the auditor see.

A clinician searches for whom they care for; an admin, who has no such task, breaks the glass. Both leave rows in the
audit trail, for the search and for each text that was opened.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from flask_babel import gettext
from sqlalchemy import Row, select, tuple_

from quietus.accounts import administration
from quietus.accounts.identity import Principal
from quietus.accounts.models import User
from quietus.analysis.models import RESOURCE, AnalysisRecord
from quietus.audit import service as audit
from quietus.audit.tags import Action
from quietus.core.errors import NotFound
from quietus.core.extensions import db
from quietus.core.paging import Page, read_cursor, write_cursor

NOTE_MIN: Final = 10
NOTE_MAX: Final = 500


class ReasonCode(StrEnum):
    """Why somebody reads what is not theirs to read by default."""

    CLINICAL_CONCERN = "CLINICAL_CONCERN"
    PERSON_ASKED = "PERSON_ASKED"
    COMPLAINT = "COMPLAINT"
    INCIDENT = "INCIDENT"
    LEGAL_DUTY = "LEGAL_DUTY"
    OTHER = "OTHER"


@dataclass(frozen=True, slots=True)
class Reason:
    """A code and, in the reader's own words, a note; the note is blanked when the person is erased (D14)."""

    code: ReasonCode
    note: str

    def facts(self, actor: Principal) -> dict[str, Any]:
        broken = not actor.can("read_text")
        return {
            "reason": "break_glass" if broken else "search",
            "reason_code": self.code.value,
            "note": self.note,
        }


def find_person(who: str, reason: Reason, *, actor: Principal) -> UUID:
    """The person behind an address or an id; that they were looked for is audited, found or not. Raises NotFound."""
    found = _person(who.strip())
    facts = reason.facts(actor) | ({"subject_id": str(found)} if found else {})
    if found is None:
        facts.pop("note")  # nobody's erasure would ever blank it
    audit.record(Action.SUBJECT_SEARCHED, actor=actor.id, resource_type="user", resource_id=found, metadata=facts)
    db.session.commit()
    if found is None:
        raise NotFound("no_such_person", gettext("Nobody here has this address or id."))
    return found


def _person(who: str) -> UUID | None:
    try:
        user_id = UUID(who)
    except ValueError:
        try:
            return administration.find_user(who).id
        except NotFound:
            return None
    found: UUID | None = db.session.scalar(select(User.id).where(User.id == user_id))
    return found


def texts_of(user_id: UUID, *, limit: int, cursor: str | None = None) -> Page[Row[Any]]:
    """What there is of a person, newest first, without the texts. Raises Invalid for a foreign cursor."""
    place = tuple_(AnalysisRecord.analyzed_at, AnalysisRecord.id)
    query = select(
        AnalysisRecord.id,
        AnalysisRecord.submitted_at,
        AnalysisRecord.analyzed_at,
        AnalysisRecord.predicted_label,
        AnalysisRecord.source,
    ).where(AnalysisRecord.user_id == user_id)
    if cursor:
        query = query.where(place < tuple_(*read_cursor(cursor)))
    query = query.order_by(AnalysisRecord.analyzed_at.desc(), AnalysisRecord.id.desc())
    rows: list[Row[Any]] = list(db.session.execute(query.limit(limit + 1)))
    items, more = rows[:limit], len(rows) > limit
    return Page(items, write_cursor(items[-1].analyzed_at, items[-1].id) if more else None)


def read_text(analysis_id: UUID, reason: Reason, *, actor: Principal) -> AnalysisRecord:
    """One text with the reason it is read for; audited before it is shown. Raises NotFound."""
    record: AnalysisRecord | None = db.session.get(AnalysisRecord, analysis_id)
    if record is None:
        raise NotFound
    audit.record(
        Action.ANALYSIS_VIEWED,
        actor=actor.id,
        resource_type=RESOURCE,
        resource_id=record.id,
        metadata={"subject_id": str(record.user_id)} | reason.facts(actor),
    )
    db.session.commit()
    return record
