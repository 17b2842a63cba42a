"""Erasing leaves no row, count or note of a person, and never happens by a slip or by one admin alone."""

import threading
from datetime import timedelta
from typing import Any
from unittest.mock import patch
from uuid import uuid4

import pytest
from flask import Flask

from quietus.admin.ledger import ledger
from quietus.analysis import accepting, service
from quietus.audit import service as audit
from quietus.audit.tags import Action
from quietus.core import clock
from quietus.core.errors import Conflict
from quietus.core.extensions import db
from quietus.core.languages import COOKIE
from quietus.privacy import erasing, waiting
from tests.factories import PASSWORD, make_user, principal
from tests.privacy.conftest import Caller, everything, film, write

API = "/api/v1/me/erase"
RIGHT = {"password": PASSWORD, "confirm": "ERASE"}


@pytest.fixture
def days_later() -> Any:
    real = clock.now

    def shift(days: float) -> Any:
        return patch.object(clock, "now", lambda: real() + timedelta(days=days))

    return shift


def note(about: Any, by: Any, words: str) -> None:
    audit.record(
        Action.REVIEW_DECIDED,
        actor=by,
        resource_type="analysis",
        resource_id=uuid4(),
        metadata={"outcome": "CONFIRMED", "subject_id": str(about), "note": words},
    )
    db.session.commit()


def test_nothing_is_left_but_a_receipt(app: Flask, alice: Caller, bob: Caller, rows: Any) -> None:
    planted = "heliotrope umbrella"
    write(alice.who, *(f"A {planted} stood by the door, {n}." for n in range(20)))
    kept = write(bob.who, "The train came on time.")
    gone = write(alice.who, f"One more {planted}.")[0]
    service.delete_analysis(gone, actor=alice.who)
    film(alice.who.id, events=3, sessions=4)
    note(alice.who.id, bob.who.id, f"spoke of a {planted}")
    note(bob.who.id, alice.who.id, "a note about bob stays")
    erased = erasing.erase_person(alice.who.id, actor=None)
    assert erased == erasing.Erased(texts=20, sessions=4, events=12, notes=1)
    left = everything(app)
    for trace in (planted, "alice@example.org", "Alice Example"):
        assert trace not in left
    assert "a note about bob stays" in left
    assert rows("SELECT id FROM analysis_records") == [{"id": kept[0]}]
    assert rows("SELECT count(*) AS n FROM audit_logs WHERE user_id = :id", id=alice.who.id) == [{"n": 0}]
    assert ledger().uneven == 0
    assert (ledger().accepted, ledger().erased) == (22, 21)


def test_the_receipt_answers_for_the_address_and_names_it_not(app: Flask, alice: Caller, root: Caller) -> None:
    write(alice.who, "The tea was good.")
    run = app.test_cli_runner()
    done = run.invoke(args=["quietus", "subject", "erase", "alice@example.org", "--confirm", "alice@example.org"])
    assert done.output == "erased texts 1 sessions 0 events 0 notes 0\n"
    assert "texts 1 sessions 0" in run.invoke(args=["quietus", "subject", "receipts", "Alice@Example.org"]).output
    assert run.invoke(args=["quietus", "subject", "receipts", "carol@example.org"]).exit_code == 1
    again = run.invoke(args=["quietus", "subject", "erase", str(alice.who.id), "--confirm", str(alice.who.id)])
    assert again.exit_code == 1


def test_the_command_wants_the_name_twice(app: Flask, alice: Caller, rows: Any) -> None:
    done = app.test_cli_runner().invoke(args=["quietus", "subject", "erase", "alice@example.org", "--confirm", "x"])
    assert done.exit_code == 1
    assert len(rows("SELECT id FROM users")) == 1


def test_the_seals_stay_whole(app: Flask, alice: Caller, bob: Caller) -> None:
    from quietus.audit import sealing
    from quietus.audit.verifying import verify

    write(alice.who, "The tea was good.")
    note(alice.who.id, bob.who.id, "spoke of tea")
    with (
        patch.object(sealing, "today", lambda: clock.now().date() + timedelta(days=1)),
        patch.object(sealing, "_refuse_open"),
    ):
        sealing.seal_closed_days()
    erasing.erase_person(alice.who.id, actor=None)
    found = verify(actor=None)
    assert {fault.what for fault in found.faults} <= {"ADDED"}, "the seal of today was made too early, for this test"
    assert found.days == 1


