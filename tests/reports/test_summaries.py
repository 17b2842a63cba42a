"""Summaries: one for each period whatever happens, mailed to whoever wants them and may see them."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import text

from quietus.core import clock
from quietus.core.errors import NotFound, TooManyRequests
from quietus.core.extensions import db
from quietus.reports import periods, summaries
from quietus.reports.periods import Period
from tests.reports.conftest import Caller

Texts = Callable[..., list[UUID]]
MORNING = datetime(2026, 11, 4, 6, 0, tzinfo=UTC)  # a Wednesday; texts come from Monday the 2nd on


@pytest.fixture(autouse=True)
def at_six(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: MORNING)


@pytest.fixture
def old_desk(bob: Caller) -> None:
    """A desk that has been there for a year."""
    db.session.execute(text("UPDATE users SET created_at = '2025-11-01'"))
    db.session.commit()


def test_a_day_is_summed_up_once(bob: Caller, old_desk: None, texts: Texts, rows: Any) -> None:
    texts(30)
    db.session.execute(text("UPDATE users SET created_at = '2026-11-03 09:00Z'"))
    db.session.commit()
    assert summaries.build_due("daily") == [Period("daily", date(2026, 11, 3))]
    assert summaries.build_due("daily") == []
    (row,) = rows("SELECT resource_id, metadata FROM audit_logs WHERE action = 'summary:built'")
    assert row["resource_id"] == "daily:2026-11-03"
    assert row["metadata"]["numbers"]["texts"] == 14


def test_missed_days_are_caught_up_and_only_the_newest_is_mailed(bob: Caller, old_desk: None, app: Flask) -> None:
    built = summaries.build_due("daily")
    assert [period.first.day for period in built] == [28, 29, 30, 31, 1, 2, 3]
    assert app.extensions["broker"].llen("mail") == 1
    assert [period.first for period in summaries.build_due("weekly")] == [
        date(2026, 10, 5), date(2026, 10, 12), date(2026, 10, 19), date(2026, 10, 26),
    ]  # fmt: skip


def test_a_desk_is_not_summed_up_before_it_was_there(bob: Caller) -> None:
    db.session.execute(text("UPDATE users SET created_at = '2026-11-02 09:00Z'"))
    db.session.commit()
    assert [period.id for period in summaries.build_due("daily")] == ["daily:2026-11-02", "daily:2026-11-03"]
    assert summaries.build_due("weekly") == []


def test_it_is_mailed_to_whoever_may_build_reports_and_wants_it(bob: Caller, ann: Caller, app: Flask) -> None:
    plain = Caller(app, "alice@example.org", "USER")
    summaries.mute(True, actor=ann.principal)
    assert list(summaries._recipients()) == [bob.user.id]
    summaries.mute(False, actor=ann.principal)
    assert set(summaries._recipients()) == {bob.user.id, ann.user.id}
    assert plain.user.id not in summaries._recipients()


def test_who_lost_the_right_gets_no_mail(bob: Caller) -> None:
    db.session.execute(text("DELETE FROM user_roles WHERE user_id = :id"), {"id": bob.user.id})
    db.session.commit()
    assert summaries.mail_summary("daily:2026-11-03", bob.user.id, asked_for=True) is False


def test_one_can_be_sent_now_but_not_twice_at_once(bob: Caller, app: Flask, rows: Any) -> None:
    assert summaries.send_me_one("weekly", actor=bob.principal).id == "weekly:2026-10-26"
    assert summaries.mail_summary("weekly:2026-10-26", bob.user.id, asked_for=True)
    with pytest.raises(TooManyRequests):
        summaries.send_me_one("weekly", actor=bob.principal)


@pytest.mark.parametrize(
    "wrong",
    [
        "daily:2026-11-04",
        "daily:tomorrow",
        "weekly:2026-10-27",
        "yearly:2026-01-01",
        "",
        "daily:20261103",
        "daily:9999-12-31",
    ],
)
def test_a_period_that_is_none_is_not_found(bob: Caller, wrong: str) -> None:
    with pytest.raises(NotFound):
        summaries.read_summary(wrong, for_user=bob.principal)


def test_the_newest_week_ends_on_the_last_sunday() -> None:
    sunday, monday = datetime(2026, 11, 8, 23, tzinfo=UTC), datetime(2026, 11, 9, tzinfo=UTC)
    assert periods.newest("weekly", sunday).first == date(2026, 10, 26)
    assert periods.newest("weekly", monday).first == date(2026, 11, 2)


def test_the_mail_holds_numbers_and_comes_once(bob: Caller, texts: Texts, outbox: list[Any]) -> None:
    texts(30)
    sent = [summaries.mail_summary("daily:2026-11-03", bob.user.id, asked_for=False) for _ in range(2)]
    assert sent == [True, False]
    (letter,) = outbox
    assert letter.to == ["bob@example.org"]
    assert "Texts read: 14" in letter.body
    assert "/reports/summaries/daily:2026-11-03" in letter.body
    assert "made-up" not in letter.body
