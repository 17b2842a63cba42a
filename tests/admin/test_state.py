"""Admins see how the desk is doing, and are told when its background work stands still."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from quietus.core import clock
from quietus.core.health import HEARTBEAT_KEY, HEARTBEAT_OLD_SECONDS, migration_head, note_heartbeat
from quietus.core.languages import COOKIE
from tests.factories import make_user, sign_in

WARNING = "gone quiet"


@pytest.fixture
def admin(client: FlaskClient) -> FlaskClient:
    make_user("root@example.org", ("ADMIN",))
    sign_in(client, "root@example.org")
    return client


def test_the_state_page_names_the_parts(admin: FlaskClient) -> None:
    page = admin.get("/admin/state").text
    assert migration_head() in page
    assert "analysis 0, events 0" in page
    assert "none answers: texts are kept and wait" in page
    assert "no day yet" in page


def test_the_state_page_says_when_a_worker_last_looked(app: Flask, admin: FlaskClient) -> None:
    app.extensions["celery"].tasks["analysis.record_pending"]()
    assert "1 second ago" in admin.get("/admin/state").text
    admin.set_cookie(COOKIE, "de")
    assert re.search(r"vor \d Sekunden?<", admin.get("/admin/state").text)


def test_it_stands_when_the_broker_is_away(make_app: Callable[..., Flask], app: Flask) -> None:
    lonely = make_app(redis_url="redis://127.0.0.1:9/0").test_client()
    make_user("root@example.org", ("ADMIN",))
    sign_in(lonely, "root@example.org")
    page = lonely.get("/admin/state")
    assert page.status_code == 200
    assert "check-ins are kept and wait" in page.text


def test_admins_are_told_on_every_page_when_the_heartbeat_is_old(
    app: Flask, admin: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.extensions, "started_at", clock.now())
    assert WARNING not in admin.get("/help").text, "a desk that just started has had no time for it"
    note_heartbeat()
    assert WARNING not in admin.get("/help").text
    old = clock.now().timestamp() - HEARTBEAT_OLD_SECONDS - 1
    app.extensions["broker"].set(HEARTBEAT_KEY, str(old))
    for path in ("/help", "/history", "/auth/account", "/admin/state"):
        assert WARNING in admin.get(path).text
    app.extensions["broker"].delete(HEARTBEAT_KEY)
    monkeypatch.setitem(app.extensions, "started_at", clock.now() - timedelta(hours=1))
    assert WARNING in admin.get("/help").text, "never heard of, and it should have been"


@pytest.mark.parametrize("role", ["USER", "CLINICIAN", "ANALYST", "AUDITOR", "SERVICE"])
def test_nobody_else_sees_either(app: Flask, client: FlaskClient, role: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.extensions, "started_at", clock.now() - timedelta(hours=1))
    make_user("other@example.org", (role,))
    sign_in(client, "other@example.org")
    assert client.get("/admin/state").status_code == 403
    assert WARNING not in client.get("/").text


def test_the_first_admin_is_made_once(app: Flask, rows: Any) -> None:
    first = app.test_cli_runner().invoke(args=["quietus", "prepare"])
    second = app.test_cli_runner().invoke(args=["quietus", "prepare"])
    assert first.exit_code == second.exit_code == 0, first.output + second.output
    assert first.output.startswith("ADMIN admin@localhost ")
    assert second.output == ""
    assert rows("SELECT email FROM users") == [{"email": "admin@localhost"}]
