"""Writes the audit trail; the row joins the transaction of the act it tells of."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select

from quietus.audit.models import AuditLog
from quietus.audit.tags import Action
from quietus.core.extensions import db


def record(
    action: Action,
    *,
    actor: UUID | None,
    resource_type: str,
    resource_id: str | UUID | None,
    metadata: Mapping[str, Any] | None = None,
) -> AuditLog:
    """Add an audit row to the current transaction; the caller commits it with the act itself.

    `metadata` holds ids, codes, counts and offsets only: never submitted text, names or e-mail addresses (D14).
    """
    row = AuditLog(
        user_id=actor,
        action=action.value,
        resource_type=resource_type,
        resource_id=None if resource_id is None else str(resource_id),
        details=dict(metadata) if metadata is not None else None,
    )
    db.session.add(row)
    return row


def record_many(
    action: Action,
    entries: Sequence[tuple[str | UUID, Mapping[str, Any]]],
    *,
    actor: UUID | None,
    resource_type: str,
) -> None:
    """Add one audit row for each (resource_id, metadata) in one statement; the caller commits."""
    if not entries:
        return
    db.session.execute(
        insert(AuditLog),
        [
            {
                "user_id": actor,
                "action": action.value,
                "resource_type": resource_type,
                "resource_id": str(resource_id),
                "details": dict(metadata),
            }
            for resource_id, metadata in entries
        ],
    )


def latest(action: Action, *, resource_type: str, resource_id: str | UUID) -> AuditLog | None:
    """The newest row of this action about this resource."""
    return db.session.scalar(
        select(AuditLog)
        .where(AuditLog.resource_type == resource_type, AuditLog.resource_id == str(resource_id))
        .where(AuditLog.action == action.value)
        .order_by(AuditLog.created_at.desc(), AuditLog.id.desc())
        .limit(1)
    )


def newest(action: Action) -> AuditLog | None:
    """The newest row of this action about anything."""
    return db.session.scalar(
        select(AuditLog)
        .where(AuditLog.action == action.value)
        .order_by(AuditLog.created_at.desc(), AuditLog.id.desc())
        .limit(1)
    )
