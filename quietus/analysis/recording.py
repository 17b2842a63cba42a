"""Claims PENDING texts, has the model read them, and records each outcome exactly once (D4, D5).

Nothing here trusts the broker: rows are claimed with FOR UPDATE SKIP LOCKED, an outcome is written only over
PENDING, and a crash rolls the claim back. `analyzed_at` of a PENDING row says since when it waits.
"""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

import structlog
from celery.exceptions import SoftTimeLimitExceeded
from sqlalchemy import Select, bindparam, func, select, update

from quietus.analysis import bell
from quietus.analysis.models import RESOURCE, AnalysisRecord, PredictedLabel
from quietus.audit import service as audit
from quietus.audit.models import AuditLog
from quietus.audit.tags import Action
from quietus.core import clock, metrics, webhook_bell
from quietus.core.config import settings
from quietus.core.extensions import db
from quietus.textmodel import LABELS, ModelUnavailable, Outcome, Refusal, TextModel

log = structlog.get_logger(__name__)

# one run ends well before the task's time limit and rings for a successor
RUN_SECONDS = 300.0


# what any model that works can read
ORDINARY = "We had soup for lunch and then it rained for a while."
# a model behind a network takes its time: the rows of a batch stay locked that long
REMOTE_BATCH = 8


class ModelFault(Exception):
    """The model broke over these texts; the message says how, never with which words."""


def _batch_size() -> int:
    chosen = settings()
    return chosen.batch_size if chosen.model == "local" else min(REMOTE_BATCH, chosen.batch_size)


@dataclass(slots=True)
class Run:
    """What one run did; `left` when it ended before the work did."""

    recorded: int = 0
    failed: int = 0
    left: bool = False
    postponed: set[UUID] = field(default_factory=set)


def record_pending(model: TextModel, *, after_crash: bool = False) -> Run:
    """Record outcomes until no text waits.

    `after_crash`: the run before this one took its worker down, so the texts it held are read one at a time
    first; three lone attempts and a text is FAILED. Raises ModelUnavailable, leaving the rest PENDING.
    """
    run = Run()
    ends = time.monotonic() + RUN_SECONDS
    lone = settings().batch_size if after_crash else 0
    answered = False
    while time.monotonic() < ends:
        if lone:
            lone = lone - 1 if _record_alone(model, run, _waiting(run)) else 0
            continue
        fresh = _record_batch(model, run)
        stale = _record_alone(model, run, _waiting(run).where(AnalysisRecord.analyzed_at < _stale_before()))
        if fresh or stale:
            continue
        if answered:
            return run
        bell.answer()  # whoever commits from here on rings anew; one more look finds the others
        answered = True
    run.left = True
    return run


def _stale_before() -> datetime:
    return clock.now() - timedelta(minutes=settings().stale_minutes)


