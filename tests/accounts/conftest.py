"""A browser of one's own: cookies, the CSRF token, and forms as a page sends them."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, cast
from unittest.mock import patch

import pytest
from flask import Flask
from flask.testing import FlaskClient

from quietus.core import clock
from tests.factories import PASSWORD

COOKIE = "quietus_session"


class Browser:
    """Someone at a browser: keeps cookies, sends the CSRF token of its session with every write."""

    def __init__(self, app: Flask) -> None:
        self.client: FlaskClient = app.test_client()

    def get(self, path: str, **options: Any) -> Any:
        return self.client.get(path, **options)

    def csrf(self) -> str:
        return str(self.client.get("/api/v1/auth/csrf").json["csrf_token"])

    def post(self, path: str, body: dict[str, Any] | None = None, method: str = "POST") -> Any:
        """A JSON write."""
        return self.client.open(path, method=method, json=body, headers={"X-CSRFToken": self.csrf()})

    def submit(self, path: str, **fields: Any) -> Any:
        """A form write."""
        return self.client.post(path, data={**fields, "csrf_token": self.csrf()})

    def sign_in(self, email: str = "alice@example.org", password: str = PASSWORD) -> Any:
        return self.post("/api/v1/auth/login", {"email": email, "password": password})

    def is_signed_in(self) -> bool:
        return bool(self.get("/api/v1/auth/me").status_code == 200)

    def cookie(self) -> str:
        found = self.client.get_cookie(COOKIE)
        assert found is not None
        return str(found.value)

    def with_cookie(self, value: str) -> "Browser":
        self.client.set_cookie(COOKIE, value)
        return self

    def issue_token(self, *scopes: str, days: int = 7, name: str = "intake") -> str:
        answer = self.post("/api/v1/auth/tokens", {"name": name, "scopes": list(scopes), "days": days})
        assert answer.status_code == 201, answer.text
        return str(answer.json["token"])


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture
def browser(app: Flask) -> Callable[[], Browser]:
    return lambda: Browser(app)


@pytest.fixture
def later() -> Any:
    """`with later(minutes=61):` runs its block at that distance from now."""

    @contextmanager
    def shift(**distance: float) -> Iterator[None]:
        real = clock.now
        with patch.object(clock, "now", lambda: real() + timedelta(**distance)):
            yield

    return shift


@pytest.fixture
def outbox(app: Flask, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The mails that went out, kept in memory instead of printed."""
    state = app.extensions["mailman"]
    monkeypatch.setattr(state, "backend", "locmem")
    monkeypatch.setattr(state, "outbox", [], raising=False)
    return cast(list[Any], state.outbox)


@pytest.fixture
def mailed_link(app: Flask, outbox: list[Any]) -> Callable[[Any], str]:
    """Has the reset mail sent to an account and answers the path of its link."""

    def send(user: Any) -> str:
        app.extensions["celery"].tasks["mail.send"]("password_reset", str(user.id))
        found = re.search(r"https?://[^/]+(/auth/reset/\S+)", outbox[-1].body)
        assert found
        return found[1]

    return send
