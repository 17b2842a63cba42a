"""People who submit texts: alice owns them, carol is the stranger, a SERVICE submits for others."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.test import TestResponse

from quietus.core.extensions import db
from tests.factories import make_user, sign_in

CALM = "The tea was good and the train came on time."


class Caller:
    """A signed-in account on a client of its own."""

    def __init__(self, app: Flask, email: str, roles: tuple[str, ...]) -> None:
        self.user = make_user(email, roles)
        self.client: FlaskClient = app.test_client()
        self.headers = sign_in(self.client, email)

    def get(self, path: str, **options: Any) -> TestResponse:
        return self.client.get(path, **options)

    def post(self, path: str, body: Any = None, **headers: str) -> TestResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.post(path, json=body, headers=self.headers | named)

    def delete(self, path: str) -> TestResponse:
        return self.client.delete(path, headers=self.headers)

    def submit(self, words: str = CALM, **fields: Any) -> TestResponse:
        return self.post("/api/v1/analyses", {"text": words, **fields})

    def form(self, path: str, **fields: str) -> TestResponse:
        return self.client.post(path, data={"csrf_token": self.headers["X-CSRFToken"], **fields})


@pytest.fixture
def caller(app: Flask) -> Callable[..., Caller]:
    def make(email: str = "alice@example.org", *roles: str) -> Caller:
        return Caller(app, email, roles or ("USER",))

    return make


@pytest.fixture
def alice(caller: Callable[..., Caller]) -> Caller:
    return caller()


@pytest.fixture
def carol(caller: Callable[..., Caller]) -> Caller:
    return caller("carol@example.org")


@pytest.fixture
def recorded(app: Flask) -> Callable[..., None]:
    """Give every waiting text this outcome, as a worker would have."""

    def write(label: str = "LOW", confidence: float = 0.9) -> None:
        db.session.execute(
            text(
                "UPDATE analysis_records SET predicted_label = :label, confidence = :confidence, "
                "model_version = 'test-1', analyzed_at = clock_timestamp() WHERE predicted_label = 'PENDING'"
            ),
            {"label": label, "confidence": confidence},
        )
        db.session.commit()

    return write
