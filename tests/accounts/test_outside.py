"""Signing in by a provider, a proxy or the command line: only whom they vouch for, under the desk's own rules."""

import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from flask import Flask
from flask.testing import FlaskClient
from pydantic import ValidationError
from sqlalchemy import text

from quietus.accounts import administration, outside, tokens
from quietus.accounts.models import User
from quietus.core.config import ConfigurationError, Settings
from quietus.core.extensions import db
from tests.accounts.provider import CLIENT, SECRET, Provider
from tests.factories import PASSWORD, make_user, sign_in

HEADER = "X-Remote-Email"
SETTINGS = {"oidc_client_id": CLIENT, "oidc_client_secret": SECRET, "public_url": "http://localhost"}


@pytest.fixture(scope="module")
def running() -> Iterator[Provider]:
    provider = Provider()
    yield provider
    provider.stop()


@pytest.fixture
def provider(running: Provider) -> Provider:
    running.claims, running.wrong = {}, ""
    return running


@pytest.fixture(scope="module")
def desks(make_app: Callable[..., Flask], running: Provider) -> dict[str, Flask]:
    """Apps that differ in what they let the provider and the proxy do."""
    oidc = SETTINGS | {"oidc_issuer": running.issuer}
    proxy = {"proxy_user_header": HEADER, "proxy_addresses": ["10.9.0.0/16"]}
    return {
        "plain": make_app(**oidc),
        "open": make_app(**oidc, oidc_register=True),
        "roles": make_app(**oidc, oidc_register=True, oidc_roles={"nurses": "CLINICIAN", "chiefs": "ADMIN"}),
        "only": make_app(**oidc, password_sign_in=False),
        "proxy": make_app(**proxy, proxy_register=True),
        "behind": make_app(**proxy, trusted_proxies=1),
    }


@pytest.fixture
def desk(clean: None, desks: dict[str, Flask]) -> Iterator[Callable[[str], FlaskClient]]:
    contexts = []

    def enter(name: str) -> FlaskClient:
        context = desks[name].app_context()
        context.push()
        contexts.append(context)
        return desks[name].test_client()

    yield enter
    for context in reversed(contexts):
        db.session.remove()
        context.pop()


def through(client: FlaskClient, start: str = "/auth/oidc") -> Any:
    """As a browser goes: to the provider, and back with what it says."""
    leave = client.get(start)
    assert leave.status_code == 302, leave.text
    back = requests.get(leave.headers["Location"], allow_redirects=False, timeout=10).headers["Location"]
    return client.get(back.removeprefix("http://localhost"))


def me(client: FlaskClient) -> Any:
    return client.get("/api/v1/auth/me").json


def actions(like: str = "signin:%") -> list[Any]:
    rows = db.session.execute(
        text("SELECT action, user_id, metadata FROM audit_logs WHERE action LIKE :like ORDER BY id"), {"like": like}
    )
    return [(row.action, row.metadata) for row in rows]


def test_the_provider_signs_in_to_the_account_of_the_verified_address(
    desk: Callable[..., FlaskClient], provider: Provider
) -> None:
    client = desk("plain")
    user = make_user()
    answer = through(client, "/auth/oidc?next=/history")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/history")
    assert me(client)["user"]["id"] == str(user.id)
    assert [action for action, _ in actions()] == ["signin:linked", "signin:succeeded"]
    assert actions()[1][1] == {"via": "oidc"}
    assert "alice" not in str(actions()) and "person-1" not in str(actions())


def test_the_request_carries_pkce_state_nonce_and_our_own_address(
    desk: Callable[..., FlaskClient], provider: Provider
) -> None:
    client = desk("plain")
    leave = client.get("/auth/oidc", headers={"Host": "evil.example"})
    requests.get(leave.headers["Location"], allow_redirects=False, timeout=10)
    asked = provider.asked[-1]
    assert asked["redirect_uri"] == "http://localhost/auth/oidc/back"
    assert asked["scope"] == "openid email profile" and len(asked["nonce"]) > 15 and len(asked["state"]) > 15
    assert len(asked["code_challenge"]) == 43


