"""Finds a person's texts for who may see them, deletes and retries them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from flask import Flask, current_app
from flask_babel import gettext
from sqlalchemy import ColumnElement, Select, String, cast, delete, exists, or_, select, true, tuple_, update

from quietus.accounts.identity import Principal
from quietus.analysis import bell
from quietus.analysis.models import PENDING_VERSION, RESOURCE, AnalysisRecord, PredictedLabel
from quietus.audit import service as audit
from quietus.audit.models import AuditLog
from quietus.audit.tags import Action
from quietus.core import clock, metrics, webhook_bell
from quietus.core.config import settings
from quietus.core.errors import Conflict, NotFound
from quietus.core.extensions import db
from quietus.core.paging import Page, read_cursor, write_cursor
from quietus.textmodel import LABELS

EXPORT_PAGE = 500


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list of records is narrowed to; times are half-open, [since, until)."""

    predicted_label: str | None = None
    source: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    request_id: UUID | None = None


def _reads_for_the_desk(user: Principal) -> bool:
    """Whether this is the model of one's own that QUIETUS_MODEL=external leaves the PENDING texts to."""
    return settings().model == "external" and user.can("post_outcome")


def _visible(user: Principal) -> ColumnElement[bool]:
    """Own records; for those who may submit for others, also what they submitted (they know that text already)."""
    ways = [AnalysisRecord.user_id == user.id]
    if user.can("submit_for"):
        ways.append(
            exists().where(
                AuditLog.resource_type == RESOURCE,
                AuditLog.resource_id == cast(AnalysisRecord.id, String),
                AuditLog.action == Action.ANALYSIS_ACCEPTED.value,
                AuditLog.user_id == user.id,
            )
        )
    if _reads_for_the_desk(user):
        ways.append(AnalysisRecord.predicted_label == PredictedLabel.PENDING.value)
    return or_(*ways)


def is_pending(analysis_id: UUID) -> bool:
    """Whether a text still waits; tells nothing else, so it may be asked often without an audit row."""
    label = db.session.scalar(select(AnalysisRecord.predicted_label).where(AnalysisRecord.id == analysis_id))
    db.session.rollback()
    return label == PredictedLabel.PENDING


def get_analysis(analysis_id: UUID, *, for_user: Principal) -> AnalysisRecord:
    """The record, if this user may see it; reading another person's is audited. Raises NotFound."""
    record: AnalysisRecord | None = db.session.scalar(
        select(AnalysisRecord)
        .where(AnalysisRecord.id == analysis_id, _visible(for_user))
        .execution_options(populate_existing=True)
    )
    if record is None:
        raise NotFound
    _audit_reading([record], for_user)
    return record


def _audit_reading(records: Sequence[AnalysisRecord], reader: Principal) -> None:
    others = [record for record in records if record.user_id != reader.id]
    if others:
        audit.record_many(
            Action.ANALYSIS_VIEWED,
            [(record.id, {"subject_id": str(record.user_id)}) for record in others],
            actor=reader.id,
            resource_type=RESOURCE,
        )
        db.session.commit()


def failure_reason(record: AnalysisRecord) -> str | None:
    """Why a FAILED record has no outcome, as a code; None for any other record."""
    if record.predicted_label != PredictedLabel.FAILED:
        return None
    row = audit.latest(Action.ANALYSIS_FAILED, resource_type=RESOURCE, resource_id=record.id)
    return str(row.details["reason"]) if row and row.details else None


def noticed(record: AnalysisRecord) -> list[str]:
    """The flags that the model gave a text beside its outcome, such as "language"; [] where there are none."""
    if record.predicted_label not in LABELS:
        return []
    row = audit.latest(Action.ANALYSIS_RECORDED, resource_type=RESOURCE, resource_id=record.id)
    return list((row.details or {}).get("flags", [])) if row else []


def _filtered(user: Principal, filters: Filters) -> Select[AnalysisRecord]:
    query = select(AnalysisRecord).where(_visible(user))
    if filters.predicted_label:
        query = query.where(AnalysisRecord.predicted_label == filters.predicted_label)
    if filters.source:
        query = query.where(AnalysisRecord.source == filters.source)
    if filters.since:
        query = query.where(AnalysisRecord.analyzed_at >= filters.since)
    if filters.until:
        query = query.where(AnalysisRecord.analyzed_at < filters.until)
    if filters.request_id:
        query = query.where(AnalysisRecord.request_id == filters.request_id)
    return query.order_by(AnalysisRecord.analyzed_at.desc(), AnalysisRecord.id.desc())


def list_analyses(
    *, for_user: Principal, filters: Filters, limit: int, cursor: str | None = None
) -> Page[AnalysisRecord]:
    """A page of the records this user may see, newest first. Raises Invalid for a foreign cursor."""
    query = _filtered(for_user, filters)
    if cursor:
        query = query.where(tuple_(AnalysisRecord.analyzed_at, AnalysisRecord.id) < tuple_(*read_cursor(cursor)))
    rows = list(db.session.scalars(query.limit(limit + 1)))
    items, more = rows[:limit], len(rows) > limit
    page = Page(items, write_cursor(items[-1].analyzed_at, items[-1].id) if more else None)
    _audit_reading(items, for_user)
    return page


