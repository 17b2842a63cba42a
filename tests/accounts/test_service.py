"""Accounts under races, resets and renewals."""

import base64
import re
import socket
import threading
import time
from collections.abc import Callable
from smtplib import SMTPServerDisconnected
from typing import Any
from uuid import uuid4

import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask_mailman import EmailMessage
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from quietus.accounts import administration, passwords, service, standing, throttle
from quietus.accounts.models import User
from quietus.core.config import ConfigurationError, settings
from quietus.core.errors import Conflict, Invalid, NotFound
from quietus.core.extensions import db
from tests.accounts.conftest import Browser
from tests.factories import PASSWORD, make_user

NEW = "seven umbrellas over the canal"


def at_once(app: Flask, *acts: Callable[[], Any]) -> list[Any]:
    """Run acts in threads that start together; each one's result or exception."""
    barrier = threading.Barrier(len(acts))
    results: list[Any] = [None] * len(acts)

    def run(place: int, act: Callable[[], Any]) -> None:
        with app.app_context():
            barrier.wait()
            try:
                results[place] = act()
            except Exception as error:
                results[place] = error

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    return results


def test_of_registrations_at_once_one_wins(app: Flask, rows: Callable[..., list[Any]]) -> None:
    body = {"email": "New@example.org", "password": PASSWORD, "full_name": "New Example"}

    def register() -> int:
        return int(Browser(app).post("/api/v1/auth/register", body).status_code)

    assert sorted(at_once(app, *[register] * 6)) == [201] + [409] * 5
    assert len(rows("SELECT 1 FROM users")) == 1
    assert len(rows("SELECT 1 FROM audit_logs WHERE action = 'user:registered'")) == 1


def test_an_address_is_taken_whatever_the_case(app: Flask, browser: Callable[[], Browser]) -> None:
    make_user()
    body = {"email": "ALICE@EXAMPLE.ORG", "password": NEW, "full_name": "Other Alice"}
    answer = browser().post("/api/v1/auth/register", body)
    assert (answer.status_code, answer.json["code"]) == (409, "email_taken")


def test_the_last_admin_stays(app: Flask) -> None:
    dora = make_user("dora@example.org", roles=("ADMIN", "USER"))
    make_user()
    for act in (
        lambda: administration.set_roles(dora.id, frozenset({"USER"}), actor=dora.id),
        lambda: administration.deactivate(dora.id, actor=dora.id),
    ):
        with pytest.raises(Conflict) as refusal:
            act()
        assert refusal.value.code == "last_admin"
    assert administration.find_user("dora@example.org").role_names == {"ADMIN", "USER"}


def test_a_deactivated_admin_does_not_count_as_one(app: Flask) -> None:
    dora, erik = (make_user(f"{name}@example.org", roles=("ADMIN",)) for name in ("dora", "erik"))
    administration.deactivate(erik.id, actor=dora.id)
    with pytest.raises(Conflict):
        administration.deactivate(dora.id, actor=dora.id)


@pytest.mark.parametrize("way", ["demote", "deactivate", "mixed"])
def test_two_admins_cannot_remove_each_other_at_once(app: Flask, way: str) -> None:
    dora, erik = (make_user(f"{name}@example.org", roles=("ADMIN",)).id for name in ("dora", "erik"))
    user = frozenset({"USER"})

    def demote(whom: Any) -> Callable[[], Any]:
        return lambda: administration.set_roles(whom, user, actor=None)

    def shut(whom: Any) -> Callable[[], Any]:
        return lambda: administration.deactivate(whom, actor=None)

    first, second = {"demote": (demote, demote), "deactivate": (shut, shut), "mixed": (demote, shut)}[way]
    for _ in range(8):
        results = at_once(app, first(dora), second(erik))
        assert sum(isinstance(result, Conflict) for result in results) == 1, results
        assert sum(isinstance(result, User) for result in results) == 1, results
        for whom in (dora, erik):
            administration.activate(whom, actor=None)
            administration.set_roles(whom, frozenset({"ADMIN"}), actor=None)


def test_a_role_that_does_not_exist_is_refused(app: Flask) -> None:
    alice = make_user()
    for roles in (frozenset(), frozenset({"OWNER"})):
        with pytest.raises(Invalid):
            administration.set_roles(alice.id, roles, actor=None)
    with pytest.raises(NotFound):
        administration.find_user("nobody@example.org")
    with pytest.raises(NotFound):
        administration.find_user("no address")


