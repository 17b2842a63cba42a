"""Sign-ins end when they should, also for whoever kept a copy of the cookie (D17)."""

import base64
import hashlib
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event

from quietus.accounts import administration
from quietus.core.extensions import db
from tests.accounts.conftest import COOKIE, Browser
from tests.factories import PASSWORD, make_user, sign_in

NEW = "seven umbrellas over the canal"


@pytest.fixture
def alice(browser: Callable[[], Browser]) -> Browser:
    make_user()
    found = browser()
    assert found.sign_in().status_code == 200
    return found


def test_it_signs_in(alice: Browser) -> None:
    me = alice.get("/api/v1/auth/me").json
    assert me["user"]["email"] == "alice@example.org"
    assert me["roles"] == ["USER"]
    assert "submit" in me["permissions"]


def test_a_copied_cookie_is_dead_after_sign_out(alice: Browser, browser: Callable[[], Browser]) -> None:
    thief = browser().with_cookie(alice.cookie())
    assert thief.is_signed_in()
    alice.post("/api/v1/auth/logout")
    assert not thief.is_signed_in()
    assert not alice.is_signed_in()


def test_signing_in_again_ends_the_session_of_before(alice: Browser, browser: Callable[[], Browser]) -> None:
    thief = browser().with_cookie(alice.cookie())
    alice.sign_in()
    assert alice.is_signed_in()
    assert not thief.is_signed_in()


def test_a_session_planted_before_sign_in_is_not_the_one_after(app: Flask, browser: Callable[[], Browser]) -> None:
    make_user()
    mallory = browser()
    mallory.csrf()
    planted = mallory.cookie()
    alice = browser().with_cookie(planted)
    alice.sign_in()
    assert alice.cookie() != planted
    assert not browser().with_cookie(planted).is_signed_in()
    with alice.client.session_transaction() as session:
        assert set(session) == {"signin", "csrf_token"}


def test_a_password_change_ends_every_other_session_and_keeps_this_one(
    alice: Browser, browser: Callable[[], Browser]
) -> None:
    phone = browser()
    phone.sign_in()
    old = alice.cookie()
    body = {"current_password": PASSWORD, "new_password": NEW}
    assert alice.post("/api/v1/auth/password", body).status_code == 204
    assert alice.is_signed_in()
    assert not phone.is_signed_in()
    assert not browser().with_cookie(old).is_signed_in()
    assert browser().sign_in(password=PASSWORD).status_code == 401
    assert browser().sign_in(password=NEW).status_code == 200


def test_sign_out_everywhere_ends_all(alice: Browser, browser: Callable[[], Browser]) -> None:
    phone = browser()
    phone.sign_in()
    assert alice.submit("/auth/sign-out-everywhere").location == "/auth/sign-in"
    assert not alice.is_signed_in()
    assert not phone.is_signed_in()
    assert browser().sign_in().status_code == 200


def test_deactivation_holds_from_the_next_request(alice: Browser, browser: Callable[[], Browser]) -> None:
    user = administration.find_user("alice@example.org")
    copy = alice.cookie()
    administration.deactivate(user.id, actor=None)
    assert not alice.is_signed_in()
    assert browser().sign_in().status_code == 401
    administration.activate(user.id, actor=None)
    # opened again, but what was ended stays ended
    assert not browser().with_cookie(copy).is_signed_in()
    assert browser().sign_in().status_code == 200


def test_an_account_shut_by_hand_in_the_database_is_shut(alice: Browser) -> None:
    administration.find_user("alice@example.org").is_active = False
    db.session.commit()
    assert not alice.is_signed_in()


def test_roles_hold_from_the_next_request(alice: Browser) -> None:
    user = administration.find_user("alice@example.org")
    administration.set_roles(user.id, frozenset({"AUDITOR"}), actor=None)
    assert alice.get("/api/v1/auth/me").json["roles"] == ["AUDITOR"]


def test_another_accounts_sign_out_leaves_mine(alice: Browser, browser: Callable[[], Browser]) -> None:
    make_user("bob@example.org")
    bob = browser()
    bob.sign_in("bob@example.org")
    bob.submit("/auth/sign-out-everywhere")
    assert alice.is_signed_in()