@pytest.mark.parametrize(
    ("wrong", "claims"),
    [
        ("", {"email_verified": False}),
        ("", {"email_verified": "true"}),
        ("", {"email": "not an address"}),
        ("", {"email": None}),
        ("", {"nonce": "another"}),
        ("", {"aud": "another-desk"}),
        ("", {"iss": "https://another.example"}),
        ("", {"exp": 1_000_000_000}),
        ("key", {}),
        ("unsigned", {}),
        ("no_id_token", {}),
        ("state", {}),
    ],
    ids=str,
)
def test_what_does_not_fit_is_refused(
    desk: Callable[..., FlaskClient], provider: Provider, wrong: str, claims: dict[str, Any]
) -> None:
    client = desk("open")
    make_user()
    provider.wrong, provider.claims = wrong, claims
    answer = through(client)
    assert answer.status_code == 422 and "Sign in" in answer.text
    assert client.get("/api/v1/auth/me").status_code == 401
    assert "signin:succeeded" not in [action for action, _ in actions()]


def test_a_code_works_once_and_only_in_its_own_browser(desk: Callable[..., FlaskClient], provider: Provider) -> None:
    client = desk("plain")
    make_user()
    leave = client.get("/auth/oidc")
    back = requests.get(leave.headers["Location"], allow_redirects=False, timeout=10).headers["Location"]
    path = back.removeprefix("http://localhost")
    stranger = client.application.test_client()
    assert stranger.get(path).status_code == 422
    assert client.get(path).status_code == 303
    client.post("/auth/sign-out", data={"csrf_token": client.get("/api/v1/auth/csrf").json["csrf_token"]})
    assert client.get(path).status_code == 422


def test_nobody_new_without_the_setting(desk: Callable[..., FlaskClient], provider: Provider) -> None:
    client = desk("plain")
    answer = through(client)
    assert answer.status_code == 422 and "not known here" in answer.text
    assert db.session.query(User).count() == 0
    assert actions() == [("signin:failed", {"reason": "unknown_account"})]


def test_with_it_a_new_person_is_made(desk: Callable[..., FlaskClient], provider: Provider) -> None:
    client = desk("open")
    provider.claims = {"email": "New.Person@Example.org", "name": "\u202e"}
    assert through(client).status_code == 303
    found = me(client)
    assert (found["user"]["email"], found["user"]["full_name"]) == ("new.person@example.org", "New person")
    assert found["roles"] == ["USER"]
    assert ("user:registered", {"via": "oidc"}) in actions("user:%")


def test_who_took_somebodys_address_before_is_shut_out_when_they_come(
    desk: Callable[..., FlaskClient], provider: Provider
) -> None:
    client = desk("plain")
    user = make_user()
    thief = client.application.test_client()
    sign_in(thief)
    token = tokens.issue(user.id, name="kept", scopes=["me"], days=9, actor=user.id).token
    through(client)
    assert me(client)["user"]["id"] == str(user.id)
    assert thief.get("/api/v1/auth/me").status_code == 401
    assert thief.get("/api/v1/auth/me", headers={"Authorization": f"Bearer {token}"}).status_code == 401
    again = client.application.test_client()
    csrf = {"X-CSRFToken": again.get("/api/v1/auth/csrf").json["csrf_token"]}
    body = {"email": "alice@example.org", "password": PASSWORD}
    assert again.post("/api/v1/auth/login", json=body, headers=csrf).status_code == 401


def test_another_identity_with_the_same_address_is_refused_until_it_is_unlinked(
    desk: Callable[..., FlaskClient], provider: Provider
) -> None:
    client = desk("plain")
    make_user()
    assert through(client).status_code == 303
    provider.claims = {"sub": "person-2"}
    other = client.application.test_client()
    assert through(other).status_code == 422
    assert ("signin:failed", {"reason": "linked_to_another"}) in actions()
    outside.unlink("alice@example.org")
    assert through(other).status_code == 303
    assert client.get("/api/v1/auth/me").status_code == 401  # the first one's sessions ended with the link


def test_a_second_sign_in_ends_nothing(desk: Callable[..., FlaskClient], provider: Provider) -> None:
    client = desk("plain")
    make_user()
    through(client)
    phone = client.application.test_client()
    through(phone)
    assert me(client)["user"] == me(phone)["user"]
    assert [action for action, _ in actions()].count("signin:linked") == 1


