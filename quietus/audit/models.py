"""The table audit_logs; append-only by trigger (migration 0002)."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, ForeignKey, Index, String, Uuid, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from quietus.audit.tags import ABOUT_A_SUBJECT
from quietus.core.extensions import db


class AuditLog(db.Model):  # type: ignore[name-defined]  # flask-sqlalchemy builds the base at run time
    """One act. `details` is the column `metadata`, a name that SQLAlchemy keeps for itself."""

    __tablename__ = "audit_logs"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    user_id: Mapped[UUID | None] = mapped_column(Uuid, ForeignKey("users.id", ondelete="SET NULL"))
    action: Mapped[str] = mapped_column(String(64))
    resource_type: Mapped[str] = mapped_column(String(64))
    resource_id: Mapped[str | None] = mapped_column(String(128))
    details: Mapped[dict[str, Any] | None] = mapped_column("metadata", JSONB(none_as_null=True))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())

    __table_args__ = (
        Index("ix_audit_logs_user_id_created_at", "user_id", text("created_at DESC")),
        Index("ix_audit_logs_created_at", text("created_at DESC")),
        # beyond the seed, measured to pay (D16): liveness of sign-ins and the review queue; searches by action
        Index("ix_audit_logs_resource", "resource_type", "resource_id", text("created_at DESC")),
        Index("ix_audit_logs_action_created_at", "action", "created_at"),
        # who read a person's words, and the notes about them
        Index(
            "ix_audit_logs_subject",
            text("(metadata ->> 'subject_id')"),
            text("created_at DESC"),
            postgresql_where=text(f"action IN ({', '.join(repr(action.value) for action in ABOUT_A_SUBJECT)})"),
        ),
    )
