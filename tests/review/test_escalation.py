"""The escalation list is followed: at once, later, until somebody comes; each notice once, and none of it private."""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import text

from quietus.core.config import ConfigurationError, EscalationStep
from quietus.core.extensions import db
from quietus.review import claims, decisions, escalation
from quietus.review.decisions import Decision
from quietus.review.escalation import Alarm, due, escalate
from quietus.review.vocabulary import Kind, Outcome
from tests.core.test_notices import Messenger
from tests.factories import make_user, principal
from tests.review.conftest import WORDS, later, put_session, put_text

STEPS = [EscalationStep(after_minutes=m, urls=["json://127.0.0.1:9/"]) for m in (0, 15, 60)]
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture
def people() -> Iterator[list[Messenger]]:
    """Three real small HTTP servers: the team, its lead, and who is on call."""
    servers = [Messenger() for _ in range(3)]
    for server in servers:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    yield servers
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def desk(make_app: Callable[..., Flask], clean: None, people: list[Messenger]) -> Iterator[Flask]:
    steps = [{"after_minutes": m, "urls": [p.url]} for m, p in zip((0, 15, 60), people, strict=True)]
    app = make_app(escalation=steps, public_url="https://desk.example.org")
    with app.app_context():
        yield app
        db.session.remove()


def sent() -> list[Any]:
    """The audit rows of what was told. Not by the fixture `rows`: it would bring another app, without a list."""
    rows = db.session.execute(text("SELECT * FROM audit_logs WHERE action = 'escalation:sent' ORDER BY id"))
    return list(rows.mappings())


def told(people: list[Messenger]) -> list[int]:
    return [len(person.told) for person in people]


@pytest.mark.parametrize(
    ("minutes", "claimed", "done", "expected"),
    [
        (0, False, (), [1]),
        (14, False, (1,), []),
        (15, False, (1,), [2]),
        (70, False, (), [1, 2, 3]),
        (70, False, (1, 2, 3), []),
        (20, True, (1,), []),
        (70, True, (1,), [3]),
        (59, True, (), []),
    ],
)
def test_what_is_due(minutes: int, claimed: bool, done: tuple[int, ...], expected: list[int]) -> None:
    alarm = Alarm(Kind.ANALYSIS, uuid4(), NOON, claimed, frozenset(done), done)
    assert due(alarm, STEPS, NOON + timedelta(minutes=minutes)) == expected


def test_it_tells_step_by_step_until_the_list_ends(desk: Flask, people: list[Messenger]) -> None:
    item = put_text(make_user(), minutes_ago=0)
    assert (escalate(), told(people)) == (1, [1, 0, 0])
    assert escalate() == 0
    with later(minutes=16):
        assert (escalate(), told(people)) == (1, [1, 1, 0])
    with later(minutes=61):
        assert (escalate(), escalate(), told(people)) == (1, 0, [1, 1, 1])
    assert people[0].told[0]["message"] == f"https://desk.example.org/review/analysis/{item}"


def test_a_notice_holds_a_link_and_a_label_only(desk: Flask, people: list[Messenger]) -> None:
    put_text(make_user(), minutes_ago=0)
    session = put_session(make_user("carol@example.org"), "HIGH", minutes_ago=0)
    escalate()
    notices = str(people[0].told)
    assert f"/review/session/{session}" in notices
    for private in (WORDS[:12], "alice", "Alice", "carol", "0.8"):
        assert private not in notices
    assert {each["title"] for each in people[0].told} == {
        "HIGH priority: a text waits for a reader",
        "HIGH priority: a session waits for a reader",
    }


def test_each_step_is_an_audit_row(desk: Flask) -> None:
    item = put_text(make_user(), minutes_ago=0)
    escalate()
    (row,) = sent()
    assert (row["resource_type"], row["resource_id"], row["user_id"]) == ("analysis", str(item), None)
    assert row["metadata"] == {"step": 1, "ways": 1, "delivered": True, "attempt": 1}


def test_only_high_is_told(desk: Flask, people: list[Messenger]) -> None:
    person = make_user()
    for label in ("LOW", "MODERATE", "PENDING", "FAILED"):
        put_text(person, label, minutes_ago=0)
    put_session(person, "MODERATE", "LOW", minutes_ago=0)
    assert (escalate(), told(people)) == (0, [0, 0, 0])


def test_a_reader_stops_the_steps_but_the_last(desk: Flask, people: list[Messenger]) -> None:
    bob = principal(make_user("bob@example.org", ("CLINICIAN",)))
    item = put_text(make_user(), minutes_ago=0)
    escalate()
    claims.claim(Kind.ANALYSIS, item, reader=bob)
    with later(minutes=16):
        assert (escalate(), told(people)) == (0, [1, 0, 0])
    with later(minutes=61):
        assert (escalate(), told(people)) == (1, [1, 0, 1])


def test_a_decision_ends_it(desk: Flask, people: list[Messenger]) -> None:
    bob = principal(make_user("bob@example.org", ("CLINICIAN",)))
    item = put_text(make_user(), minutes_ago=0)
    escalate()
    claims.claim(Kind.ANALYSIS, item, reader=bob)
    decisions.decide(Kind.ANALYSIS, item, Decision(Outcome.NOT_CONCERNING), reader=bob)
    with later(minutes=61):
        assert (escalate(), told(people)) == (0, [1, 0, 0])


