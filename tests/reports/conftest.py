"""People who ask for reports, and texts and windows to report on. bob is the clinician, ann the analyst."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID, uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from quietus.core.extensions import db
from tests.factories import make_user, principal, sign_in

BEGAN = datetime.fromisoformat("2026-11-02T08:00:00+00:00")
PERIOD = {"from": "2026-11-01", "to": "2026-11-10"}


class Caller:
    """A signed-in account on a client of its own."""

    def __init__(self, app: Flask, email: str, *roles: str) -> None:
        self.user = make_user(email, roles)
        self.principal = principal(self.user)
        self.client: FlaskClient = app.test_client()
        self.headers = sign_in(self.client, email)

    def get(self, path: str, **options: Any) -> Any:
        return self.client.get(path, **options)

    def post(self, path: str, body: Any = None) -> Any:
        return self.client.post(path, json=body, headers=self.headers)

    def delete(self, path: str) -> Any:
        return self.client.delete(path, headers=self.headers)

    def form(self, path: str, **fields: str) -> Any:
        return self.client.post(path, data={"csrf_token": self.headers["X-CSRFToken"], **fields})


@pytest.fixture
def bob(app: Flask) -> Caller:
    return Caller(app, "bob@example.org", "CLINICIAN")


@pytest.fixture
def ann(app: Flask) -> Caller:
    return Caller(app, "ann@example.org", "ANALYST")


@pytest.fixture
def carol(app: Flask) -> Caller:
    return Caller(app, "carol@example.org", "CLINICIAN")


@pytest.fixture
def texts(app: Flask) -> Callable[..., list[UUID]]:
    """Store texts that were read, one every hour from BEGAN on, by people in turn; the ids of these people."""

    def store(number: int = 12, *, people: int = 6, source: str = "API", label: str | None = None) -> list[UUID]:
        owners = [make_user(f"person-{uuid4().hex[:8]}@example.org").id for _ in range(people)]
        for place in range(number):
            at = BEGAN + timedelta(hours=place)
            db.session.execute(
                text(
                    "INSERT INTO analysis_records VALUES (:id, :owner, 'A made-up sentence.', :source, :label, "
                    ":confidence, 'test-1', 7, :at, :at, :request)"
                ),
                {
                    "id": uuid4(),
                    "owner": owners[place % people],
                    "source": source,
                    "label": label or ("LOW", "MODERATE", "HIGH")[place % 3],
                    "confidence": 0.5 + (place % 5) / 10,
                    "at": at,
                    "request": uuid4(),
                },
            )
        db.session.commit()
        return owners

    return store


@pytest.fixture
def outbox(app: Flask, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The mails that went out, kept in memory instead of printed."""
    state = app.extensions["mailman"]
    monkeypatch.setattr(state, "backend", "locmem")
    monkeypatch.setattr(state, "outbox", [], raising=False)
    return cast(list[Any], state.outbox)