def test_an_idle_session_ends(alice: Browser, later: Any) -> None:
    with later(minutes=59):
        assert alice.is_signed_in()
    with later(minutes=59 + 59):
        assert alice.is_signed_in()
    with later(minutes=59 + 59 + 61):
        assert not alice.is_signed_in()


def test_a_busy_session_ends_too(alice: Browser, later: Any) -> None:
    for half_hours in range(24):
        with later(minutes=30 * half_hours):
            assert alice.is_signed_in()
    with later(hours=12, minutes=1):
        assert not alice.is_signed_in()


def test_the_cookie_is_not_written_with_every_answer(alice: Browser, later: Any) -> None:
    assert "Set-Cookie" not in alice.get("/api/v1/auth/me").headers
    with later(seconds=61):
        assert "Set-Cookie" in alice.get("/api/v1/auth/me").headers


@pytest.mark.parametrize("change", [{"id": "x"}, {"user_id": None}, {"generation": "many"}, {"seen": None}])
def test_a_cookie_of_another_version_only_signs_out(alice: Browser, change: dict[str, Any]) -> None:
    with alice.client.session_transaction() as session:
        session["signin"] = {**session["signin"], **change}
    assert alice.get("/api/v1/auth/me").status_code == 401
    assert alice.get("/").status_code == 200


def test_a_forged_cookie_is_nobody(browser: Callable[[], Browser], alice: Browser) -> None:
    value = alice.cookie()
    assert not browser().with_cookie(value[:-4] + "AAAA").is_signed_in()
    assert not browser().with_cookie("." * 50).is_signed_in()


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(app: Flask, make_app: Callable[..., Flask]) -> None:
    make_user()
    plain = app.test_client().get("/api/v1/auth/csrf").headers["Set-Cookie"]
    assert plain.startswith(f"{COOKIE}=")
    assert "HttpOnly" in plain
    assert "SameSite=Lax" in plain
    assert "Expires" not in plain
    secure = make_app(public_url="https://desk.example").test_client().get("/api/v1/auth/csrf").headers["Set-Cookie"]
    assert secure.startswith(f"__Host-{COOKIE}=")
    assert "Secure" in secure
    assert "Path=/" in secure
    assert "Domain" not in secure


def test_there_is_no_remember_me_cookie(alice: Browser, app: Flask) -> None:
    anyone = app.test_client()
    anyone.set_cookie("remember_token", "1|whatever")
    assert anyone.get("/api/v1/auth/me").status_code == 401
    assert alice.client.get_cookie("remember_token") is None


def test_who_one_is_costs_one_query(alice: Browser, app: Flask) -> None:
    statements: list[str] = []
    event.listen(db.engine, "before_cursor_execute", lambda *a: statements.append(a[2]))
    alice.get("/api/v1/auth/me")
    own = [s for s in statements if "users" in s]
    assert len(own) == 1


def test_a_failed_and_a_good_sign_in_are_both_on_record(
    alice: Browser, browser: Callable[[], Browser], rows: Callable[..., list[dict[str, Any]]]
) -> None:
    browser().sign_in(password="not the right one at all")
    browser().sign_in(email="nobody@example.org")
    alice.post("/api/v1/auth/logout")
    seen = rows("SELECT action, resource_type, user_id IS NULL AS nobody, metadata FROM audit_logs ORDER BY id")
    assert [row["action"] for row in seen] == [
        "signin:succeeded",
        "signin:failed",
        "signin:failed",
        "signin:ended",
    ]
    assert [row["metadata"] for row in seen[1:3]] == [{"reason": "wrong_password"}, {"reason": "unknown_account"}]
    assert all("@" not in str(row["metadata"]) for row in seen)


def test_the_cookie_is_signed_with_sha256(alice: Browser) -> None:
    signature = alice.cookie().rsplit(".", 1)[1]
    assert len(base64.urlsafe_b64decode(signature + "=" * (-len(signature) % 4))) == hashlib.sha256().digest_size


def test_a_page_that_asks_by_itself_does_not_keep_a_sign_in_alive(app: Flask, later: Any) -> None:
    make_user("bob@example.org", ("CLINICIAN",))
    bob = app.test_client()
    sign_in(bob, "bob@example.org")
    with later(minutes=59):
        assert bob.get("/review/waiting").status_code == 200
    with later(minutes=61):
        assert bob.get("/review/waiting").status_code == 303