def test_who_cannot_be_reached_is_tried_three_times(desk: Flask, people: list[Messenger]) -> None:
    people[0].answer = 500
    put_text(make_user(), minutes_ago=0)
    assert [escalate() for _ in range(5)] == [0] * 5
    assert [(row["metadata"]["attempt"], row["metadata"]["delivered"]) for row in sent()] == [
        (1, False), (2, False), (3, False),
    ]  # fmt: skip
    with later(minutes=16):
        assert (escalate(), told(people)[1]) == (1, 1), "the next step does not wait for the one that failed"


def test_who_is_back_is_told_once(desk: Flask, people: list[Messenger]) -> None:
    people[0].answer = 500
    put_text(make_user(), minutes_ago=0)
    escalate()
    people[0].answer = 200
    assert [escalate() for _ in range(3)] == [1, 0, 0]


def test_workers_at_once_tell_once(desk: Flask, people: list[Messenger]) -> None:
    person = make_user()
    for _ in range(3):
        put_text(person, minutes_ago=0)

    def work() -> None:
        with desk.app_context():
            escalate()
            db.session.remove()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    while escalate():  # whom one worker left to another that had it locked
        pass
    assert told(people) == [3, 0, 0]


def test_news_that_is_long_over_is_left(desk: Flask, people: list[Messenger]) -> None:
    put_text(make_user(), minutes_ago=60 * 30)
    assert (escalate(), told(people)) == (0, [0, 0, 0])


def test_a_session_rings_again_after_it_was_decided_about(desk: Flask, people: list[Messenger]) -> None:
    from quietus.review import opened
    from tests.review.conftest import put_windows

    alice, bob = make_user(), principal(make_user("bob@example.org", ("CLINICIAN",)))
    session = put_session(alice, "HIGH", minutes_ago=0)
    escalate()
    claims.claim(Kind.SESSION, session, reader=bob)
    opened.read(Kind.SESSION, session, reader=bob)
    decisions.decide(Kind.SESSION, session, Decision(Outcome.CONFIRMED), reader=bob)
    assert escalate() == 0
    put_windows(session, alice, "HIGH", minutes_ago=0)
    assert (escalate(), told(people)) == (1, [2, 0, 0])


def test_without_a_list_nobody_is_told(app: Flask, alice: Any) -> None:
    put_text(alice, minutes_ago=0)
    assert escalate() == 0


def test_recording_a_high_outcome_rings_at_once(desk: Flask, people: list[Messenger]) -> None:
    from quietus.analysis import accepting, recording
    from quietus.textmodel import Outcome as Said
    from quietus.textmodel import port

    class Fixed:
        """Stands for a model whose answers are known: the bell is what is tested here."""

        version = "fixed-1"

        def predict(self, texts: list[str]) -> list[port.Outcome]:
            shares = {"LOW": 0.1, "MODERATE": 0.1, "HIGH": 0.8}
            return [Said("HIGH" if "bridge" in text else "LOW", 0.8, shares, (), ()) for text in texts]

    alice = principal(make_user())
    accepting.accept_batch(
        [accepting.Submission("I stood on the bridge again."), accepting.Submission("The soup was good today.")],
        actor=alice,
    )
    broker = desk.extensions["broker"]
    broker.delete("maintenance")
    recording.record_pending(Fixed())  # type: ignore[arg-type]
    assert broker.llen("maintenance") == 1
    (row,) = db.session.execute(text("SELECT id FROM analysis_records WHERE predicted_label = 'HIGH'"))
    desk.extensions["celery"].tasks["alerts.notify_high"]("analysis", [str(row.id)])
    desk.extensions["celery"].tasks["alerts.notify_high"]("analysis", [str(row.id)])
    desk.extensions["celery"].tasks["review.escalate"]()
    assert told(people) == [1, 0, 0]


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ([{"after_minutes": 15, "urls": ["json://a/"]}, {"after_minutes": 0, "urls": ["json://a/"]}], "order"),
        ([{"after_minutes": 0, "urls": ["json://a/"]}, {"after_minutes": 0, "urls": ["json://b/"]}], "order"),
        ([{"after_minutes": 0, "urls": ["no-such-way://secret"]}], "step 1"),
    ],
)
def test_a_list_that_could_not_be_followed_stops_the_start(make_app: Any, steps: list[Any], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said) as refusal:
        make_app(escalation=steps)
    assert "secret" not in str(refusal.value)


def test_a_limit_keeps_a_run_short(desk: Flask, people: list[Messenger], monkeypatch: Any) -> None:
    monkeypatch.setattr(escalation, "NOTICES_MAX", 2)
    person = make_user()
    for _ in range(3):
        put_text(person, minutes_ago=0)
    assert [escalate(), escalate(), escalate()] == [2, 1, 0]


def test_storing_a_high_window_rings_at_once(desk: Flask, people: list[Messenger]) -> None:
    from quietus.core import clock
    from quietus.video.storing import store_events

    alice = make_user()
    session = put_session(alice, minutes_ago=1)
    broker = desk.extensions["broker"]

    def store(level: str) -> None:
        window = {
            "id": str(uuid4()), "event_at": clock.now().isoformat(), "risk_level": level, "confidence": 0.7,
            "signals": {}, "model_version": "video-test-1", "latency_ms": 20,
        }  # fmt: skip
        store_events(session, [window], actor=principal(alice))

    store("MODERATE")
    assert broker.llen("maintenance") == 0
    store("HIGH")
    assert broker.llen("maintenance") == 1
    desk.extensions["celery"].tasks["alerts.notify_high"]("session", [str(session)])
    store("HIGH")
    desk.extensions["celery"].tasks["alerts.notify_high"]("session", [str(session)])
    assert told(people) == [1, 0, 0]
