"""Sessions that nobody ends are closed, and say since when they were over."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from quietus.core.extensions import db
from quietus.video.ending import close_abandoned
from tests.video.conftest import Person, event

Shift = Callable[..., None]
Rows = Callable[..., list[dict[str, Any]]]


def only(rows: Rows) -> dict[str, Any]:
    (session,) = rows("SELECT status, started_at, ended_at FROM video_sessions")
    return session


def test_a_session_that_went_silent_ended_with_its_last_event(alice: Person, shift: Shift, rows: Rows) -> None:
    session = alice.session()
    alice.send(session, event(), event(event_at=(datetime.now(UTC) - timedelta(seconds=20)).isoformat()))
    shift(minutes=9.9)
    assert close_abandoned() == 0
    shift(minutes=0.2)
    assert close_abandoned() == 1
    found = only(rows)
    (last,) = rows("SELECT max(event_at) AS at FROM video_analysis_events")
    assert (found["status"], found["ended_at"]) == ("ABANDONED", last["at"])
    (act,) = rows("SELECT user_id, metadata FROM audit_logs WHERE action = 'video_session:ended'")
    assert act["user_id"] is None and act["metadata"]["reason"] == "silence"
    assert close_abandoned() == 0


def test_a_session_without_events_ended_when_it_started(alice: Person, shift: Shift, rows: Rows) -> None:
    alice.session()
    shift(minutes=10.1)
    assert close_abandoned() == 1
    found = only(rows)
    assert found["status"] == "ABANDONED" and found["ended_at"] == found["started_at"]


def test_an_event_whose_clock_is_behind_ends_no_session_before_its_start(
    alice: Person, shift: Shift, rows: Rows
) -> None:
    alice.send(alice.session(), event(event_at=(datetime.now(UTC) - timedelta(minutes=4)).isoformat()))
    shift(minutes=11)
    close_abandoned()
    assert only(rows)["ended_at"] == only(rows)["started_at"]


def test_a_session_ends_after_four_hours_whatever_still_comes(alice: Person, shift: Shift, rows: Rows) -> None:
    session = alice.session()
    shift(hours=3.9)
    alice.send(session, event())
    assert close_abandoned() == 0
    shift(minutes=6.5)
    alice.send(session, event())
    assert close_abandoned() == 1
    found = only(rows)
    assert (found["status"], found["ended_at"] - found["started_at"]) == ("ENDED", timedelta(hours=4))
    (act,) = rows("SELECT metadata FROM audit_logs WHERE action = 'video_session:ended'")
    assert act["metadata"]["reason"] == "limit"


def test_a_desk_that_slept_tells_the_silent_from_the_long(alice: Person, shift: Shift, rows: Rows) -> None:
    session = alice.session()
    shift(hours=1)
    alice.send(session, event())
    shift(hours=48)
    close_abandoned()
    found = only(rows)
    assert found["status"] == "ABANDONED"
    assert timedelta(minutes=59) < found["ended_at"] - found["started_at"] < timedelta(minutes=61)


def test_a_session_that_went_silent_takes_what_was_measured_meanwhile(alice: Person, shift: Shift, rows: Rows) -> None:
    session = alice.session()
    shift(minutes=30)
    close_abandoned()
    assert alice.send(session, event()).status_code == 200
    assert only(rows)["status"] == "ABANDONED"


def test_an_ended_session_is_left_alone(alice: Person, shift: Shift, rows: Rows) -> None:
    session = alice.session()
    ended = alice.post(f"{session}/end").json
    shift(hours=5)
    assert close_abandoned() == 0
    assert only(rows)["status"] == ended["status"]


@pytest.mark.parametrize("held", ["SELECT pg_advisory_xact_lock(hashtextextended('quietus:video.close_abandoned', 0))",
                                  "SELECT FROM video_sessions FOR SHARE"])  # fmt: skip
def test_it_waits_for_nobody(app: Flask, alice: Person, shift: Shift, rows: Rows, held: str) -> None:
    alice.session()
    shift(minutes=11)
    with db.engine.connect() as other:
        other.execute(text(held))
        assert close_abandoned() == 0
    assert close_abandoned() == 1