def test_a_deactivated_account_stays_shut(desk: Callable[..., FlaskClient], provider: Provider) -> None:
    client = desk("open")
    administration.deactivate(make_user().id, actor=None)
    assert through(client).status_code == 422
    assert ("signin:failed", {"reason": "deactivated"}) in actions()
    administration.activate(db.session.query(User).one().id, actor=None)
    assert through(client).status_code == 303
    administration.deactivate(db.session.query(User).one().id, actor=None)
    assert client.get("/api/v1/auth/me").status_code == 401


def test_a_program_is_nobody_who_signs_in(desk: Callable[..., FlaskClient], provider: Provider) -> None:
    client = desk("open")
    make_user(roles=("SERVICE",))
    assert through(client).status_code == 422


def test_roles_follow_the_provider_but_the_last_admin_stays(
    desk: Callable[..., FlaskClient], provider: Provider
) -> None:
    client = desk("roles")
    provider.claims = {"groups": ["nurses", "chiefs", "unknown", 7]}
    through(client)
    assert me(client)["roles"] == ["ADMIN", "CLINICIAN", "USER"]
    provider.claims = {"groups": "nurses"}
    through(client)
    assert me(client)["roles"] == ["ADMIN", "CLINICIAN", "USER"]
    make_user("second@example.org", ("ADMIN",))
    through(client)
    assert me(client)["roles"] == ["CLINICIAN", "USER"]


def test_failures_are_throttled_like_those_of_passwords(desk: Callable[..., FlaskClient], provider: Provider) -> None:
    client = desk("plain")
    found = [through(client).status_code for _ in range(11)]
    assert found == [422] * 10 + [429]


def test_a_provider_that_is_away_is_said_to_be(make_app: Callable[..., Flask], clean: None) -> None:
    app = make_app(**SETTINGS, oidc_issuer="http://127.0.0.1:9")
    began = time.monotonic()
    answer = app.test_client().get("/auth/oidc")
    assert answer.status_code == 503 and "does not answer" in answer.text
    assert time.monotonic() - began < 10


def test_the_sign_in_page_shows_the_ways_there_are(desk: Callable[..., FlaskClient]) -> None:
    client = desk("proxy")
    assert "/auth/oidc" not in client.get("/auth/sign-in").text
    assert client.get("/auth/oidc").status_code == client.get("/auth/oidc/back").status_code == 404
    page = desk("plain").get("/auth/sign-in?next=/history").text
    assert "Sign in with your organisation" in page and "/auth/oidc?next=/history" in page and "Password" in page
    page = desk("only").get("/auth/sign-in").text
    assert "Sign in with your organisation" in page and 'type="password"' not in page


# without passwords


def test_passwords_can_be_switched_off(desk: Callable[..., FlaskClient]) -> None:
    client = desk("only")
    make_user()
    csrf = {"X-CSRFToken": client.get("/api/v1/auth/csrf").json["csrf_token"]}
    person = {"email": "alice@example.org", "password": PASSWORD}
    new = {"email": "new@example.org", "password": PASSWORD, "full_name": "New Person"}
    for path, body in (("login", person), ("register", new)):
        answer = client.post(f"/api/v1/auth/{path}", json=body, headers=csrf)
        assert (answer.status_code, answer.json["code"]) == (403, "password_sign_in_off")
    form = {**person, "csrf_token": csrf["X-CSRFToken"]}
    assert client.post("/auth/sign-in", data=form).status_code == 403
    assert client.get("/auth/register").headers["Location"] == "/auth/sign-in"
    assert "Create account" not in client.get("/").text


def test_without_any_way_in_the_desk_does_not_start(test_settings: Settings) -> None:
    with pytest.raises(ValidationError, match="another way"):
        Settings(**{**test_settings.model_dump(), "password_sign_in": False})


def test_in_production_the_provider_is_reached_by_https(test_settings: Settings) -> None:
    changes = {"env": "production", "oidc_issuer": "http://id.example", "oidc_client_id": "x"}
    with pytest.raises(ConfigurationError, match="https"):
        Settings(**{**test_settings.model_dump(), **changes}).refuse_unsafe()


