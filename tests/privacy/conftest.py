"""alice whose data it is, bob who reads it, carol the stranger, and two admins."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import insert, text

from quietus.analysis import accepting
from quietus.core import clock
from quietus.core.extensions import db
from quietus.video.models import VideoAnalysisEvent, VideoSession
from tests.audit.conftest import past, superuser
from tests.factories import make_user, principal, sign_in

__all__ = ["past", "superuser"]  # fixtures of the audit's tests that these use too


class Caller:
    """A signed-in account on a client of its own."""

    def __init__(self, app: Flask, email: str, roles: tuple[str, ...]) -> None:
        self.user = make_user(email, roles)
        self.who = principal(self.user)
        self.client: FlaskClient = app.test_client()
        self.headers = sign_in(self.client, email)

    def get(self, path: str, **options: Any) -> Any:
        return self.client.get(path, **options)

    def call(self, method: str, path: str, body: Any = None) -> Any:
        return self.client.open(path, method=method, json=body, headers=self.headers)

    def post(self, path: str, body: Any = None) -> Any:
        return self.call("POST", path, body)

    def form(self, path: str, **fields: str) -> Any:
        return self.client.post(path, data={"csrf_token": self.headers["X-CSRFToken"], **fields})


@pytest.fixture
def caller(app: Flask) -> Callable[..., Caller]:
    return lambda email, *roles: Caller(app, email, roles or ("USER",))


@pytest.fixture
def alice(caller: Callable[..., Caller]) -> Caller:
    return caller("alice@example.org")


@pytest.fixture
def bob(caller: Callable[..., Caller]) -> Caller:
    return caller("bob@example.org", "CLINICIAN")


@pytest.fixture
def root(caller: Callable[..., Caller]) -> Caller:
    return caller("root@example.org", "ADMIN")


def write(who: Any, *texts: str) -> list[Any]:
    """Texts of a person, accepted as people's are; their ids."""
    submissions = [accepting.Submission(each) for each in texts]
    return [answer.record.id for answer in accepting.accept_batch(submissions, actor=who)]  # type: ignore[union-attr]


def film(user_id: Any, events: int = 2, sessions: int = 1) -> list[Any]:
    """Ended sessions of a person, each with its windows; their ids."""
    ids = [uuid4() for _ in range(sessions)]
    began = clock.now() - timedelta(hours=2)
    facts = {"session_type": "CHECK_IN", "client_platform": "WEB", "status": "ENDED", "started_at": began}
    db.session.execute(
        insert(VideoSession), [{"id": i, "user_id": user_id, "stream_session_id": i.hex, **facts} for i in ids]
    )
    outcome = {
        "risk_level": "LOW",
        "confidence": 0.5,
        "signals": {"presence": 1},
        "model_version": "m",
        "latency_ms": 5,
    }
    windows = [
        {"id": uuid4(), "session_id": i, "user_id": user_id, "event_at": began + timedelta(seconds=n), **outcome}
        for i in ids
        for n in range(events)
    ]
    db.session.execute(insert(VideoAnalysisEvent), windows)
    db.session.commit()
    return ids


def everything(app: Flask) -> str:
    """Every row of every table as text."""
    with db.engine.connect() as connection:
        tables = connection.scalars(
            text("SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname = 'public'")
        ).all()
        return "\n".join(
            str(row) for table in tables for row in connection.scalars(text(f"SELECT t::text FROM {table} t"))
        )