def _waiting(run: Run) -> Select[AnalysisRecord]:
    """PENDING rows, longest waiting first, that no other worker holds and this run has not put off."""
    query = (
        select(AnalysisRecord)
        .where(AnalysisRecord.predicted_label == PredictedLabel.PENDING.value)
        .order_by(AnalysisRecord.analyzed_at)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    return query.where(AnalysisRecord.id.not_in(run.postponed)) if run.postponed else query


def _record_batch(model: TextModel, run: Run) -> int:
    """Claim and record up to batch_size fresh rows in one commit; how many were claimed."""
    rows = list(
        db.session.scalars(_waiting(run).where(AnalysisRecord.analyzed_at >= _stale_before()).limit(_batch_size()))
    )
    if not rows:
        db.session.rollback()
        return 0
    row_ids = [row.id for row in rows]
    try:
        _predict_and_write(model, rows, run)
    except ModelFault as fault:  # over one text; it must not hold up the others
        db.session.rollback()
        log.error("analysis.batch_failed", error=str(fault), texts=len(rows))
        for row_id in row_ids:
            _record_alone(model, run, _waiting(run).where(AnalysisRecord.id == row_id))
    return len(rows)


def _record_alone(model: TextModel, run: Run, candidates: Select[AnalysisRecord]) -> bool:
    """Claim one row and record it; the attempt is committed before the model sees the text. False when none waits."""
    row = db.session.scalar(candidates.limit(1))
    if row is None:
        db.session.rollback()
        return False
    attempts = _attempts(row.id)
    if attempts >= settings().attempts:
        _write([(row, Refusal("model_error"))], model.version, 0, run)
        return True
    row_id = row.id
    _note(Action.ANALYSIS_ATTEMPTED, row_id, attempt=attempts + 1)
    # the commit let go of the row; whoever took it meanwhile will record it
    row = db.session.scalar(_waiting(run).where(AnalysisRecord.id == row_id))
    if row is None:
        db.session.rollback()
        return True
    try:
        _predict_and_write(model, [row], run)
    except ModelFault as fault:
        db.session.rollback()
        log.error("analysis.attempt_failed", error=str(fault), attempt=attempts + 1)
        if not _works(model):
            _note(Action.ANALYSIS_POSTPONED, row_id)
            raise ModelUnavailable("The model fails over every text.") from fault
        run.postponed.add(row_id)  # the next run tries again, up to the limit
    except ModelUnavailable:
        db.session.rollback()
        _note(Action.ANALYSIS_POSTPONED, row_id)  # says nothing about the text: the attempt does not count
        raise
    return True


def _works(model: TextModel) -> bool:
    """Whether the model still reads an ordinary sentence; if not, a fault says nothing about the text it met."""
    try:
        _predict(model, [ORDINARY])
    except (ModelFault, ModelUnavailable):
        return False
    return True


def _note(action: Action, row_id: UUID, **metadata: int) -> None:
    audit.record(action, actor=None, resource_type=RESOURCE, resource_id=row_id, metadata=metadata)
    db.session.commit()


def _attempts(row_id: UUID) -> int:
    """Lone attempts since the text was accepted or last retried, without those that found no model."""
    about = select(AuditLog.id).where(AuditLog.resource_type == RESOURCE, AuditLog.resource_id == str(row_id))
    since = about.where(AuditLog.action == Action.ANALYSIS_RETRIED.value).order_by(AuditLog.id.desc()).limit(1)
    count = (
        select(
            func.count().filter(AuditLog.action == Action.ANALYSIS_ATTEMPTED.value)
            - func.count().filter(AuditLog.action == Action.ANALYSIS_POSTPONED.value)
        )
        .where(AuditLog.resource_type == RESOURCE, AuditLog.resource_id == str(row_id))
        .where(AuditLog.id > func.coalesce(since.scalar_subquery(), 0))
    )
    return db.session.scalar(count) or 0


def _predict_and_write(model: TextModel, rows: Sequence[AnalysisRecord], run: Run) -> None:
    """Raises ModelFault when the model breaks over these texts, ModelUnavailable when there is none."""
    started = time.perf_counter()
    answers = _predict(model, [row.input_text for row in rows])
    elapsed_ms = (time.perf_counter() - started) * 1000
    metrics.MODEL_SECONDS.observe(elapsed_ms / 1000)
    _write(list(zip(rows, answers, strict=True)), model.version, elapsed_ms / len(rows), run)


def _predict(model: TextModel, texts: list[str]) -> list[Outcome | Refusal]:
    try:
        answers = model.predict(texts)
    except (ModelUnavailable, SoftTimeLimitExceeded):
        raise
    except Exception as error:
        raise ModelFault(type(error).__name__) from error
    if len(answers) != len(texts):
        raise ModelFault(f"{len(answers)} answers to {len(texts)} texts")
    if any(isinstance(answer, Outcome) and answer.label not in LABELS for answer in answers):
        raise ModelFault("a label that there is not")
    return answers


def _write(answered: list[tuple[AnalysisRecord, Outcome | Refusal]], version: str, each_ms: float, run: Run) -> None:
    """Update the rows, add their audit rows, commit. `each_ms`: the batch's model time shared over its texts."""
    now = clock.now()
    db.session.connection().execute(
        update(AnalysisRecord.__table__)
        .where(
            AnalysisRecord.__table__.c.id == bindparam("row_id"),
            AnalysisRecord.__table__.c.predicted_label == PredictedLabel.PENDING.value,
        )
        .values(
            predicted_label=bindparam("label"),
            confidence=bindparam("certainty"),
            model_version=version,
            ai_processing_ms=math.ceil(each_ms),
            analyzed_at=now,
        ),
        [{"row_id": row.id, **_columns(answer)} for row, answer in answered],
    )
    recorded = [(row, answer) for row, answer in answered if isinstance(answer, Outcome)]
    failed = [(row, answer) for row, answer in answered if isinstance(answer, Refusal)]
    audit.record_many(
        Action.ANALYSIS_RECORDED,
        [(r.id, {"predicted_label": a.label, "model_version": version, "flags": list(a.flags)}) for r, a in recorded],
        actor=None,
        resource_type=RESOURCE,
    )
    audit.record_many(
        Action.ANALYSIS_FAILED,
        [(r.id, {"reason": a.reason, "model_version": version}) for r, a in failed],
        actor=None,
        resource_type=RESOURCE,
    )
    bell.tell_of_high([row.id for row, outcome in recorded if outcome.label == PredictedLabel.HIGH])
    if recorded:
        webhook_bell.ring()
    waits = [(now - row.submitted_at).total_seconds() for row, _ in answered]
    db.session.commit()
    run.recorded += len(recorded)
    run.failed += len(failed)
    for _, outcome in recorded:
        metrics.RECORDED.labels(outcome.label).inc()
    if failed:
        metrics.RECORDED.labels(PredictedLabel.FAILED.value).inc(len(failed))
    for wait in waits:
        metrics.WAIT_SECONDS.observe(max(0.0, wait))


def _columns(answer: Outcome | Refusal) -> dict[str, object]:
    if isinstance(answer, Refusal):
        return {"label": PredictedLabel.FAILED.value, "certainty": Decimal(0)}
    return {"label": PredictedLabel(answer.label).value, "certainty": Decimal(f"{answer.confidence:.4f}")}
