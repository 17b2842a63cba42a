"""The JSON calls of /auth: their answers, their documents, and any input at all without a 5xx."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.accounts.conftest import Browser
from tests.factories import PASSWORD, make_user

WIDE = dict.fromkeys(
    (
        "register_limit",
        "sign_in_limit",
        "sign_in_address_limit",
        "sign_in_account_limit",
        "sign_in_global_limit",
    ),
    "1000000 per hour",
)
GOOD = {"email": "new@example.org", "password": PASSWORD, "full_name": "New Example"}


def test_it_registers_and_signs_in(browser: Callable[[], Browser]) -> None:
    alice = browser()
    answer = alice.post("/api/v1/auth/register", {**GOOD, "email": " New@Example.ORG ", "full_name": " New  Example "})
    assert answer.status_code == 201
    user = answer.json["user"]
    assert set(user) == {"id", "email", "full_name"}
    assert (user["email"], user["full_name"]) == ("new@example.org", "New Example")
    assert alice.get("/api/v1/auth/me").json == {
        "user": user,
        "roles": ["USER"],
        "permissions": alice.get("/api/v1/auth/me").json["permissions"],
    }
    assert browser().sign_in("NEW@example.org").status_code == 200


def test_nobody_registers_as_more_than_a_user(browser: Callable[[], Browser]) -> None:
    answer = browser().post("/api/v1/auth/register", {**GOOD, "roles": ["ADMIN"]})
    assert answer.status_code == 422
    assert "roles" in answer.json["errors"]


def test_every_fault_is_named_at_once(browser: Callable[[], Browser]) -> None:
    answer = browser().post("/api/v1/auth/register", {"email": "x", "password": "short", "full_name": "1"})
    assert answer.status_code == 422
    assert set(answer.json["errors"]) == {"email", "password", "full_name"}


def test_signing_in_answers_with_the_token_for_writes(browser: Callable[[], Browser]) -> None:
    make_user()
    alice = browser()
    answer = alice.sign_in()
    assert set(answer.json) == {"user", "csrf_token"}
    assert answer.json["csrf_token"] == alice.csrf() or alice.client.post(
        "/api/v1/auth/logout", headers={"X-CSRFToken": answer.json["csrf_token"]}
    )
    assert "password" not in answer.text


def test_a_wrong_password_is_401_in_words_for_a_person(browser: Callable[[], Browser]) -> None:
    answer = browser().sign_in("nobody@example.org")
    assert answer.status_code == 401
    assert answer.json["code"] == "wrong_credentials"
    assert answer.json["detail"] == "The e-mail address or the password is not right."


def test_signing_out_twice_is_fine(browser: Callable[[], Browser]) -> None:
    make_user()
    alice = browser()
    alice.sign_in()
    assert [alice.post("/api/v1/auth/logout").status_code for _ in range(2)] == [204, 204]


def test_the_document_names_every_answer(client: FlaskClient) -> None:
    paths = client.get("/api/v1/openapi.json").json["paths"]
    login = paths["/api/v1/auth/login"]["post"]
    assert set(login["responses"]) >= {"200", "400", "401", "403", "422", "429", "503"}
    assert login["security"] == []
    assert set(paths["/api/v1/auth/register"]["post"]["responses"]) >= {"201", "409", "422", "429"}
    tokens = paths["/api/v1/auth/tokens"]
    assert tokens["post"]["security"] == [{"session": []}]
    assert "delete" in paths["/api/v1/auth/tokens/{token_id}"]
    for path, calls in paths.items():
        for name, call in calls.items():
            if path.startswith("/api/v1/auth") and name != "parameters":
                assert call["summary"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b"1",
        b'"x"',
        b"{",
        b'{"email": NaN}',
        b'{"email": 1e999, "password": "x"}',
        b'{"email": "a\\u0000@b.org", "password": "x"}',
        b'{"email": "\\ud800@b.org", "password": "x"}',
        b'{"email": "a@b.org", "email": "c@d.org", "password": "x"}',
        b'{"email": "a@b.org", "password": "\\ud83d"}',
        "{'email': 'é'}".encode("utf-16"),
        b"[" * 5000,
        b'{"a":' * 2000 + b"1" + b"}" * 2000,
        b'{"email": {"$ne": null}, "password": {"$ne": null}}',
        b'{"email": ["a@b.org"], "password": true}',
        b'{"email": null, "password": null}',
    ],
)
@pytest.mark.parametrize("path", ["/api/v1/auth/login", "/api/v1/auth/register"])
def test_a_broken_body_is_the_callers_fault(client: FlaskClient, path: str, body: bytes) -> None:
    csrf = client.get("/api/v1/auth/csrf").json["csrf_token"]
    answer = client.post(path, data=body, content_type="application/json", headers={"X-CSRFToken": csrf})
    assert answer.status_code in (400, 422)
    assert answer.content_type == "application/problem+json"


def test_a_body_of_a_megabyte_is_too_large(browser: Callable[[], Browser]) -> None:
    assert browser().post("/api/v1/auth/login", {"email": "x" * 2**20, "password": "y"}).status_code == 413


@pytest.fixture(scope="module")
def wide_app(make_app: Callable[..., Flask]) -> Flask:
    return make_app(**WIDE)


@pytest.mark.parametrize("field", list(GOOD))
@pytest.mark.parametrize("value", ["\t\x1b", "x" * 5000, "\ufdfa" * 1000, "\u202e", "", " ", "\x7f"])
def test_odd_text_is_refused_at_its_field(app: Flask, wide_app: Flask, field: str, value: str) -> None:
    answer = Browser(wide_app).post("/api/v1/auth/register", {**GOOD, field: value})
    assert answer.status_code == 422
    assert set(answer.json["errors"]) == {field}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
BODIES = st.fixed_dictionaries(
    {},
    optional={
        "email": JSON | st.emails() | st.just("alice@example.org"),
        "password": JSON | st.text(min_size=15, max_size=160),
        "full_name": JSON | st.text(min_size=2, max_size=130),
        "current_password": JSON,
        "new_password": JSON,
        "name": JSON,
        "scopes": JSON,
        "days": JSON,
    },
)


@pytest.mark.parametrize("path", ["login", "register", "password", "tokens"])
@given(body=BODIES)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_body_at_all_makes_a_5xx(app: Flask, wide_app: Flask, path: str, body: dict[str, Any]) -> None:
    person = Browser(wide_app)
    if path in ("password", "tokens"):
        body = {k: v for k, v in body.items() if k not in ("email", "full_name", "password")}
        person.post("/api/v1/auth/register", GOOD)
        person.sign_in(GOOD["email"])
    text = json.dumps(body)  # lone surrogates travel as escapes
    answer = person.client.post(
        f"/api/v1/auth/{path}", data=text, content_type="application/json", headers={"X-CSRFToken": person.csrf()}
    )
    assert answer.status_code < 500, text
