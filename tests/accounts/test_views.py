"""The account pages as a person meets them, without JavaScript."""

import re
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from quietus.accounts.permissions import SCOPES
from tests.accounts.conftest import Browser, bearer
from tests.factories import PASSWORD, make_user, sign_in

NEW = "seven umbrellas over the canal"


@pytest.fixture
def alice(browser: Callable[[], Browser]) -> Browser:
    make_user()
    found = browser()
    found.sign_in()
    return found


def test_registering_leads_straight_to_the_first_check_in(browser: Callable[[], Browser]) -> None:
    person = browser()
    answer = person.submit("/auth/register", email="new@example.org", full_name="New Example", password=PASSWORD)
    assert (answer.status_code, answer.location) == (303, "/check-in")
    assert person.is_signed_in()


def test_what_is_wrong_stands_beside_its_field(browser: Callable[[], Browser]) -> None:
    answer = browser().submit("/auth/register", email="x", full_name="New Example", password="short")
    assert answer.status_code == 422
    assert "This is not an e-mail address." in answer.text
    assert "Use at least 15 characters." in answer.text
    assert 'value="New Example"' in answer.text
    assert "short" not in re.findall(r'value="([^"]*)"', answer.text)


def test_a_taken_address_is_said(browser: Callable[[], Browser]) -> None:
    make_user()
    answer = browser().submit("/auth/register", email="alice@example.org", full_name="Al", password=NEW)
    assert answer.status_code == 422
    assert "already an account" in answer.text


def test_signing_in_leads_to_where_one_wanted_to_go(browser: Callable[[], Browser]) -> None:
    make_user()
    fields = {"email": "alice@example.org", "password": PASSWORD}
    assert browser().submit("/auth/sign-in", **fields, next="/history").location == "/history"
    assert browser().submit("/auth/sign-in", **fields).location == "/check-in"


@pytest.mark.parametrize("target", ["https://evil.example", "//evil.example", "/\\evil.example", "/\t/evil.example"])
def test_signing_in_leads_to_no_other_site(browser: Callable[[], Browser], target: str) -> None:
    make_user()
    fields = {"email": "alice@example.org", "password": PASSWORD}
    assert browser().submit("/auth/sign-in", **fields, next=target).location == "/check-in"
    person = browser()
    page = person.client.get("/auth/sign-in", query_string={"next": target})
    assert page.status_code == 200
    answer = person.client.post(
        "/auth/sign-in", query_string={"next": target}, data={**fields, "csrf_token": person.csrf()}
    )
    assert answer.location == "/check-in"


def test_an_auditor_who_cannot_be_asked_to_check_in_goes_home(browser: Callable[[], Browser]) -> None:
    make_user("robot@example.org", roles=("SERVICE",))
    answer = browser().submit("/auth/sign-in", email="robot@example.org", password=PASSWORD)
    assert answer.location == "/"


def test_a_wrong_password_is_said_without_saying_which_part(browser: Callable[[], Browser]) -> None:
    make_user()
    pages = [
        browser().submit("/auth/sign-in", email=email, password=NEW)
        for email in ("alice@example.org", "nobody@example.org")
    ]
    for page in pages:
        assert page.status_code == 422
        assert "The e-mail address or the password is not right." in page.text


def test_signing_out_leads_home(alice: Browser) -> None:
    assert alice.submit("/auth/sign-out").location == "/"
    assert not alice.is_signed_in()


def test_changing_the_password(alice: Browser, browser: Callable[[], Browser]) -> None:
    wrong = alice.submit("/auth/password", current_password=NEW, new_password=NEW)
    assert wrong.status_code == 422
    assert "This is not your password." in wrong.text
    assert alice.submit("/auth/password", current_password=PASSWORD, new_password=NEW).location == "/auth/account"
    assert alice.is_signed_in()
    assert browser().sign_in(password=NEW).status_code == 200