def test_what_was_done_to_an_account_is_on_record(app: Flask, rows: Callable[..., list[dict[str, Any]]]) -> None:
    dora = make_user("dora@example.org", roles=("ADMIN",))
    alice = make_user()
    administration.set_roles(alice.id, frozenset({"USER", "CLINICIAN"}), actor=dora.id)
    administration.deactivate(alice.id, actor=dora.id)
    administration.deactivate(alice.id, actor=dora.id)  # already shut: nothing happens, nothing is recorded
    administration.activate(alice.id, actor=dora.id)
    seen = rows("SELECT user_id, action, resource_id, metadata FROM audit_logs ORDER BY id")
    assert [row["action"] for row in seen] == ["user:roles_set", "user:deactivated", "user:activated"]
    assert seen[0]["metadata"] == {"before": ["USER"], "after": ["CLINICIAN", "USER"]}
    assert {(row["user_id"], row["resource_id"]) for row in seen} == {(dora.id, str(alice.id))}


def test_a_stored_hash_is_renewed_at_the_next_sign_in(app: Flask, browser: Callable[[], Browser]) -> None:
    alice = make_user()
    old = PasswordHasher(time_cost=2, memory_cost=16, parallelism=1).hash(PASSWORD)
    alice.password_hash = old
    db.session.commit()
    assert browser().sign_in(password=NEW).status_code == 401
    db.session.refresh(alice)
    assert alice.password_hash == old
    assert browser().sign_in().status_code == 200
    db.session.refresh(alice)
    assert not passwords.outdated(alice.password_hash)
    assert browser().sign_in().status_code == 200


def test_an_unknown_a_wrong_and_a_shut_account_look_and_cost_the_same(
    app: Flask,
    browser: Callable[[], Browser],
    monkeypatch: pytest.MonkeyPatch,
    rows: Callable[..., list[dict[str, Any]]],
) -> None:
    make_user()
    make_user("dora@example.org", roles=("ADMIN",))
    make_user("gone@example.org")
    administration.deactivate(administration.find_user("gone@example.org").id, actor=None)
    hashes: list[str] = []
    for name in ("hash", "verify"):
        real = getattr(PasswordHasher, name)
        monkeypatch.setattr(
            PasswordHasher,
            name,
            lambda self, *args, _name=name, _real=real: hashes.append(_name) or _real(self, *args),
        )
    seen = []
    for email, password in (
        ("alice@example.org", NEW),
        ("nobody@example.org", NEW),
        ("gone@example.org", PASSWORD),
        ("no address at all", NEW),
    ):
        hashes.clear()
        before = len(rows("SELECT 1 FROM audit_logs"))
        answer = browser().sign_in(email, password)
        words = {k: v for k, v in answer.json.items() if k != "request_id"}
        seen.append((answer.status_code, words, list(hashes), len(rows("SELECT 1 FROM audit_logs")) - before))
    assert seen[0][2:] == (["verify"], 1)
    assert all(found == seen[0] for found in seen)


def test_forgetting_looks_and_costs_the_same_for_an_unknown_address(
    app: Flask,
    browser: Callable[[], Browser],
    monkeypatch: pytest.MonkeyPatch,
    rows: Callable[..., list[dict[str, Any]]],
) -> None:
    alice = make_user()
    sent: list[tuple[Any, ...]] = []
    task = app.extensions["celery"].tasks["mail.send"]
    monkeypatch.setattr(task, "apply_async", lambda args, **_: sent.append(args))
    pages = [
        browser().submit("/auth/forgot", email=email).text.replace("\r", "")
        for email in ("alice@example.org", "nobody@example.org", "no address")
    ]
    shown = {re.sub(r"[0-9a-f]{32}|csrf_token\" value=\"[^\"]+", "", page) for page in pages}
    assert len(shown) == 1
    assert [kind for kind, _ in sent] == ["password_reset"] * 3
    assert sent[0][1] == str(alice.id)
    assert str(alice.id) not in (sent[1][1], sent[2][1])
    assert len(rows("SELECT 1 FROM audit_logs WHERE action = 'password:reset_requested'")) == 3


@pytest.mark.parametrize("email", ["alice@example.org", "nobody@example.org", "no address"])
def test_a_reset_mail_that_cannot_leave_is_not_promised(make_app: Callable[..., Flask], app: Flask, email: str) -> None:
    make_user()
    answer = Browser(make_app(redis_url="redis://127.0.0.1:9/0")).submit("/auth/forgot", email=email)
    assert answer.status_code == 503
    assert "could not be sent now" in answer.text
    assert "look at your mail" not in answer.text


def test_forgetting_hangs_on_no_frozen_broker(make_app: Callable[..., Flask], app: Flask) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        frozen = make_app(redis_url=f"redis://127.0.0.1:{silent.getsockname()[1]}/0")
        began = time.monotonic()
        assert Browser(frozen).submit("/auth/forgot", email="alice@example.org").status_code == 503
        assert time.monotonic() - began < 8


