"""A queue with texts and sessions in it: alice owns them, bob and dora review, carol is the stranger."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from typing import Any
from unittest.mock import patch
from uuid import UUID, uuid4

import pytest
from flask import Flask

from quietus.core import clock
from quietus.core.extensions import db
from tests.analysis.conftest import Caller
from tests.factories import make_user, principal

WORDS = "I packed the last box today and nobody asked me where I was going."


@pytest.fixture
def alice(app: Flask) -> Any:
    return make_user()


@pytest.fixture
def bob(app: Flask) -> Any:
    """A reviewer, for calling services."""
    return principal(make_user("bob@example.org", ("CLINICIAN",)))


@pytest.fixture
def dora(app: Flask) -> Any:
    """Another reviewer."""
    return principal(make_user("dora@example.org", ("CLINICIAN",)))


@pytest.fixture
def reviewer(app: Flask) -> Callable[..., Caller]:
    """A reviewer on a client of their own."""
    return lambda email="bob@example.org": Caller(app, email, ("CLINICIAN",))


def put_text(owner: Any, label: str = "HIGH", *, minutes_ago: float = 5, words: str = WORDS) -> UUID:
    """A text of `owner` that was given this label so long ago."""
    from quietus.analysis.models import AnalysisRecord

    at = clock.now() - timedelta(minutes=minutes_ago)
    record = AnalysisRecord(
        id=uuid4(), user_id=owner.id, input_text=words, source="WEB_FORM", predicted_label=label,
        confidence=Decimal("0.8125"), model_version="test-1", ai_processing_ms=3, submitted_at=at, analyzed_at=at,
        request_id=uuid4(),
    )  # fmt: skip
    db.session.add(record)
    db.session.commit()
    return record.id


def put_windows(session_id: UUID, owner: Any, *levels: str, minutes_ago: float = 5) -> None:
    """Windows of a session, the first of them so long ago, each ten seconds after the last."""
    from quietus.video.models import VideoAnalysisEvent

    at = clock.now() - timedelta(minutes=minutes_ago)
    for number, level in enumerate(levels):
        db.session.add(
            VideoAnalysisEvent(
                id=uuid4(), session_id=session_id, user_id=owner.id, event_at=at + timedelta(seconds=10 * number),
                risk_level=level, confidence=Decimal("0.7"), signals={"movement": 0.4, "gaze_away": 0.2},
                model_version="video-test-1", latency_ms=20,
            )
        )  # fmt: skip
    db.session.commit()


def put_session(owner: Any, *levels: str, minutes_ago: float = 5) -> UUID:
    from quietus.video.models import VideoSession

    session = VideoSession(
        id=uuid4(), user_id=owner.id, stream_session_id=str(uuid4()), session_type="CHECK_IN", client_platform="WEB",
        status="ACTIVE", started_at=clock.now() - timedelta(minutes=minutes_ago),
    )  # fmt: skip
    db.session.add(session)
    db.session.commit()
    put_windows(session.id, owner, *levels, minutes_ago=minutes_ago)
    return session.id


def sample(record_id: UUID) -> None:
    """Let this LOW text be one of the daily sample."""
    from quietus.audit import service as audit
    from quietus.audit.tags import Action

    audit.record(Action.REVIEW_SAMPLED, actor=None, resource_type="analysis", resource_id=record_id, metadata={})
    db.session.commit()


@contextmanager
def later(**distance: float) -> Iterator[None]:
    """Runs its block at that distance from now."""
    real = clock.now
    with patch.object(clock, "now", lambda: real() + timedelta(**distance)):
        yield