def export_analyses(*, for_user: Principal, filters: Filters) -> Iterator[AnalysisRecord]:
    """All of the user's own records, newest first; that they were exported is audited before the first.

    Read page by page, each in a transaction of its own: a reader that is slow, or gone, holds no connection.
    """
    audit.record(Action.ANALYSES_EXPORTED, actor=for_user.id, resource_type="user", resource_id=for_user.id)
    db.session.commit()
    chosen = _filtered(for_user, filters).where(AnalysisRecord.user_id == for_user.id)
    # which ones is settled in one statement: a text that is recorded meanwhile moves in the order of analyzed_at
    ids = list(db.session.scalars(chosen.with_only_columns(AnalysisRecord.id)))
    db.session.rollback()
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # werkzeug's proxy

    def page(some: Sequence[UUID]) -> list[AnalysisRecord]:
        with app.app_context():  # the request's own is over by the time the answer is streamed
            found = db.session.scalars(select(AnalysisRecord).where(AnalysisRecord.id.in_(some)))
            by_id = {record.id: record for record in found}
        return [by_id[each] for each in some if each in by_id]

    pages = (page(ids[start : start + EXPORT_PAGE]) for start in range(0, len(ids), EXPORT_PAGE))
    return (record for found in pages for record in found)


def answered_texts(*, limit: int, reviewed: bool) -> Iterable[tuple[str, str, str | None]]:
    """(text, recorded label, newest human label or None) of the newest records, for `model backtest` only; audited."""
    audit.record(
        Action.ANALYSES_BACKTESTED, actor=None, resource_type=RESOURCE, resource_id=None, metadata={"limit": limit}
    )
    db.session.commit()
    human = (
        select(AuditLog.details["human_label"].astext)
        .where(AuditLog.resource_type == RESOURCE, AuditLog.resource_id == cast(AnalysisRecord.id, String))
        .where(AuditLog.action == Action.REVIEW_DECIDED.value)
        .order_by(AuditLog.created_at.desc(), AuditLog.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    query = select(AnalysisRecord.input_text, AnalysisRecord.predicted_label, human)
    query = query.where(AnalysisRecord.predicted_label.in_(LABELS))
    if reviewed:
        query = query.where(human.is_not(None))
    rows = db.session.execute(query.order_by(AnalysisRecord.analyzed_at.desc()).limit(limit))
    return ((text, label, said) for text, label, said in rows)


def delete_analysis(analysis_id: UUID, *, actor: Principal) -> None:
    """Delete one's own record for good; the audit row keeps the ledger even. Raises NotFound."""
    gone = db.session.execute(
        delete(AnalysisRecord)
        .where(AnalysisRecord.id == analysis_id, AnalysisRecord.user_id == actor.id)
        .returning(AnalysisRecord.request_id, AnalysisRecord.predicted_label)
    ).one_or_none()
    if gone is None:
        db.session.rollback()
        raise NotFound
    audit.record(
        Action.ANALYSIS_ERASED,
        actor=actor.id,
        resource_type=RESOURCE,
        resource_id=analysis_id,
        metadata={"request_id": str(gone.request_id), "predicted_label": gone.predicted_label},
    )
    db.session.commit()


def retry_analysis(analysis_id: UUID, *, actor: Principal) -> AnalysisRecord:
    """Put a FAILED record, one's own or for an admin anyone's, back to PENDING.

    Raises NotFound, or Conflict when it is not FAILED.
    """
    scope = true() if actor.can("see_failed") else AnalysisRecord.user_id == actor.id
    # one guarded statement: whoever comes second must not hold a lock that makes the woken worker skip the row
    record: AnalysisRecord | None = db.session.scalar(
        update(AnalysisRecord)
        .where(AnalysisRecord.id == analysis_id, scope, AnalysisRecord.predicted_label == PredictedLabel.FAILED.value)
        .values(
            predicted_label=PredictedLabel.PENDING.value,
            confidence=Decimal(0),
            ai_processing_ms=0,
            model_version=PENDING_VERSION,
            analyzed_at=clock.now(),  # while PENDING: since when it waits
        )
        .returning(AnalysisRecord)
        .execution_options(populate_existing=True)
    )
    if record is None:
        there = db.session.scalar(select(AnalysisRecord.id).where(AnalysisRecord.id == analysis_id, scope))
        db.session.rollback()
        if there is None:
            raise NotFound
        raise Conflict("not_failed", gettext("Only a text that could not be read can be tried again."))
    audit.record(Action.ANALYSIS_RETRIED, actor=actor.id, resource_type=RESOURCE, resource_id=analysis_id)
    db.session.commit()
    bell.ring()
    return record


def give_outcome(
    analysis_id: UUID,
    *,
    actor: Principal,
    predicted_label: str,
    confidence: float,
    model_version: str,
    ai_processing_ms: int,
) -> AnalysisRecord:
    """Record the outcome of a model of one's own.

    Raises NotFound, or Conflict when the desk reads texts itself or the text has its outcome already.
    """
    if settings().model != "external":
        raise Conflict("not_external", gettext("This desk reads texts itself (QUIETUS_MODEL is not external)."))
    record: AnalysisRecord | None = db.session.scalar(
        select(AnalysisRecord).where(AnalysisRecord.id == analysis_id).with_for_update()
    )
    if record is None:
        db.session.rollback()
        raise NotFound
    if record.predicted_label != PredictedLabel.PENDING:
        db.session.rollback()
        raise Conflict("already_recorded", gettext("This text has its outcome already."))
    record.predicted_label, record.model_version = predicted_label, model_version
    record.confidence, record.ai_processing_ms = Decimal(f"{confidence:.4f}"), ai_processing_ms
    record.analyzed_at = clock.now()
    audit.record(
        Action.ANALYSIS_RECORDED,
        actor=actor.id,
        resource_type=RESOURCE,
        resource_id=analysis_id,
        metadata={"predicted_label": predicted_label, "model_version": model_version},
    )
    if predicted_label == PredictedLabel.HIGH:
        bell.tell_of_high([analysis_id])
    webhook_bell.ring()
    db.session.commit()
    metrics.RECORDED.labels(predicted_label).inc()
    return record