def test_asking_waits_and_can_be_taken_back(alice: Caller, days_later: Any, rows: Any) -> None:
    asked = alice.post(API, RIGHT)
    assert asked.status_code == 202
    assert alice.post(API, RIGHT).json == asked.json, "asking twice changes nothing"
    assert "will be erased on" in alice.get("/me").text
    assert erasing.erase_due() == 0
    assert alice.call("DELETE", API).status_code == 204
    assert alice.call("DELETE", API).status_code == 204
    with days_later(8):
        assert erasing.erase_due() == 0
    assert len(rows("SELECT id FROM users")) == 1


def test_when_its_day_has_come_it_happens_once(app: Flask, alice: Caller, days_later: Any, rows: Any) -> None:
    write(alice.who, "The tea was good.")
    alice.post(API, RIGHT)
    with days_later(6.9):
        assert erasing.erase_due() == 0
    with days_later(7.1):
        app.extensions["celery"].tasks["privacy.erase"]()
        assert erasing.erase_due() == 0
    assert rows("SELECT id FROM users") == []
    assert alice.get("/api/v1/auth/me").status_code == 401


@pytest.mark.parametrize(
    "body",
    [{}, {"password": PASSWORD}, RIGHT | {"confirm": "erase"}, RIGHT | {"password": "wrong"}, RIGHT | {"password": 7},
     RIGHT | {"more": 1}, RIGHT | {"password": "x" * 2000}],
)  # fmt: skip
def test_a_slip_erases_nobody(alice: Caller, body: dict[str, Any], rows: Any) -> None:
    assert alice.post(API, body).status_code == 422
    assert rows("SELECT id FROM audit_logs WHERE action = 'subject:erasure_requested'") == []


def test_guessing_the_password_is_slowed_down(alice: Caller) -> None:
    answers = [alice.post(API, RIGHT | {"password": "wrong"}).status_code for _ in range(11)]
    assert answers[-1] == 429


def test_the_page_says_what_is_missing(alice: Caller) -> None:
    page = alice.form("/me/erase", password="wrong", confirm="ERASE")
    assert page.status_code == 422
    assert "This is not your password." in page.text
    assert "capital letters" in alice.form("/me/erase", password=PASSWORD, confirm="yes").text
    done = alice.form("/me/erase", password=PASSWORD, confirm="ERASE")
    assert done.headers["Location"] == "/me"
    assert "Nothing will be erased" in alice.client.get(alice.form("/me/erase/cancel").headers["Location"]).text


@pytest.mark.parametrize("word", ["LÖSCHEN", "ERASE"])
def test_a_german_page_takes_the_german_word_too(alice: Caller, word: str) -> None:
    alice.client.set_cookie(COOKIE, "de")
    assert "Das Wort LÖSCHEN" in alice.get("/me").text
    assert "LÖSCHEN in Großbuchstaben" in alice.form("/me/erase", password=PASSWORD, confirm="löschen").text
    assert alice.form("/me/erase", password=PASSWORD, confirm=word).headers["Location"] == "/me"


def test_without_a_waiting_time_it_is_done_and_signed_out(make_app: Any, app: Flask, rows: Any) -> None:
    quick = make_app(erasure_wait_days=0)
    with quick.app_context():
        alice = Caller(quick, "alice@example.org", ("USER",))
        answer = alice.form("/me/erase", password=PASSWORD, confirm="ERASE")
        assert "signed out" in alice.client.get(answer.headers["Location"]).text
        assert quick.extensions["broker"].llen("maintenance") == 1, "a worker is told at once"
        quick.extensions["celery"].tasks["privacy.erase"]()
    assert rows("SELECT id FROM users") == []


def test_a_token_can_neither_ask_nor_cancel(alice: Caller) -> None:
    token = alice.post("/api/v1/auth/tokens", {"name": "own", "scopes": ["me"], "days": 1}).json["token"]
    bearer = {"Authorization": f"Bearer {token}"}
    fresh = alice.client.application.test_client()
    assert fresh.post(API, json=RIGHT, headers=bearer).status_code == 403
    assert fresh.delete(API, headers=bearer).status_code == 403
    assert fresh.post("/api/v1/me/export", headers=bearer).status_code == 200


