"""Accepts texts: stored as PENDING with their audit rows in one commit, before anybody hears of it (D3, D7)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid4

from flask_babel import gettext
from sqlalchemy import select, text

from quietus.accounts.identity import Principal
from quietus.accounts.models import User
from quietus.analysis import bell
from quietus.analysis.models import PENDING_VERSION, AnalysisRecord, PredictedLabel, Source
from quietus.core import clock, metrics
from quietus.core.errors import Conflict, Forbidden, Invalid, NotFound, Problem
from quietus.core.extensions import db

STORE: Final = text((Path(__file__).parent / "sql" / "store_pending.sql").read_text())
# its parameter → the column
LISTS: Final = {
    "row_ids": "id",
    "user_ids": "user_id",
    "texts": "input_text",
    "sources": "source",
    "request_ids": "request_id",
}


@dataclass(frozen=True, slots=True)
class Submission:
    """A cleaned text on its way in; `subject_id` is the person it is about, None for the submitter."""

    text: str
    source: str = Source.API
    request_id: UUID = field(default_factory=uuid4)
    subject_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Accepted:
    """The record of a submission; `replayed` when the same submission had been accepted before."""

    record: AnalysisRecord
    replayed: bool


def accept(submission: Submission, *, actor: Principal) -> Accepted:
    """Store one text as PENDING with its audit row, in one commit, then ring for the worker.

    Raises Conflict when the request_id was used for something else, Forbidden or Invalid for the subject.
    """
    (answer,) = accept_batch([submission], actor=actor)
    if isinstance(answer, Problem):
        raise answer
    return answer


def accept_batch(submissions: Sequence[Submission], *, actor: Principal) -> list[Accepted | Problem]:
    """Store several texts in one commit; the answer holds, in their order, what became of each."""
    refusals = _refusals({s.subject_id for s in submissions if s.subject_id}, actor)
    now = clock.now()
    rows: dict[UUID, dict[str, Any]] = {}
    for submission in submissions:
        if submission.subject_id not in refusals:
            rows.setdefault(submission.request_id, _pending(submission, actor, now))
    stored = _store(list(rows.values()), actor)
    db.session.commit()
    for key in stored:
        metrics.ACCEPTED.labels(rows[key]["source"]).inc()
    if stored:
        bell.ring()
    records = _existing(rows.keys() - stored) | {key: AnalysisRecord(**rows[key]) for key in stored}
    answers: list[Accepted | Problem] = []
    for submission in submissions:
        problem = refusals.get(submission.subject_id)
        if problem:
            answers.append(problem)
            continue
        answers.append(_answer(submission, records.get(submission.request_id), actor, stored))
        stored.discard(submission.request_id)  # the same request_id later in the batch is a replay
    return answers


def _pending(submission: Submission, actor: Principal, now: datetime) -> dict[str, Any]:
    return {
        "id": uuid4(),
        "user_id": submission.subject_id or actor.id,
        "input_text": submission.text,
        "source": str(submission.source),
        "predicted_label": PredictedLabel.PENDING.value,
        "confidence": Decimal(0),
        "model_version": PENDING_VERSION,
        "ai_processing_ms": 0,
        "submitted_at": now,
        "analyzed_at": now,
        "request_id": submission.request_id,
    }


def _store(rows: list[dict[str, Any]], actor: Principal) -> set[UUID]:
    """Insert the rows that are new, each with its audit row; the request_ids that were."""
    if not rows:
        return set()
    lists = {name: [row[column] for row in rows] for name, column in LISTS.items()}
    found = db.session.connection().execute(STORE, {**lists, "actor_id": actor.id, "moment": rows[0]["submitted_at"]})
    return set(found.scalars())


def _existing(request_ids: Iterable[UUID]) -> dict[UUID, AnalysisRecord]:
    wanted = list(request_ids)
    if not wanted:
        return {}
    found = db.session.scalars(select(AnalysisRecord).where(AnalysisRecord.request_id.in_(wanted)))
    return {record.request_id: record for record in found}


def _answer(
    submission: Submission, record: AnalysisRecord | None, actor: Principal, stored: set[UUID]
) -> Accepted | Problem:
    if record is None:  # deleted in the moment since
        return NotFound()
    subject = submission.subject_id or actor.id
    if record.user_id != subject or record.input_text != submission.text:
        return Conflict("request_id_reused", gettext("This request_id was used for another text. Use a new one."))
    return Accepted(record, replayed=submission.request_id not in stored)


def _refusals(subjects: set[UUID], actor: Principal) -> dict[UUID | None, Problem]:
    """Which of the named subjects this actor may not submit for."""
    others = subjects - {actor.id}
    refused: dict[UUID | None, Problem] = {}
    if not actor.can("submit"):  # a SERVICE has no texts of its own
        nobody = Invalid({"subject_id": [gettext("Name the person whose text this is.")]})
        refused = {None: nobody, actor.id: nobody}
    if not others:
        return refused
    if not actor.can("submit_for"):
        return refused | dict.fromkeys(
            others, Forbidden("subject_not_yours", gettext("You may submit texts for yourself only."))
        )
    known = set(db.session.scalars(select(User.id).where(User.id.in_(others), User.is_active)))
    unknown = Invalid({"subject_id": [gettext("There is no such person here.")]})
    return refused | dict.fromkeys(others - known, unknown)
