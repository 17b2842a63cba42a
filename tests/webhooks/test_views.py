"""Admins see who is told and what arrived, send a test, and send again what was given up; nobody else does."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask

from quietus.core.extensions import db
from quietus.webhooks import delivering, service
from quietus.webhooks.delivering import deliver
from tests.privacy.conftest import Caller
from tests.review.conftest import later
from tests.webhooks.conftest import noted, read_texts, wakened
from tests.webhooks.receiver import SECRET, Receiver

DELIVERIES = "/api/v1/webhooks/deliveries"


@pytest.fixture
def root(told_desk: Flask) -> Caller:
    return Caller(told_desk, "root@example.org", ("ADMIN",))


@pytest.fixture
def given_up(told_desk: Flask, alice: Any, ward: Receiver) -> Any:
    """A text of which the receiver wanted to hear nothing; its id."""
    ward.manner = 410
    (analysis_id,) = read_texts(alice)
    deliver(everything=False)
    ward.manner = 204
    return analysis_id


def test_the_endpoints_show_without_their_secrets(root: Caller, ward: Receiver) -> None:
    answer = root.get("/api/v1/webhooks")
    host = f"127.0.0.1:{ward.server_port}"
    (endpoint,) = answer.json["items"]
    assert (endpoint["name"], endpoint["host"]) == ("ward", host)
    for shown in (answer.text, root.get("/admin/webhooks").text):
        assert host in shown and "for-the-ward-only" not in shown and SECRET not in shown


def test_every_try_is_listed(root: Caller, given_up: Any, alice: Any) -> None:
    read_texts(alice, "The kettle sang and nobody else was home.")
    wakened(root.client.application)
    deliver(everything=False)
    items = root.get(DELIVERIES).json["items"]
    assert [(one["delivered"], one["status"], one["reason"], one["again"]) for one in items] == [
        (True, 204, None, False),
        (False, 410, "status", True),
    ]
    assert items[1]["about"] == str(given_up)
    assert [one["id"] for one in root.get(f"{DELIVERIES}?failed_only=true").json["items"]] == [items[1]["id"]]
    first = root.get(f"{DELIVERIES}?limit=1").json
    second = root.get(f"{DELIVERIES}?limit=1&cursor={first['next_cursor']}").json
    assert [first["items"][0]["id"], second["items"][0]["id"]] == [one["id"] for one in items]
    assert second["next_cursor"] is None
    assert root.get(f"{DELIVERIES}?cursor=elsewhere").status_code == 422


def test_what_was_given_up_is_sent_again_under_its_id(root: Caller, given_up: Any, ward: Receiver) -> None:
    page = root.get("/admin/webhooks").text
    assert "Given up" in page and ">Send again<span" in page
    answer = root.form(f"/admin/webhooks/ward/deliveries/{given_up}/again")
    assert answer.status_code == 303
    wakened(root.client.application)
    deliver(everything=False)
    first, second = ward.told
    assert (first.id, first.body) == (second.id, second.body)
    assert ">Send again<span" not in root.get("/admin/webhooks").text
    (asked,) = noted("webhook:retried")
    assert (asked["user_id"], asked["metadata"]) == (root.user.id, {"endpoint": "ward", "about": str(given_up)})
    # it arrived: asking once more is refused
    assert root.post(f"/api/v1/webhooks/ward/deliveries/{given_up}/again").status_code == 409


def test_even_old_news_is_sent_when_somebody_asks(root: Caller, told_desk: Flask, alice: Any, ward: Receiver) -> None:
    (analysis_id,) = read_texts(alice)
    with later(days=3, hours=1):
        deliver(everything=True)
        service.send_again("ward", analysis_id, actor=None)
        deliver(everything=False)
    assert len(ward.told) == 1


def test_sending_again_what_is_not_there_is_404(root: Caller) -> None:
    assert root.post(f"/api/v1/webhooks/ward/deliveries/{uuid4()}/again").status_code == 404
    assert root.post(f"/api/v1/webhooks/nobody/deliveries/{uuid4()}/again").status_code == 404
    assert root.post("/api/v1/webhooks/nobody/test").status_code == 404


def test_a_test_is_sent_and_listed(root: Caller, told_desk: Flask, ward: Receiver) -> None:
    assert root.post("/api/v1/webhooks/ward/test").status_code == 204
    told_desk.extensions["celery"].tasks["webhooks.test"]("ward")  # what the worker does with it
    assert ward.told[0].json["type"] == "webhook.test"
    (one,) = root.get(DELIVERIES).json["items"]
    assert (one["type"], one["about"], one["delivered"], one["again"]) == ("webhook.test", None, True, False)
    assert "a test" in root.get("/admin/webhooks").text


def test_the_command_says_what_came_of_a_test(told_desk: Flask, ward: Receiver) -> None:
    runner = told_desk.test_cli_runner()
    good = runner.invoke(args=["quietus", "webhooks", "test", "ward"])
    assert good.exit_code == 0 and good.output.startswith("ward: delivered, status 204")
    ward.manner = 500
    bad = runner.invoke(args=["quietus", "webhooks", "test", "ward"])
    assert bad.exit_code == 1 and "status, status 500" in bad.output
    assert runner.invoke(args=["quietus", "webhooks", "test", "nobody"]).exit_code == 1
    listed = runner.invoke(args=["quietus", "webhooks", "list"]).output
    assert listed.startswith("ward 127.0.0.1") and SECRET not in listed
    made = runner.invoke(args=["quietus", "webhooks", "secret"]).output.strip()
    assert made.startswith("whsec_") and len(made) == 50


@pytest.mark.parametrize("role", ["USER", "CLINICIAN", "ANALYST", "AUDITOR", "SERVICE"])
def test_it_is_for_admins(told_desk: Flask, role: str) -> None:
    caller = Caller(told_desk, "carol@example.org", (role,))
    assert caller.get("/api/v1/webhooks").status_code == 403
    assert caller.get("/admin/webhooks").status_code == 403
    assert caller.post("/api/v1/webhooks/ward/test").status_code == 403


def test_a_desk_without_webhooks_says_so(make_app: Callable[..., Flask], clean: None) -> None:
    app = make_app()
    with app.app_context():
        caller = Caller(app, "root@example.org", ("ADMIN",))
        assert "Nobody is told" in caller.get("/admin/webhooks").text
        assert delivering.deliver(everything=True) is False
        db.session.remove()


def test_pages_say_that_a_program_is_told(told_desk: Flask, client_of: Callable[[Flask], Any]) -> None:
    assert "but never what you wrote" in client_of(told_desk).get("/").text
    assert "called or told" not in client_of(told_desk).get("/").text


@pytest.fixture
def client_of() -> Callable[[Flask], Any]:
    return lambda app: app.test_client()
