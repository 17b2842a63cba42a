"""The table analysis_records and its vocabularies."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID, uuid4

from sqlalchemy import (
    CheckConstraint,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    Numeric,
    String,
    Text,
    Uuid,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from quietus.core.extensions import db

# what audit rows call a record
RESOURCE = "analysis"
# model_version of a text that no model has read yet
PENDING_VERSION = "pending"


class PredictedLabel(StrEnum):
    """A review priority of this text, or where the text stands in its life."""

    LOW = "LOW"
    MODERATE = "MODERATE"
    HIGH = "HIGH"
    PENDING = "PENDING"
    FAILED = "FAILED"


class Source(StrEnum):
    """How a text came in."""

    WEB_FORM = "WEB_FORM"
    API = "API"
    IMPORT = "IMPORT"
    TRANSCRIPT = "TRANSCRIPT"


class AnalysisRecord(db.Model):  # type: ignore[name-defined]  # flask-sqlalchemy builds the base at run time
    """One submitted text of one person and its outcome; PENDING until a task has recorded it (D3)."""

    __tablename__ = "analysis_records"

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=uuid4)
    user_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("users.id", ondelete="CASCADE"))
    input_text: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(String(32))
    predicted_label: Mapped[str] = mapped_column(String(16))
    confidence: Mapped[Decimal] = mapped_column(Numeric(5, 4))
    model_version: Mapped[str] = mapped_column(String(64))
    ai_processing_ms: Mapped[int] = mapped_column(Integer)
    submitted_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    analyzed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    request_id: Mapped[UUID] = mapped_column(Uuid, unique=True)

    __table_args__ = (
        CheckConstraint("confidence >= 0 AND confidence <= 1", name="confidence"),
        CheckConstraint("ai_processing_ms >= 0", name="ai_processing_ms"),
        Index("ix_analysis_records_user_id_analyzed_at", "user_id", text("analyzed_at DESC")),
        Index("ix_analysis_records_predicted_label_analyzed_at", "predicted_label", "analyzed_at"),
        Index("ix_analysis_records_analyzed_at", "analyzed_at"),
    )

    @property
    def status(self) -> str:
        """PENDING, FAILED, or RECORDED once there is an outcome."""
        state = self.predicted_label
        return state if state in (PredictedLabel.PENDING, PredictedLabel.FAILED) else "RECORDED"
