"""The queue is a query: the most urgent first, the same for everybody and after the broker was wiped."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import text as sql

from quietus.core.errors import Invalid
from quietus.core.extensions import db
from quietus.review import claims, decisions, queue, sampling, settling
from quietus.review.decisions import Decision
from quietus.review.vocabulary import Kind, Outcome, Place
from tests.review.conftest import later, put_session, put_text, put_windows, sample

Rows = Callable[..., list[dict[str, Any]]]


def ids(reader: Any, **options: Any) -> list[UUID]:
    return [item.id for item in queue.list_queue(reader=reader, **options).items]


def decide(item_id: UUID, reader: Any, outcome: Outcome = Outcome.CONFIRMED, kind: Kind = Kind.ANALYSIS) -> None:
    from quietus.review import opened

    claims.claim(kind, item_id, reader=reader)
    opened.read(kind, item_id, reader=reader)
    decisions.decide(kind, item_id, Decision(outcome), reader=reader)


def test_high_comes_before_moderate_and_the_oldest_first(alice: Any, bob: Any) -> None:
    young_high = put_text(alice, "HIGH", minutes_ago=1)
    old_moderate = put_text(alice, "MODERATE", minutes_ago=90)
    session = put_session(alice, "LOW", "HIGH", "HIGH", minutes_ago=30)
    old_high = put_text(alice, "HIGH", minutes_ago=60)
    put_text(alice, "LOW")
    put_text(alice, "PENDING")
    put_text(alice, "FAILED")
    assert ids(bob) == [old_high, session, young_high, old_moderate]


def test_several_windows_of_a_session_are_one_item(alice: Any, bob: Any) -> None:
    put_session(alice, "HIGH", "MODERATE", "LOW", "HIGH", "UNKNOWN")
    (item,) = queue.list_queue(reader=bob).items
    assert (item.kind, item.place, item.windows) == (Kind.SESSION, Place.FIRST, 3)


def test_an_empty_queue_is_empty(bob: Any) -> None:
    page = queue.list_queue(reader=bob)
    assert (page.items, page.next_cursor) == ([], None)
    assert queue.overview(reader=bob)[1] == queue.Counts(0, 0, None, None)


def test_ones_own_is_never_there(app: Flask, bob: Any, dora: Any) -> None:
    own = put_text(bob, "HIGH")
    own_session = put_session(bob, "HIGH")
    assert ids(bob) == []
    assert set(ids(dora)) == {own, own_session}


def test_what_is_decided_leaves_it(alice: Any, bob: Any, dora: Any) -> None:
    first, second = put_text(alice, minutes_ago=9), put_text(alice, minutes_ago=8)
    decide(first, bob)
    assert ids(bob) == ids(dora) == [second]


def test_a_session_comes_back_when_new_windows_are_raised(alice: Any, bob: Any, dora: Any) -> None:
    session = put_session(alice, "HIGH", "HIGH")
    decide(session, bob, kind=Kind.SESSION)
    assert ids(bob) == []
    put_windows(session, alice, "LOW", minutes_ago=1)
    assert ids(bob) == []
    put_windows(session, alice, "MODERATE", minutes_ago=1)
    (item,) = queue.list_queue(reader=bob).items
    assert (item.id, item.place, item.windows, item.reading) == (session, Place.NEXT, 1, 1)
    assert ids(dora) == [session]


def test_windows_that_came_while_the_reader_read_are_not_decided_with_the_others(alice: Any, bob: Any) -> None:
    from quietus.review import opened

    session = put_session(alice, "HIGH")
    claims.claim(Kind.SESSION, session, reader=bob)
    opened.read(Kind.SESSION, session, reader=bob)
    put_windows(session, alice, "HIGH", minutes_ago=0)
    decisions.decide(Kind.SESSION, session, Decision(Outcome.CONFIRMED), reader=bob)
    (item,) = queue.list_queue(reader=bob).items
    assert (item.id, item.windows) == (session, 1)


def test_a_window_that_was_on_its_way_is_not_decided_with_the_others(alice: Any, bob: Any) -> None:
    from quietus.review import opened

    def stored(minutes_ago: int) -> None:
        db.session.execute(
            sql("UPDATE video_analysis_events SET created_at = now() - :ago WHERE created_at > now() - interval '1 m'"),
            {"ago": timedelta(minutes=minutes_ago)},
        )
        db.session.commit()

    session = put_session(alice, "HIGH", minutes_ago=9)
    stored(9)
    claims.claim(Kind.SESSION, session, reader=bob)
    opened.read(Kind.SESSION, session, reader=bob)
    put_windows(session, alice, "HIGH", minutes_ago=0)
    stored(3)  # begun before the reading, committed after it
    decisions.decide(Kind.SESSION, session, Decision(Outcome.CONFIRMED), reader=bob)
    assert [item.windows for item in queue.list_queue(reader=bob).items] == [1]


def test_a_second_reading_waits_for_somebody_else(alice: Any, bob: Any, dora: Any) -> None:
    text, session = put_text(alice), put_session(alice, "HIGH")
    decide(text, bob, Outcome.NEEDS_SECOND_READER)
    decide(session, bob, Outcome.NEEDS_SECOND_READER, Kind.SESSION)
    assert ids(bob) == []
    assert {(item.id, item.reading) for item in queue.list_queue(reader=dora).items} == {(text, 2), (session, 2)}
    # also after the second reader looked and gave it back
    claims.claim(Kind.ANALYSIS, text, reader=dora)
    claims.release(Kind.ANALYSIS, text, reader=dora)
    assert ids(bob) == []
    assert text in ids(dora)


def test_the_sample_looks_like_any_other_item(alice: Any, bob: Any) -> None:
    low, moderate = put_text(alice, "LOW", minutes_ago=7), put_text(alice, "MODERATE", minutes_ago=6)
    sample(low)
    first, second = queue.list_queue(reader=bob).items
    assert [first.id, second.id] == [low, moderate]
    differing = {name for name in queue.Waiting.__slots__ if getattr(first, name) != getattr(second, name)}
    assert differing == {"id", "since"}
    decide(low, bob, Outcome.NOT_CONCERNING)
    assert ids(bob) == [moderate]


def test_the_daily_sample_is_drawn_once_and_only_from_low(make_app: Any, clean: None, rows: Rows) -> None:
    with make_app(review_low_sample=3).app_context():
        from tests.factories import make_user

        person = make_user()
        for label in ("LOW",) * 8 + ("MODERATE", "HIGH"):
            put_text(person, label, minutes_ago=24 * 60)
        put_text(person, "LOW", minutes_ago=24 * 60 * 9)
        assert sampling.draw_samples() == 3
        assert sampling.draw_samples() == 0
        drawn = rows(
            "SELECT r.predicted_label FROM audit_logs a JOIN analysis_records r ON r.id = a.resource_id::uuid "
            "WHERE a.action = 'review:sampled'"
        )
        assert [row["predicted_label"] for row in drawn] == ["LOW"] * 3
        db.session.remove()


def test_a_sample_of_nothing_asks_nobody(make_app: Any, clean: None, rows: Rows) -> None:
    with make_app(review_low_sample=0).app_context():
        from tests.factories import make_user

        put_text(make_user(), "LOW", minutes_ago=24 * 60)
        assert sampling.draw_samples() == 0
        db.session.remove()


@pytest.mark.parametrize("limit", [1, 2, 5])
def test_pages_hold_each_item_once(alice: Any, bob: Any, limit: int) -> None:
    for minutes in (3, 3, 2, 9):
        put_text(alice, "HIGH", minutes_ago=minutes)
        put_text(alice, "MODERATE", minutes_ago=minutes)
    put_session(alice, "HIGH")
    put_session(alice, "MODERATE")
    whole, cursor, found = ids(bob, limit=50), None, []
    while True:
        page = queue.list_queue(reader=bob, limit=limit, cursor=cursor)
        found += [item.id for item in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert found == whole
    assert len(set(found)) == 10


@pytest.mark.parametrize("cursor", ["x", "FIRST.", "FIRST.x", "LAST.W10", "NEXT.WzEsMl0", ".", "FIRST.\u0661"])
def test_a_foreign_cursor_is_refused(bob: Any, cursor: str) -> None:
    with pytest.raises(Invalid):
        queue.list_queue(reader=bob, cursor=cursor)


def test_it_survives_losing_the_broker(app: Flask, alice: Any, bob: Any) -> None:
    for label in ("HIGH", "MODERATE", "HIGH"):
        put_text(alice, label)
    put_session(alice, "HIGH")
    decide(ids(bob)[0], bob)
    settling.settle()
    before = queue.list_queue(reader=bob)
    app.extensions["broker"].flushall()
    assert queue.list_queue(reader=bob) == before


def test_the_counts_say_how_many_and_how_long(alice: Any, bob: Any) -> None:
    put_text(alice, "HIGH", minutes_ago=7)
    put_text(alice, "MODERATE", minutes_ago=3)
    put_text(alice, "MODERATE", minutes_ago=20)
    page, found = queue.overview(reader=bob)
    assert page == queue.list_queue(reader=bob)
    assert (found.first, found.next) == (1, 2)
    assert found.next_since == min(item.since for item in queue.list_queue(reader=bob).items)


def _work_through(alice: Any, bob: Any) -> list[UUID]:
    """A day of old items, some decided, some left; the ids of those that still wait."""
    left = []
    for number in range(12):
        for label in ("HIGH", "MODERATE"):
            text = put_text(alice, label, minutes_ago=60 * 30 + number)
            session = put_session(alice, label, minutes_ago=60 * 24 * 5 + number)
            for kind, item in ((Kind.ANALYSIS, text), (Kind.SESSION, session)):
                if number % 4:
                    decide(item, bob, kind=kind)
                else:
                    left.append(item)
    return left


def test_noting_what_is_worked_off_changes_nothing_in_the_queue(alice: Any, bob: Any, dora: Any, rows: Rows) -> None:
    left = _work_through(alice, bob)
    second = put_text(alice, minutes_ago=600)
    decide(second, bob, Outcome.NEEDS_SECOND_READER)
    before = queue.list_queue(reader=dora)
    assert {item.id for item in before.items} == {*left, second}
    with later(minutes=20):
        assert settling.settle() == 3
        assert queue.list_queue(reader=dora) == before
        marks = rows("SELECT resource_id, metadata FROM audit_logs WHERE action = 'review:settled'")
        remaining = {row["resource_id"]: len(row["metadata"]["remaining"]) for row in marks}
        assert remaining == {"HIGH": 4, "MODERATE": 3, "SESSION": 6}
        assert settling.settle() == 0, "nothing new, nothing written"
        decide(left[0], dora)
        assert [item.id for item in queue.list_queue(reader=dora).items] == [
            item.id for item in before.items if item.id != left[0]
        ]


def test_a_decision_that_can_still_be_undone_is_not_passed_over(alice: Any, bob: Any, dora: Any) -> None:
    text = put_text(alice, minutes_ago=600)
    decide(text, bob)
    settling.settle()
    decisions.undo(Kind.ANALYSIS, text, reader=bob)
    assert text in ids(dora)


def test_more_that_wait_than_a_mark_remembers_all_stay(alice: Any, bob: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(settling, "REMAINING_MAX", 3)
    monkeypatch.setattr(settling, "WALK", 4)
    for number in range(9):
        text = put_text(alice, "MODERATE", minutes_ago=60 * 40 - number)
        if number % 2:
            decide(text, bob)
    before = ids(bob)
    with later(minutes=20):
        settling.settle()
        assert ids(bob) == before
        for item in before[:3]:
            decide(item, bob)
    with later(minutes=40):
        settling.settle()
        assert ids(bob) == before[3:]


def test_the_tasks_of_the_schedule_can_be_run_by_hand(app: Flask, alice: Any, bob: Any, rows: Rows) -> None:
    from quietus.core import clock

    put_text(alice, "LOW", minutes_ago=60 * 24)
    text = put_text(alice, minutes_ago=600)
    decide(text, bob)
    tasks = app.extensions["celery"].tasks
    day = (clock.now().date()).isoformat()
    for _ in range(2):
        tasks["review.draw_sample"](day)
        tasks["review.draw_sample"]()
        tasks["review.escalate"]()
        with later(minutes=20):
            tasks["review.settle"]()
    assert len(rows("SELECT 1 FROM audit_logs WHERE action = 'review:sampled'")) == 1
    assert len(rows("SELECT 1 FROM audit_logs WHERE action = 'review:settled'")) == 1
