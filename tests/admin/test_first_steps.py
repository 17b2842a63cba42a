"""An admin of a new desk sees what to do next, read from how the desk is, until it is done or closed."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from quietus.accounts.identity import Principal
from quietus.admin import first_steps
from quietus.audit import service as audit
from quietus.audit.tags import Action
from quietus.core import clock
from quietus.core.extensions import db
from tests.factories import make_user, principal, sign_in

TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
SECRET = "d41d8cd98f"


@pytest.fixture
def root(app: Flask) -> Principal:
    return principal(make_user("root@example.org", ("ADMIN",)))


@pytest.fixture
def admin(root: Principal, client: FlaskClient) -> FlaskClient:
    sign_in(client, "root@example.org")
    return client


def states() -> dict[str, str]:
    return {step.name: step.state for step in first_steps.first_steps()}


def press(client: FlaskClient, path: str) -> Any:
    token = TOKEN.search(client.get("/admin/start").text)
    assert token
    return client.post(path, data={"csrf_token": token[1]})


def test_a_new_desk_has_everything_to_do(root: Principal) -> None:
    asked = ["second_admin", "clinician", "helplines", "escalation", "https", "mail", "backup"]
    assert [name for name, state in states().items() if state == "todo"] == asked
    assert [name for name, state in states().items() if state == "optional"] == ["registration", "webhooks", "demo"]


def test_a_step_is_done_when_the_desk_says_so(root: Principal) -> None:
    other = make_user("second@example.org", ("ADMIN",))
    make_user("bob@example.org", ("CLINICIAN",))
    audit.record(Action.BACKUP_MADE, actor=None, resource_type="backup", resource_id=None)
    db.session.commit()
    first_steps.note_helplines_checked(actor=root.id)
    done = {name for name, state in states().items() if state == "done"}
    assert done == {"second_admin", "clinician", "backup", "helplines"}
    other.is_active = False
    db.session.commit()
    assert states()["second_admin"] == "todo"


def test_an_old_backup_and_older_helplines_are_to_be_done_again(
    root: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    audit.record(Action.BACKUP_MADE, actor=None, resource_type="backup", resource_id=None)
    audit.record(Action.HELPLINES_CHECKED, actor=root.id, resource_type="helplines", resource_id="2020-01-01")
    db.session.commit()
    assert states()["helplines"] == "todo"
    later = clock.now() + timedelta(days=3)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert states()["backup"] == "todo"


def test_settings_finish_their_steps_and_no_secret_is_shown(make_app: Callable[..., Flask], app: Flask) -> None:
    ready = make_app(
        public_url="https://desk.example.org",
        mail_backend="smtp",
        mail_password=SECRET,
        registration="closed",
        escalation=[{"after_minutes": 5, "urls": [f"mailto://{SECRET}@example.org"]}],
    )
    make_user("root@example.org", ("ADMIN",))
    with ready.app_context():
        assert {states()[name] for name in ("https", "mail", "escalation")} == {"done"}
    client = ready.test_client()
    sign_in(client, "root@example.org")
    page = client.get("/admin/start", base_url="https://desk.example.org").text
    assert SECRET not in page


def test_it_stands_instead_of_the_home_page_until_it_is_closed(admin: FlaskClient) -> None:
    assert (admin.get("/").location, admin.get("/admin").location) == ("/admin/start", "/admin/start")
    assert press(admin, "/admin/start/close").location == "/admin/state"
    assert (admin.get("/").status_code, admin.get("/admin").location) == (200, "/admin/state")
    assert 'href="/admin/start"' in admin.get("/admin/state").text


def test_it_stands_in_nobody_elses_way(app: Flask, root: Principal) -> None:
    make_user("bob@example.org", ("CLINICIAN",))
    for email in (None, "bob@example.org"):
        client = app.test_client()
        if email:
            sign_in(client, email)
        assert client.get("/").status_code == 200


def test_who_checked_the_helplines_is_in_the_audit(admin: FlaskClient, root: Principal) -> None:
    assert press(admin, "/admin/start/helplines").location == "/admin/start"
    found = audit.newest(Action.HELPLINES_CHECKED)
    assert found is not None
    assert found.user_id == root.id
    assert 'class="step step-done" data-step="helplines"' in admin.get("/admin/start").text