def test_the_last_admin_stays(root: Caller) -> None:
    assert root.post(API, RIGHT).json["code"] == "last_admin"
    with pytest.raises(Conflict):
        erasing.erase_person(root.user.id, actor=None)


def test_an_admin_alone_erases_nobody(app: Flask, alice: Caller, root: Caller, caller: Any, days_later: Any) -> None:
    second = caller("second@example.org", "ADMIN")
    with pytest.raises(Conflict):
        waiting.confirm(alice.who.id, actor=root.user.id)
    waiting.propose(alice.who.id, actor=root.user.id)
    with pytest.raises(Conflict) as refusal:
        waiting.confirm(alice.who.id, actor=root.user.id)
    assert refusal.value.code == "second_admin_needed"
    with days_later(30):
        assert erasing.erase_due() == 0
    assert "An admin has asked" in alice.get("/me").text
    waiting.confirm(alice.who.id, actor=second.user.id)
    with days_later(8):
        assert erasing.erase_due() == 1


def test_an_old_word_or_that_of_a_former_admin_does_not_count(
    alice: Caller, root: Caller, caller: Any, days_later: Any
) -> None:
    from quietus.accounts.administration import set_roles

    second = caller("second@example.org", "ADMIN")
    waiting.propose(alice.who.id, actor=root.user.id)
    with days_later(8), pytest.raises(Conflict):
        waiting.confirm(alice.who.id, actor=second.user.id)
    set_roles(root.user.id, frozenset({"USER"}), actor=second.user.id)
    with pytest.raises(Conflict):
        waiting.confirm(alice.who.id, actor=second.user.id)


def test_nobody_is_proposed_by_themselves(root: Caller, caller: Any) -> None:
    caller("second@example.org", "ADMIN")
    with pytest.raises(Conflict):
        waiting.propose(root.user.id, actor=root.user.id)


def test_a_text_that_comes_meanwhile_is_refused_not_lost(app: Flask, alice: Caller) -> None:
    """The accepting transaction waits for the erasure, and then finds nobody to store the text for."""
    started, answers = threading.Event(), []
    real = erasing.administration.remove

    def slow(user_id: Any) -> None:
        started.set()
        thread.join(0.5)
        real(user_id)

    def submit() -> None:
        started.wait(10)
        with app.app_context():
            try:
                answers.append(accepting.accept(accepting.Submission("The tea was good."), actor=alice.who))
            except Exception as error:
                answers.append(error)

    thread = threading.Thread(target=submit)
    thread.start()
    with patch.object(erasing.administration, "remove", slow):
        erasing.erase_person(alice.who.id, actor=None)
    thread.join()
    assert isinstance(answers[0], Exception)
    assert ledger().uneven == 0
    assert ledger().accepted == 0


def test_notes_are_blanked_for_the_erased_only(app: Flask, alice: Caller, bob: Caller) -> None:
    from sqlalchemy import text
    from sqlalchemy.exc import DBAPIError

    note(alice.who.id, bob.who.id, "spoke of tea")
    with pytest.raises(DBAPIError):
        db.session.scalar(text("SELECT audit_logs_blank_notes(:id)"), {"id": alice.who.id})
    db.session.rollback()
    with pytest.raises(DBAPIError):
        db.session.execute(text("UPDATE audit_logs SET metadata = metadata - 'note' WHERE metadata ? 'note'"))
    db.session.rollback()


def test_the_broker_keeps_no_count_of_the_address(app: Flask, alice: Caller) -> None:
    alice.post(API, RIGHT | {"password": "wrong"})
    before = len(app.extensions["broker"].keys("*"))
    erasing.erase_person(alice.who.id, actor=None)
    assert len(app.extensions["broker"].keys("*")) < before


def test_while_the_broker_is_away_nothing_is_half_erased(make_app: Any, app: Flask, alice: Caller, rows: Any) -> None:
    write(alice.who, "The tea was good.")
    lonely = make_app(redis_url="redis://127.0.0.1:9/0")
    with lonely.app_context():
        waiting.request_own(alice.who.id)
        real = clock.now()
        with patch.object(clock, "now", lambda: real + timedelta(days=8)):
            assert erasing.erase_due() == 0
    assert len(rows("SELECT id FROM analysis_records")) == 1
    assert principal(make_user("dora@example.org"))
