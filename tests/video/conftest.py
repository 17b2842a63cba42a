"""People in front of a camera: alice holds sessions, carol is the stranger, a SERVICE is the agent."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.test import TestResponse

from quietus.core.extensions import db
from quietus.video.notice import notice
from tests.factories import make_user, sign_in

SESSIONS = "/api/v1/video/sessions"


def consent(**changes: Any) -> dict[str, Any]:
    return {"version": notice().version, "accepted": True} | changes


def event(**changes: Any) -> dict[str, Any]:
    """An event as a client sends it."""
    return {
        "id": str(uuid4()),
        "event_at": datetime.now(UTC).isoformat(),
        "risk_level": "LOW",
        "confidence": 0.8,
        "signals": {"presence": 0.98, "face": True, "light": "dim"},
        "model_version": "camera-1",
        "latency_ms": 40,
    } | changes


class Person:
    """A signed-in account on a client of its own."""

    def __init__(self, app: Flask, email: str, roles: tuple[str, ...]) -> None:
        self.user = make_user(email, roles)
        self.client: FlaskClient = app.test_client()
        self.headers = sign_in(self.client, email)

    def get(self, path: str) -> TestResponse:
        return self.client.get(path)

    def post(self, path: str, body: Any = None) -> TestResponse:
        return self.client.post(path, json=body, headers=self.headers)

    def delete(self, path: str) -> TestResponse:
        return self.client.delete(path, headers=self.headers)

    def start(self, **changes: Any) -> TestResponse:
        body = {"session_type": "CHECK_IN", "client_platform": "WEB", "consent": consent()} | changes
        return self.post(SESSIONS, {name: value for name, value in body.items() if value is not None})

    def session(self, **changes: Any) -> str:
        """A started session's address."""
        answer = self.start(**changes)
        assert answer.status_code == 201, answer.text
        return f"{SESSIONS}/{answer.json['id']}"

    def send(self, session: str, *events: Any) -> TestResponse:
        return self.post(f"{session}/events", {"events": list(events)})


@pytest.fixture
def person(app: Flask) -> Callable[..., Person]:
    def make(email: str = "alice@example.org", *roles: str) -> Person:
        return Person(app, email, roles or ("USER",))

    return make


@pytest.fixture
def alice(person: Callable[..., Person]) -> Person:
    return person()


@pytest.fixture
def carol(person: Callable[..., Person]) -> Person:
    return person("carol@example.org")


@pytest.fixture
def agent(person: Callable[..., Person]) -> Person:
    return person("agent@example.org", "SERVICE")


@pytest.fixture
def shift(app: Flask) -> Callable[..., None]:
    """Moves sessions and their events into the past, as if the time had passed."""

    def move(**back: float) -> None:
        values = {"back": timedelta(**back)}
        db.session.execute(
            text("UPDATE video_sessions SET started_at = started_at - :back, ended_at = ended_at - :back"), values
        )
        db.session.execute(text("UPDATE video_analysis_events SET event_at = event_at - :back"), values)
        db.session.commit()

    return move
