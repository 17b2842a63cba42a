"""The tables video_sessions and video_analysis_events, as the seed schema has them."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import (
    CheckConstraint,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    Numeric,
    String,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from quietus.core.extensions import db

# what audit rows call a session
RESOURCE = "video_session"


class SessionType(StrEnum):
    """What a session is for."""

    DISTRESS_MONITORING = "DISTRESS_MONITORING"
    CHECK_IN = "CHECK_IN"
    SUPPORT_CALL = "SUPPORT_CALL"
    TEST = "TEST"


class ClientPlatform(StrEnum):
    """Where the camera is."""

    WEB = "WEB"
    IOS = "IOS"
    ANDROID = "ANDROID"
    DESKTOP = "DESKTOP"
    AGENT = "AGENT"


class Status(StrEnum):
    """Where a session stands; ABANDONED when its client went silent."""

    ACTIVE = "ACTIVE"
    ENDED = "ENDED"
    ABANDONED = "ABANDONED"


class RiskLevel(StrEnum):
    """A review priority of this window, not of a person; UNKNOWN when nobody was to be seen."""

    UNKNOWN = "UNKNOWN"
    LOW = "LOW"
    MODERATE = "MODERATE"
    HIGH = "HIGH"


class VideoSession(db.Model):  # type: ignore[name-defined]  # flask-sqlalchemy builds the base at run time
    """One stretch of camera time of one person."""

    __tablename__ = "video_sessions"

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=uuid4)
    user_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("users.id", ondelete="CASCADE"))
    stream_session_id: Mapped[str] = mapped_column(String(128), unique=True)
    session_type: Mapped[str] = mapped_column(String(32))
    client_platform: Mapped[str] = mapped_column(String(32))
    status: Mapped[str] = mapped_column(String(16))
    started_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())

    __table_args__ = (
        Index("ix_video_sessions_user_id_started_at", "user_id", text("started_at DESC")),
        Index("ix_video_sessions_status_started_at", "status", "started_at"),
    )


class VideoAnalysisEvent(db.Model):  # type: ignore[name-defined]  # as above
    """The outcome of one window of a session."""

    __tablename__ = "video_analysis_events"

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    session_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("video_sessions.id", ondelete="CASCADE"))
    user_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("users.id", ondelete="CASCADE"))
    event_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    risk_level: Mapped[str] = mapped_column(String(16))
    confidence: Mapped[Decimal] = mapped_column(Numeric(5, 4))
    signals: Mapped[dict[str, Any]] = mapped_column(JSONB)
    model_version: Mapped[str] = mapped_column(String(64))
    latency_ms: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())

    __table_args__ = (
        CheckConstraint("confidence >= 0 AND confidence <= 1", name="confidence"),
        CheckConstraint("latency_ms >= 0", name="latency_ms"),
        Index("ix_video_analysis_events_session_id_event_at", "session_id", text("event_at DESC")),
        Index("ix_video_analysis_events_risk_level_event_at", "risk_level", "event_at"),
        Index("ix_video_analysis_events_event_at", "event_at"),
    )
