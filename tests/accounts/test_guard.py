"""The gate: deny by default, no forged writes, and public pages even with the database down."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from quietus.core.access import requires
from tests.accounts.conftest import Browser, bearer
from tests.factories import PASSWORD, make_user

NOWHERE = "postgresql+psycopg://nobody@127.0.0.1:1/nothing"
LOGIN = {"email": "alice@example.org", "password": PASSWORD}


@pytest.fixture
def without_database(make_app: Callable[..., Flask], clean: None) -> FlaskClient:
    return make_app(database_url=NOWHERE).test_client()


def test_a_view_that_says_nothing_does_not_exist(make_app: Callable[..., Flask], clean: None) -> None:
    app = make_app()
    app.add_url_rule("/forgotten", "forgotten", lambda: "secret")
    app.add_url_rule("/empty", "empty", requires()(lambda: "secret"))
    for path in ("/forgotten", "/empty"):
        answer = app.test_client().get(path)
        assert answer.status_code == 404
        assert "secret" not in answer.text


def test_a_program_without_a_sign_in_is_told_how(client: FlaskClient) -> None:
    answer = client.get("/api/v1/auth/me")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert answer.content_type == "application/problem+json"
    assert answer.json["code"] == "unauthenticated"


def test_a_person_is_led_to_sign_in_and_back(client: FlaskClient, browser: Callable[[], Browser]) -> None:
    make_user()
    answer = client.get("/auth/account?from=é&x=1")
    assert answer.status_code == 303
    assert answer.location == "/auth/sign-in?next=/auth/account?from%3D%25C3%25A9%26x%3D1"
    answer = client.get("/history?source=API")
    page = client.get(answer.location).text
    assert 'value="/history?source=API"' in page
    back = browser().submit("/auth/sign-in", **LOGIN, next="/history?source=API")
    assert back.location == "/history?source=API"


def test_a_page_fragment_sends_the_whole_page_to_sign_in(client: FlaskClient) -> None:
    answer = client.get("/history", headers={"HX-Request": "true"})
    assert answer.status_code == 401
    assert answer.headers["HX-Redirect"] == "/auth/sign-in"


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_an_unknown_method_is_no_way_in(client: FlaskClient, method: str) -> None:
    assert getattr(client, method)("/auth/account").status_code == 405


def test_without_the_csrf_token_nothing_is_written(
    browser: Callable[[], Browser], rows: Callable[..., list[object]]
) -> None:
    make_user()
    alice = browser()
    alice.sign_in()
    body = {"name": "intake", "scopes": ["me"], "days": 1}
    for headers in ({}, {"X-CSRFToken": "forged"}, {"X-CSRFToken": browser().csrf()}):
        answer = alice.client.post("/api/v1/auth/tokens", json=body, headers=headers)
        assert (answer.status_code, answer.json["code"]) == (403, "csrf_failed")
    assert alice.client.post("/auth/sign-out-everywhere").status_code == 403
    assert alice.is_signed_in()
    assert rows("SELECT 1 FROM audit_logs WHERE action = 'token:issued'") == []


@pytest.mark.parametrize("path", ["/api/v1/auth/login", "/api/v1/auth/register"])
def test_another_site_cannot_sign_its_visitor_in(client: FlaskClient, path: str) -> None:
    make_user("mallory@example.org")
    body = {"email": "mallory@example.org", "password": PASSWORD}
    if path.endswith("register"):
        body |= {"email": "new@example.org", "full_name": "New Example"}
    answer = client.post(path, json=body)
    assert (answer.status_code, answer.json["code"]) == (403, "csrf_failed")
    assert client.get("/api/v1/auth/me").status_code == 401


@pytest.mark.parametrize("path", ["/auth/sign-in", "/auth/register", "/auth/forgot"])
def test_another_sites_form_is_refused_on_pages_too(client: FlaskClient, path: str) -> None:
    make_user()
    assert client.post(path, data={**LOGIN, "full_name": "Alice Example"}).status_code == 403


def test_the_csrf_token_of_before_signing_in_is_dead_after_it(browser: Callable[[], Browser]) -> None:
    make_user()
    alice = browser()
    before = alice.csrf()
    fresh = alice.sign_in().json["csrf_token"]
    tokens = "/api/v1/auth/tokens"
    body = {"name": "intake", "scopes": ["me"], "days": 1}
    assert alice.client.post(tokens, json=body, headers={"X-CSRFToken": before}).status_code == 403
    assert alice.client.post(tokens, json=body, headers={"X-CSRFToken": fresh}).status_code == 201


def test_a_dead_token_does_not_excuse_from_csrf(browser: Callable[[], Browser]) -> None:
    make_user()
    alice = browser()
    alice.sign_in()
    answer = alice.client.post("/api/v1/auth/login", json=LOGIN, headers=bearer("qt_made-up"))
    assert answer.json["code"] == "csrf_failed"
    # and the cookie beside a dead token counts for nothing
    answer = alice.client.get("/api/v1/auth/me", headers=bearer("qt_made-up"))
    assert (answer.status_code, answer.json["code"]) == (401, "token_dead")


def test_it_lacks_the_right_is_said_apart_from_not_signed_in(make_app: Callable[..., Flask], clean: None) -> None:
    app = make_app()
    app.add_url_rule("/api/v1/admins", "admins", requires("manage_users")(lambda: "users"))
    with app.app_context():
        make_user()
        make_user("dora@example.org", roles=("ADMIN",))
    alice, dora = Browser(app), Browser(app)
    alice.sign_in()
    dora.sign_in("dora@example.org")
    assert alice.get("/api/v1/admins").status_code == 403
    assert dora.get("/api/v1/admins").text == "users"


@pytest.mark.parametrize("path", ["/", "/help", "/auth/sign-in", "/auth/register", "/auth/forgot", "/healthz"])
def test_public_pages_are_shown_with_the_database_down(
    without_database: FlaskClient, browser: Callable[[], Browser], path: str
) -> None:
    make_user()
    alice = browser()
    alice.sign_in()
    without_database.set_cookie("quietus_session", alice.cookie())
    assert without_database.get(path).status_code == 200


def test_what_needs_an_account_waits_for_the_database(
    without_database: FlaskClient, browser: Callable[[], Browser]
) -> None:
    make_user()
    alice = browser()
    alice.sign_in()
    without_database.set_cookie("quietus_session", alice.cookie())
    answer = without_database.get("/api/v1/auth/me")
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) >= 1
    # the page does not lead to sign in: nobody was signed out
    assert without_database.get("/auth/account").status_code == 503


def test_signing_out_clears_the_browser_even_with_the_database_down(
    without_database: FlaskClient, browser: Callable[[], Browser]
) -> None:
    make_user()
    alice = browser()
    alice.sign_in()
    csrf = alice.csrf()
    without_database.set_cookie("quietus_session", alice.cookie())
    answer = without_database.post("/api/v1/auth/logout", headers={"X-CSRFToken": csrf})
    assert answer.status_code == 503
    assert "signed out in this browser" in answer.json["detail"]
    assert without_database.get_cookie("quietus_session") is None
