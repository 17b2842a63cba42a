"""API tokens: never more than the owner may, and dead when they should be."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from quietus.accounts import administration, signed, tokens
from quietus.accounts.permissions import ROLES, SCOPES, TABLE
from quietus.core.access import requires
from tests.accounts.conftest import Browser, bearer
from tests.factories import PASSWORD, make_user

NEW = "seven umbrellas over the canal"
TOKENS = "/api/v1/auth/tokens"


@pytest.fixture
def alice(browser: Callable[[], Browser]) -> Browser:
    make_user()
    found = browser()
    found.sign_in()
    return found


def works(client: FlaskClient, token: str) -> bool:
    answer = client.get("/api/v1/auth/me", headers=bearer(token))
    assert answer.status_code in (200, 401)
    return bool(answer.status_code == 200)


def test_it_stands_for_its_owner(alice: Browser, client: FlaskClient) -> None:
    token = alice.issue_token("me", "analyses")
    me = client.get("/api/v1/auth/me", headers=bearer(token)).json
    assert me["user"]["email"] == "alice@example.org"
    assert "submit" in me["permissions"]
    assert "own_account" not in me["permissions"]


def test_it_is_shown_once_and_kept_nowhere(alice: Browser, rows: Callable[..., list[dict[str, Any]]]) -> None:
    token = alice.issue_token("me")
    listed = alice.get(TOKENS)
    assert token not in listed.text
    assert [item["name"] for item in listed.json["items"]] == ["intake"]
    kept = rows("SELECT * FROM audit_logs")
    assert token not in str(kept)
    assert token.rsplit(".", 1)[1] not in str(kept)


def test_it_dies_when_revoked(alice: Browser, client: FlaskClient) -> None:
    token, other = alice.issue_token("me"), alice.issue_token("me", name="other")
    token_id = next(item["token_id"] for item in alice.get(TOKENS).json["items"] if item["name"] == "intake")
    assert alice.post(f"{TOKENS}/{token_id}", method="DELETE").status_code == 204
    assert not works(client, token)
    assert works(client, other)
    assert [item["name"] for item in alice.get(TOKENS).json["items"]] == ["other"]
    assert alice.post(f"{TOKENS}/{token_id}", method="DELETE").status_code == 204


def test_it_dies_of_a_password_change(alice: Browser, client: FlaskClient) -> None:
    token = alice.issue_token("me")
    alice.post("/api/v1/auth/password", {"current_password": PASSWORD, "new_password": NEW})
    assert not works(client, token)
    assert alice.get(TOKENS).json["items"] == []
    assert works(client, alice.issue_token("me"))


def test_it_dies_of_signing_out_everywhere_but_not_of_signing_out(alice: Browser, client: FlaskClient) -> None:
    token = alice.issue_token("me")
    alice.post("/api/v1/auth/logout")
    assert works(client, token)
    alice.sign_in()
    alice.submit("/auth/sign-out-everywhere")
    assert not works(client, token)


def test_it_dies_with_its_account_for_good(alice: Browser, client: FlaskClient) -> None:
    token = alice.issue_token("me")
    user = administration.find_user("alice@example.org")
    administration.deactivate(user.id, actor=None)
    assert not works(client, token)
    administration.activate(user.id, actor=None)
    assert not works(client, token)


def test_it_dies_of_age(alice: Browser, client: FlaskClient, later: Any) -> None:
    token = alice.issue_token("me", days=2)
    with later(days=1, hours=23):
        assert works(client, token)
    with later(days=2, seconds=1):
        assert not works(client, token)
        assert tokens.live(administration.find_user("alice@example.org").id) == []


@pytest.mark.parametrize(
    "value",
    ["", "qt_", "qt_x.y", "nonsense", "qt_" + "a" * 4000, "qt_é", "qt_.eJw.AAAA", "qt_bnVsbA.AAAA", "qt_\x00"],
)
def test_nonsense_is_401_and_never_an_error(client: FlaskClient, value: str) -> None:
    answer = client.get("/api/v1/auth/me", headers={"Authorization": f"Bearer {value}".encode().decode("latin-1")})
    assert answer.status_code == 401
    assert "Bearer" in answer.headers["WWW-Authenticate"]


def test_a_changed_letter_kills_it(alice: Browser, client: FlaskClient) -> None:
    token = alice.issue_token("me")
    for place in (5, len(token) // 2, len(token) - 2):
        swapped = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
        assert not works(client, swapped)


def test_another_desks_token_is_nothing_here(alice: Browser, make_app: Callable[..., Flask]) -> None:
    token = alice.issue_token("me")
    elsewhere = make_app(secret_key="another-desks-key-0123456789-abcdefghijklmnop")
    assert not works(elsewhere.test_client(), token)


def test_a_reset_link_is_no_token(app: Flask, client: FlaskClient, mailed_link: Callable[[Any], str]) -> None:
    link = mailed_link(make_user())
    assert not works(client, "qt_" + link.rsplit("/", 1)[1])


def test_what_was_signed_for_one_purpose_is_unreadable_for_another(app: Flask) -> None:
    text = signed.write("password-reset", ["facts"])
    assert signed.read("password-reset", text) == ["facts"]
    assert signed.read("api-token", text) is None


def test_another_persons_token_cannot_be_seen_or_ended(alice: Browser, browser: Callable[[], Browser]) -> None:
    token = alice.issue_token("me")
    token_id = alice.get(TOKENS).json["items"][0]["token_id"]
    make_user("carol@example.org")
    carol = browser()
    carol.sign_in("carol@example.org")
    assert carol.get(TOKENS).json["items"] == []
    assert carol.post(f"{TOKENS}/{token_id}", method="DELETE").status_code == 404
    assert works(carol.client, token)


def test_a_token_cannot_lengthen_its_own_life_or_shut_its_owner_out(alice: Browser, client: FlaskClient) -> None:
    headers = bearer(alice.issue_token(*SCOPES))
    token_id = alice.get(TOKENS).json["items"][0]["token_id"]
    issue = client.post(TOKENS, json={"name": "more", "scopes": ["me"], "days": 365}, headers=headers)
    change = client.post(
        "/api/v1/auth/password", json={"current_password": PASSWORD, "new_password": NEW}, headers=headers
    )
    assert (issue.status_code, change.status_code) == (403, 403)
    assert issue.json["code"] == "token_forbidden"
    assert client.get(TOKENS, headers=headers).status_code == 403
    assert client.delete(f"{TOKENS}/{token_id}", headers=headers).status_code == 403
    assert client.get("/auth/account", headers=headers).status_code == 403


def test_it_writes_without_a_csrf_token(make_app: Callable[..., Flask], clean: None) -> None:
    app = make_app()
    view = requires("submit")(lambda: "done")
    app.add_url_rule("/api/v1/write", "write", view, methods=["POST"])
    with app.app_context():
        make_user()
    alice = Browser(app)
    alice.sign_in()
    token = alice.issue_token("analyses")
    assert app.test_client().post("/api/v1/write", headers=bearer(token)).text == "done"
    assert alice.client.post("/api/v1/write").status_code == 403


@pytest.mark.parametrize("role", ROLES)
def test_every_role_and_scope_opens_exactly_its_own_doors(
    make_app: Callable[..., Flask], clean: None, role: str
) -> None:
    app = make_app()
    # one door for each scope and one that no scope opens; tests/accounts/test_permissions.py walks the whole table
    doors = {rule.scope: (permission, rule) for permission, rule in TABLE.items()}.values()
    for permission, _ in doors:
        app.add_url_rule(f"/api/v1/door/{permission}", permission, requires(permission)(lambda: "open"))
    with app.app_context():
        make_user(roles=(role,))
    person = Browser(app)
    person.sign_in()
    for permission, rule in doors:
        opened = person.get(f"/api/v1/door/{permission}").status_code
        assert opened == (200 if role in rule.roles else 403), permission
    for scope in SCOPES:
        headers = bearer(person.issue_token(scope))
        for permission, rule in doors:
            opened = app.test_client().get(f"/api/v1/door/{permission}", headers=headers).status_code
            expected = 200 if role in rule.roles and rule.scope == scope else 403
            assert opened == expected, (scope, permission)


def test_it_loses_what_its_owner_loses(alice: Browser, client: FlaskClient) -> None:
    user = administration.find_user("alice@example.org")
    administration.set_roles(user.id, frozenset({"AUDITOR"}), actor=None)
    token = alice.issue_token("me", "audit")

    def permissions() -> list[str]:
        return list(client.get("/api/v1/auth/me", headers=bearer(token)).json["permissions"])

    assert "search_audit" in permissions()
    administration.set_roles(user.id, frozenset({"USER"}), actor=None)
    assert "search_audit" not in permissions()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": "Alice Winter"}, "name"),
        ({"name": ""}, "name"),
        ({"scopes": []}, "scopes"),
        ({"scopes": ["everything"]}, "scopes.0"),
        ({"scopes": "me"}, "scopes"),
        ({"days": 0}, "days"),
        ({"days": 366}, "days"),
        ({"days": "7"}, "days"),
        ({"days": True}, "days"),
        ({"days": 1.5}, "days"),
        ({"days": 10**30}, "days"),
        ({"owner": "bob"}, "owner"),
    ],
)
def test_a_bad_request_is_refused_by_field(alice: Browser, body: dict[str, Any], field: str) -> None:
    answer = alice.post(TOKENS, {"name": "intake", "scopes": ["me"], "days": 7, **body})
    assert answer.status_code == 422
    assert field in answer.json["errors"]


def test_there_is_an_end_to_how_many_one_has(alice: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "LIVE_MAX", 2)
    alice.issue_token("me")
    alice.issue_token("me")
    answer = alice.post(TOKENS, {"name": "third", "scopes": ["me"], "days": 7})
    assert (answer.status_code, answer.json["code"]) == (409, "too_many_tokens")
