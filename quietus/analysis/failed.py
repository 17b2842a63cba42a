"""The texts that the model could not read, as an admin sees them: when, from where and why, never the words."""

from typing import Any

from sqlalchemy import Row, String, cast, select, tuple_

from quietus.analysis.models import RESOURCE, AnalysisRecord, PredictedLabel
from quietus.audit.models import AuditLog
from quietus.audit.tags import Action
from quietus.core.extensions import db
from quietus.core.paging import Page, read_cursor, write_cursor


def list_failed(*, limit: int, cursor: str | None = None) -> Page[Row[Any]]:
    """A page of FAILED records, newest first: id, submitted_at, analyzed_at, source, reason."""
    reason = (
        select(AuditLog.details["reason"].astext)
        .where(AuditLog.resource_type == RESOURCE, AuditLog.resource_id == cast(AnalysisRecord.id, String))
        .where(AuditLog.action == Action.ANALYSIS_FAILED.value)
        .order_by(AuditLog.created_at.desc(), AuditLog.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    query = select(
        AnalysisRecord.id,
        AnalysisRecord.submitted_at,
        AnalysisRecord.analyzed_at,
        AnalysisRecord.source,
        reason.label("reason"),
    ).where(AnalysisRecord.predicted_label == PredictedLabel.FAILED.value)
    if cursor:
        query = query.where(tuple_(AnalysisRecord.analyzed_at, AnalysisRecord.id) < tuple_(*read_cursor(cursor)))
    query = query.order_by(AnalysisRecord.analyzed_at.desc(), AnalysisRecord.id.desc())
    rows: list[Row[Any]] = list(db.session.execute(query.limit(limit + 1)))
    items, more = rows[:limit], len(rows) > limit
    return Page(items, write_cursor(items[-1].analyzed_at, items[-1].id) if more else None)