def test_an_admin_gets_in_by_the_command_line_once(desk: Callable[..., FlaskClient]) -> None:
    client = desk("only")
    make_user("root@example.org", ("ADMIN",))
    made = client.application.test_cli_runner().invoke(args=["quietus", "user", "let-in", "root@example.org"])
    path = urlsplit(made.output.strip()).path
    csrf = client.get("/api/v1/auth/csrf").json["csrf_token"]
    assert client.get(path).status_code == 200
    assert client.get("/api/v1/auth/me").status_code == 401  # looking uses nothing up, and signs nobody in
    assert client.post(path, data={"csrf_token": csrf}).status_code == 303
    assert me(client)["roles"] == ["ADMIN"]
    again = client.application.test_client()
    csrf = again.get("/api/v1/auth/csrf").json["csrf_token"]
    assert again.post(path, data={"csrf_token": csrf}).status_code == 422
    assert again.post("/auth/let-in/made-up", data={"csrf_token": csrf}).status_code == 422
    assert [action for action, _ in actions()] == ["signin:let_in", "signin:succeeded"]


def test_the_command_line_lets_in_admins_only(desk: Callable[..., FlaskClient]) -> None:
    client = desk("only")
    make_user("bob@example.org", ("CLINICIAN",))
    made = client.application.test_cli_runner().invoke(args=["quietus", "user", "let-in", "bob@example.org"])
    assert made.exit_code == 1 and "/auth/let-in/" not in made.output


# through a proxy


def by_proxy(client: FlaskClient, person: str, peer: str = "10.9.0.1", **more: str) -> Any:
    place: Any = {"environ_base": {"REMOTE_ADDR": peer}, "headers": {HEADER: person, **more}}
    csrf = client.get("/api/v1/auth/csrf", **place).json["csrf_token"]
    return client.post("/auth/proxy", data={"csrf_token": csrf, "next": "/history"}, **place)


def test_the_trusted_proxy_names_who_signs_in(desk: Callable[..., FlaskClient]) -> None:
    client = desk("proxy")
    user = make_user()
    page = client.get("/auth/sign-in", environ_base={"REMOTE_ADDR": "10.9.0.1"}, headers={HEADER: "alice@example.org"})
    assert "Sign in as alice@example.org" in page.text
    answer = by_proxy(client, "Alice@Example.org")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/history")
    assert me(client)["user"]["id"] == str(user.id)
    assert actions()[-1] == ("signin:succeeded", {"via": "proxy"})


@pytest.mark.parametrize("peer", ["127.0.0.1", "10.8.255.255", "203.0.113.9", "::1", ""])
def test_a_forged_header_is_nothing(desk: Callable[..., FlaskClient], peer: str) -> None:
    client = desk("proxy")
    make_user()
    forged = {"X-Forwarded-For": "10.9.0.1", "Forwarded": "for=10.9.0.1"}
    assert by_proxy(client, "alice@example.org", peer, **forged).status_code == 404
    page = client.get("/auth/sign-in", environ_base={"REMOTE_ADDR": peer}, headers={HEADER: "alice@example.org"})
    assert "alice@example.org" not in page.text
    assert client.get("/api/v1/auth/me").status_code == 401


def test_behind_further_proxies_the_connection_counts_not_what_is_forwarded(
    desk: Callable[..., FlaskClient],
) -> None:
    client = desk("behind")
    make_user()
    assert by_proxy(client, "alice@example.org", "127.0.0.1", **{"X-Forwarded-For": "10.9.0.1"}).status_code == 404
    assert by_proxy(client, "alice@example.org", "10.9.0.1", **{"X-Forwarded-For": "198.51.100.7"}).status_code == 303


def test_without_the_setting_the_header_means_nothing(client: FlaskClient) -> None:
    make_user()
    assert by_proxy(client, "alice@example.org").status_code == 404


def test_the_header_alone_signs_nobody_in(desk: Callable[..., FlaskClient]) -> None:
    client = desk("proxy")
    make_user()
    place: Any = {"environ_base": {"REMOTE_ADDR": "10.9.0.1"}, "headers": {HEADER: "alice@example.org"}}
    assert client.get("/api/v1/auth/me", **place).status_code == 401
    assert client.post("/auth/proxy", **place).status_code == 403  # another site's form has no CSRF token


@pytest.mark.parametrize("person", ["", "no address", "a@example.org, b@example.org", "a@example.org\x00"])
def test_a_header_that_names_nobody_signs_nobody_in(desk: Callable[..., FlaskClient], person: str) -> None:
    client = desk("proxy")
    assert by_proxy(client, person).status_code in (404, 422)
    assert db.session.query(User).count() == 0