def test_nobodys_mailbox_is_filled_by_a_stranger(
    app: Flask, browser: Callable[[], Browser], monkeypatch: pytest.MonkeyPatch
) -> None:
    alice = make_user()
    sent: list[str] = []
    task = app.extensions["celery"].tasks["mail.send"]
    monkeypatch.setattr(task, "apply_async", lambda args, **_: sent.append(args[1]))
    answers = [browser().submit("/auth/forgot", email="alice@example.org").status_code for _ in range(6)]
    assert answers == [200] * 6
    assert sent.count(str(alice.id)) == 3


def test_who_uses_up_anothers_mails_leaves_them_a_link_that_works(
    app: Flask, browser: Callable[[], Browser], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The count runs no longer than the links that it let through."""
    make_user()
    asked: list[Any] = []
    monkeypatch.setattr(throttle, "_take", asked.append)
    assert throttle.may_mail("alice@example.org")
    assert asked[0].limit.get_expiry() <= settings().reset_minutes * 60


def test_the_broker_is_told_an_id_and_never_an_address_or_a_link(app: Flask, browser: Callable[[], Browser]) -> None:
    alice = make_user()
    browser().submit("/auth/forgot", email="alice@example.org")
    message = str(app.extensions["broker"].lrange("mail", 0, -1))
    body = base64.b64decode(re.findall(r'"body": "([^"]+)"', message)[0]).decode()
    assert str(alice.id) in body
    assert "alice@example.org" not in body + message
    assert "/auth/reset/" not in body + message


def test_a_reset_link_sets_the_password_once(
    app: Flask, browser: Callable[[], Browser], mailed_link: Callable[[Any], str]
) -> None:
    alice = make_user()
    thief = browser()
    thief.sign_in()
    link = mailed_link(alice)
    anyone = browser()
    assert anyone.get(link).status_code == 200
    assert anyone.get(link).status_code == 200  # looking uses nothing up
    assert anyone.submit(link, password=NEW).location == "/auth/sign-in"
    assert not thief.is_signed_in()
    assert browser().sign_in(password=NEW).status_code == 200
    assert anyone.submit(link, password="another one altogether, really").status_code == 410
    assert anyone.get(link).status_code == 410
    assert browser().sign_in(password=NEW).status_code == 200


def test_one_reset_link_used_twice_at_once_works_once(app: Flask, mailed_link: Callable[[Any], str]) -> None:
    link = mailed_link(make_user())
    passwords_tried = [NEW, "another one altogether, really"]

    def use(password: str) -> Callable[[], int]:
        return lambda: int(Browser(app).submit(link, password=password).status_code)

    assert sorted(at_once(app, *(use(password) for password in passwords_tried))) == [303, 410]


def test_a_reset_link_dies_with_any_change_of_password(
    app: Flask, browser: Callable[[], Browser], mailed_link: Callable[[Any], str]
) -> None:
    alice = make_user()
    link = mailed_link(alice)
    person = browser()
    person.sign_in()
    person.post("/api/v1/auth/password", {"current_password": PASSWORD, "new_password": NEW})
    assert person.get(link).status_code == 410


def test_a_reset_link_dies_of_age_and_with_its_account(
    app: Flask, browser: Callable[[], Browser], mailed_link: Callable[[Any], str], later: Any
) -> None:
    alice = make_user()
    make_user("dora@example.org", roles=("ADMIN",))
    link = mailed_link(alice)
    with later(minutes=29):
        assert browser().get(link).status_code == 200
    with later(minutes=31):
        assert browser().get(link).status_code == 410
    administration.deactivate(alice.id, actor=None)
    assert browser().get(link).status_code == 410


@pytest.mark.parametrize("text", ["x", "a.b", "%00", "%ED%A0%80", "é", "a" * 3000])
def test_a_made_up_reset_link_is_dead(app: Flask, browser: Callable[[], Browser], text: str) -> None:
    assert browser().get(f"/auth/reset/{text}").status_code == 410


def test_a_bad_new_password_leaves_the_reset_link_alive(
    app: Flask, browser: Callable[[], Browser], mailed_link: Callable[[Any], str]
) -> None:
    link = mailed_link(make_user())
    answer = browser().submit(link, password="too short")
    assert answer.status_code == 422
    assert "at least 15" in answer.text
    assert browser().submit(link, password=NEW).status_code == 303


def test_a_link_is_of_the_desks_own_host(app: Flask, outbox: list[Any]) -> None:
    alice = make_user()
    with app.test_request_context("/", headers={"Host": "evil.example"}):
        service.mail_reset_link(alice.id)
    assert "http://127.0.0.1:8000/auth/reset/" in outbox[0].body
    assert "evil" not in outbox[0].body
    assert outbox[0].to == ["alice@example.org"]
    assert "Alice" not in outbox[0].body  # a name that a stranger chose would make our mail theirs


def test_no_mail_goes_to_who_is_not_there(app: Flask, outbox: list[Any]) -> None:
    make_user("dora@example.org", roles=("ADMIN",))
    alice = make_user()
    administration.deactivate(alice.id, actor=None)
    for user_id in (alice.id, uuid4()):
        service.mail_reset_link(user_id)
    assert outbox == []


def test_a_password_changes_only_with_the_present_one(app: Flask, browser: Callable[[], Browser]) -> None:
    make_user()
    alice = browser()
    alice.sign_in()
    for current, new, field in (
        (NEW, NEW, "current_password"),
        (PASSWORD, "short", "new_password"),
        (PASSWORD, PASSWORD, "new_password"),
    ):
        answer = alice.post("/api/v1/auth/password", {"current_password": current, "new_password": new})
        assert answer.status_code == 422
        assert set(answer.json["errors"]) == {field}
    assert browser().sign_in().status_code == 200


def test_of_two_password_changes_at_once_one_wins(app: Flask) -> None:
    make_user()
    people = [Browser(app), Browser(app)]
    for person in people:
        person.sign_in()
    bodies = [{"current_password": PASSWORD, "new_password": new} for new in (NEW, "another one altogether, really")]

    def change(person: Browser, body: dict[str, str]) -> Callable[[], int]:
        return lambda: int(person.post("/api/v1/auth/password", body).status_code)

    results = at_once(app, *(change(person, body) for person, body in zip(people, bodies, strict=True)))
    assert results.count(204) == 1
    # the other came second in line, or found its session ended or its password gone
    assert set(results) - {204} <= {401, 409, 422}
    assert [person.is_signed_in() for person in people] == [status == 204 for status in results]


def test_a_sign_in_that_overlaps_a_password_change_is_dead_on_arrival(
    app: Flask, browser: Callable[[], Browser], monkeypatch: pytest.MonkeyPatch
) -> None:
    make_user()
    alice = browser()
    alice.sign_in()
    real = passwords.matches

    def matches_while_the_password_changes(stored: str | None, password: str) -> bool:
        monkeypatch.setattr(passwords, "matches", real)
        alice.post("/api/v1/auth/password", {"current_password": PASSWORD, "new_password": NEW})
        return real(stored, password)

    thief = browser()
    csrf = thief.csrf()
    monkeypatch.setattr(passwords, "matches", matches_while_the_password_changes)

    def steal() -> int:
        answer = thief.client.post(
            "/api/v1/auth/login",
            json={"email": "alice@example.org", "password": PASSWORD},
            headers={"X-CSRFToken": csrf},
        )
        return int(answer.status_code)

    assert at_once(app, steal) == [200]
    assert not thief.is_signed_in()


def test_the_first_admin_is_made_once(app: Flask) -> None:
    made = service.ensure_first_admin("Admin@localhost", None)
    assert made
    account = standing.by_email("admin@localhost")
    assert account
    assert account.role_names == {"ADMIN"}
    assert passwords.matches(account.password_hash, made)
    assert service.ensure_first_admin("other@localhost", None) is None
    assert standing.by_email("other@localhost") is None


def test_of_two_first_starts_at_once_one_makes_the_admin(app: Flask, rows: Callable[..., list[Any]]) -> None:
    made = at_once(app, *[lambda: service.ensure_first_admin("admin@localhost", None)] * 4)
    assert sorted(result is None for result in made) == [False, True, True, True], made
    assert len(rows("SELECT 1 FROM users")) == 1


def test_a_chosen_first_password_is_used_and_judged(app: Flask) -> None:
    with pytest.raises(ConfigurationError, match="at least 15"):
        service.ensure_first_admin("admin@localhost", "short")
    assert service.ensure_first_admin("admin@localhost", NEW) == NEW


def test_whoever_took_the_admins_address_first_is_not_promoted(app: Flask) -> None:
    make_user("admin@localhost")
    with pytest.raises(ConfigurationError, match="another"):
        service.ensure_first_admin("admin@localhost", None)
    assert administration.find_user("admin@localhost").role_names == {"USER"}


@pytest.mark.parametrize(
    "trouble",
    [
        ConnectionRefusedError(),
        SMTPServerDisconnected(),
        OperationalError("SELECT", {}, Exception()),
        InterfaceError("SELECT", {}, Exception()),
        PoolTimeout(),
    ],
    ids=lambda trouble: type(trouble).__name__,
)
def test_a_mail_server_or_database_that_is_away_is_tried_again(
    app: Flask, monkeypatch: pytest.MonkeyPatch, trouble: Exception
) -> None:
    alice = make_user()
    tried: list[int] = []

    def away(*_: Any, **__: Any) -> None:
        tried.append(1)
        raise trouble

    monkeypatch.setattr(EmailMessage, "send", away)
    result = app.extensions["celery"].tasks["mail.send"].apply(args=("password_reset", str(alice.id)))
    assert result.failed()
    assert len(tried) == 9