def test_a_token_is_shown_once_and_revoked(alice: Browser, app: Flask) -> None:
    page = alice.submit("/auth/tokens", name="intake-form", scopes=["analyses", "me"], days="7")
    assert page.status_code == 200
    token = re.search(r'value="(qt_[^"]+)"', page.text)
    assert token
    assert app.test_client().get("/api/v1/auth/me", headers=bearer(token[1])).status_code == 200
    later = alice.get("/auth/account")
    assert "intake-form" in later.text
    assert "qt_" not in later.text
    path = re.search(r'action="(/auth/tokens/[^"]+/revoke)"', later.text)
    assert path
    assert alice.submit(path[1]).status_code == 303
    assert app.test_client().get("/api/v1/auth/me", headers=bearer(token[1])).status_code == 401
    assert "intake-form" not in alice.get("/auth/account").text


@pytest.mark.parametrize(
    "fields",
    [
        {"name": "Alice Winter", "scopes": ["me"], "days": "7"},
        {"name": "intake", "days": "7"},
        {"name": "intake", "scopes": ["everything"], "days": "7"},
        {"name": "intake", "scopes": ["me"], "days": "many"},
        {"name": "intake", "scopes": ["me"], "days": "9999999999999999999999"},
        {"name": "", "scopes": ["me"], "days": ""},
    ],
)
def test_a_token_that_cannot_be_made_is_explained(alice: Browser, fields: dict[str, Any]) -> None:
    page = alice.submit("/auth/tokens", **fields)
    assert page.status_code == 422
    assert "Something needs your attention" in page.text
    assert "qt_" not in page.text


def test_every_scope_can_be_chosen_on_the_page(alice: Browser) -> None:
    page = alice.get("/auth/account").text
    for scope in SCOPES:
        assert f'value="{scope}"' in page


@pytest.mark.parametrize("path", ["/auth/sign-in", "/auth/register", "/auth/forgot", "/auth/password"])
@pytest.mark.parametrize("value", ["\x00", "\ud800".encode("utf-8", "surrogatepass"), "é" * 1000, "\u202e", b"\xff"])
def test_odd_form_input_is_no_error(alice: Browser, path: str, value: str | bytes) -> None:
    names = ("email", "password", "full_name", "current_password", "new_password", "next")
    answer = alice.submit(path, **dict.fromkeys(names, value))
    assert answer.status_code in (200, 422)


@pytest.mark.parametrize("path", ["sign-in", "register", "forgot", "password", "tokens"])
def test_a_file_in_a_forms_field_is_not_its_value(
    alice: Browser, rows: Callable[..., list[dict[str, Any]]], path: str
) -> None:
    before = rows("SELECT id, password_hash FROM users"), rows("SELECT id FROM audit_logs")
    names = ("email", "password", "full_name", "current_password", "new_password", "next", "name", "scopes", "days")
    answer = alice.submit(f"/auth/{path}", **{name: (BytesIO(b"x"), "a") for name in names})
    assert answer.status_code == 422
    assert (rows("SELECT id, password_hash FROM users"), rows("SELECT id FROM audit_logs")) == before


def test_a_form_that_is_not_utf8_is_refused(browser: Callable[[], Browser]) -> None:
    person = browser()
    body = f"csrf_token={person.csrf()}&email=new%40example.org&password=a+quiet+harbour&full_name=Ren%E9"
    answer = person.client.post("/auth/register", data=body, content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 422
    assert not person.is_signed_in()


def test_forgetting_says_what_happens_next(browser: Callable[[], Browser]) -> None:
    answer = browser().submit("/auth/forgot", email="nobody@example.org")
    assert answer.status_code == 200
    assert "look at your mail" in answer.text
    assert browser().submit("/auth/forgot", email="").status_code == 422


def test_a_dead_link_offers_another(browser: Callable[[], Browser]) -> None:
    answer = browser().get("/auth/reset/made-up")
    assert answer.status_code == 410
    assert "Ask for a new one." in answer.text
    assert 'name="email"' in answer.text


def test_what_was_done_is_said_on_the_next_page(client: FlaskClient) -> None:
    make_user()
    headers = sign_in(client)
    left = client.post("/auth/sign-out-everywhere", data={"csrf_token": headers["X-CSRFToken"]}, follow_redirects=True)
    assert "You are signed out on every device" in left.text
