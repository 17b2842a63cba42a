"""What is too old goes in batches, is noted, and leaves the ledger even and the seals whole."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from quietus.admin.ledger import ledger
from quietus.analysis import service
from quietus.audit import sealing
from quietus.audit.verifying import verify
from quietus.core import clock
from quietus.core.config import ConfigurationError
from quietus.core.extensions import db
from quietus.privacy import retention
from quietus.privacy.owning import NotTheOwner
from tests.privacy.conftest import Caller, film, write


def age(days: float, *tables: str) -> None:
    """Make every row as old as this; audit rows as a superuser could."""
    columns = {"analysis_records": "analyzed_at", "video_sessions": "started_at", "video_analysis_events": "event_at"}
    for table in tables:
        column = columns[table]
        db.session.execute(text(f"UPDATE {table} SET {column} = {column} - :days * interval '1 day'"), {"days": days})
        if table == "video_sessions":
            db.session.execute(text("UPDATE video_sessions SET ended_at = started_at"))
    db.session.commit()


@pytest.fixture
def old_audit(superuser: Any) -> Any:
    return lambda days: superuser("UPDATE audit_logs SET created_at = created_at - %s * interval '1 day'", days)


def gone(app: Flask, **days: int) -> dict[str, int]:
    """What a desk with these settings plans, and that it then deletes just that."""
    with app.app_context():
        planned = {line.kind: line.rows for line in retention.plan()}
        applied = {line.kind: line.rows for line in retention.apply()}
        assert planned == applied
        assert all(line.rows == 0 for line in retention.plan())
    return {kind: rows for kind, rows in applied.items() if rows}


def test_by_default_everything_stays(app: Flask, alice: Caller) -> None:
    write(alice.who, "The tea was good.")
    age(5000, "analysis_records")
    assert gone(app) == {}


def test_each_kind_has_its_own_time(make_app: Any, app: Flask, alice: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)
    ids = write(alice.who, *(f"The tea was good, cup {n}." for n in range(5)))
    db.session.execute(text("UPDATE analysis_records SET predicted_label = 'LOW' WHERE id <> :id"), {"id": ids[0]})
    film(alice.user.id, events=5, sessions=3)
    age(100, "analysis_records", "video_sessions", "video_analysis_events")
    assert gone(make_app(retention_texts_days=101)) == {}
    assert gone(make_app(retention_texts_days=99)) == {"texts": 4}, "what waits to be read is never too old"
    assert gone(make_app(retention_events_days=99)) == {"events": 15}
    assert gone(make_app(retention_sessions_days=99)) == {"sessions": 3}
    assert ledger().uneven == 0
    assert ledger().erased == 4


def test_it_is_noted_in_the_audit(make_app: Any, app: Flask, alice: Caller, rows: Any) -> None:
    write(alice.who, "The tea was good.")
    db.session.execute(text("UPDATE analysis_records SET predicted_label = 'LOW'"))
    film(alice.user.id, events=3)
    age(100, "analysis_records", "video_analysis_events")
    gone(make_app(retention_texts_days=9, retention_events_days=9))
    noted = rows(
        "SELECT action, metadata FROM audit_logs WHERE metadata->>'reason' = 'retention' OR action LIKE 'ret%'"
    )
    assert {row["action"] for row in noted} == {"analysis:erased", "retention:applied"}


def test_old_audit_rows_go_and_the_ledger_stays_even(  # noqa: PLR0917 - fixtures
    make_app: Any, app: Flask, alice: Caller, bob: Caller, old_audit: Any, rows: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "BATCH", 3)
    kept, deleted = write(alice.who, "The tea was good.", "The train came on time.")
    service.delete_analysis(deleted, actor=alice.who)
    for _ in range(5):
        alice.post("/api/v1/me/erase", {"password": "wrong", "confirm": "ERASE"})
    bob.form(f"/find/{kept}", reason_code="PERSON_ASKED", note="She called and asked.")
    bob.post("/api/v1/auth/logout")
    old_audit(90)
    sealing.seal_closed_days()
    old_audit(1)  # the seals are a day younger than what they seal, as they would be
    before = rows("SELECT action, count(*) AS n FROM audit_logs GROUP BY 1")
    assert {row["action"] for row in before} > {"analysis:accepted", "analysis:erased", "signin:failed"}
    found = gone(make_app(retention_audit_days=40))
    assert found["audit"] > 3
    left = {row["action"]: row["n"] for row in rows("SELECT action, count(*) AS n FROM audit_logs GROUP BY 1")}
    assert left["analysis:accepted"] == 1, "that of the text that is still there"
    assert left["analysis:viewed"] == 1, "who read the text that is still there"
    assert left["signin:ended"] == 1, "sign-ins are judged by it"
    assert "signin:failed" not in left
    assert "analysis:erased" not in left
    assert ledger().uneven == 0


def sealed_days_of(past: Any, days: tuple[int, ...]) -> list[Any]:
    found = [clock.now().date() - timedelta(days=n) for n in days]
    for day in found:
        past(day, 5)
    sealing.seal_closed_days()
    return found


def test_the_check_tells_what_retention_took_from_what_is_missing(
    make_app: Any, app: Flask, past: Any, superuser: Any
) -> None:
    days = sealed_days_of(past, (60, 59, 50, 3))
    desk = make_app(retention_audit_days=55)
    assert gone(desk)["audit"] == 10
    found = verify(actor=None)
    assert (found.faults, found.removed, found.first_day) == ([], 10, days[0])
    superuser("DELETE FROM audit_logs WHERE created_at::date = %s AND resource_id = '2'", days[2])
    assert [(fault.day, fault.what) for fault in verify(actor=None).faults] == [(days[2], "MISSING")]
    gone(make_app(retention_audit_days=45))
    assert [(fault.day, fault.what) for fault in verify(actor=None).faults] == [
        (days[2], "MORE_MISSING_THAN_RETENTION_TOOK")
    ]


def test_seals_go_with_the_last_row_that_they_seal(
    make_app: Any, app: Flask, past: Any, superuser: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    days = [clock.now().date() - timedelta(days=distance) for distance in (60, 59, 58, 57)]
    for day in days:  # as if the desk had run at the time: each day sealed shortly after midnight
        past(day, 5)
        monkeypatch.setattr(sealing, "today", lambda day=day: day + timedelta(days=1))
        monkeypatch.setattr(sealing, "_refuse_open", lambda day: None)
        sealing.seal_closed_days()
        superuser(
            "UPDATE audit_logs SET created_at = resource_id::date + interval '1 day 10 minutes' "
            "WHERE action = 'audit:sealed' AND resource_id = %s",
            str(day),
        )
    assert gone(make_app(retention_audit_days=58)) == {"audit": 10}
    found = verify(actor=None)
    # the second day's own seal lies on the third, which is kept
    assert (found.first_day, found.removed) == (days[1], 6)
    assert {fault.what for fault in found.faults} == {"NOT_SEALED"}, "the days since, which this test leaves unsealed"


def test_a_day_that_is_not_sealed_stays(make_app: Any, app: Flask, past: Any) -> None:
    past(clock.now().date() - timedelta(days=60), 5)
    assert gone(make_app(retention_audit_days=40)) == {}


def test_consents_and_the_state_of_alerts_stay(make_app: Any, app: Flask, alice: Caller, past: Any, rows: Any) -> None:
    long_ago = datetime.combine(clock.now().date() - timedelta(days=60), time(9), UTC)
    db.session.execute(
        text(
            "INSERT INTO audit_logs (action, resource_type, resource_id, created_at) VALUES "
            "('consent:given', 'user', :id, :at), ('consent:given', 'user', 'gone', :at), "
            "('alert:changed', 'alert', 'a', :at), ('alert:changed', 'alert', 'a', :at)"
        ),
        {"id": str(alice.user.id), "at": long_ago},
    )
    db.session.commit()
    sealing.seal_closed_days()
    assert gone(make_app(retention_audit_days=40)) == {"audit": 2}
    assert len(rows("SELECT id FROM audit_logs WHERE action IN ('consent:given', 'alert:changed')")) == 2


def test_the_applications_role_cannot_and_says_so(make_app: Any, app: Flask, past: Any, rows: Any) -> None:
    sealed_days_of(past, (60,))
    lonely = make_app(retention_audit_days=40, migration_database_url="")
    with lonely.app_context():
        assert retention.plan()[-1].rows == 5
        with pytest.raises(NotTheOwner):
            retention.apply()
        said = lonely.test_cli_runner().invoke(args=["quietus", "retention", "apply"])
    assert said.exit_code == 1
    assert "QUIETUS_MIGRATION_DATABASE_URL" in said.output
    lonely.extensions["celery"].tasks["retention.apply"]()
    assert len(rows("SELECT id FROM audit_logs WHERE action = 'analysis:viewed'")) == 5


def test_the_commands_show_what_goes(make_app: Any, app: Flask, past: Any) -> None:
    sealed_days_of(past, (60,))
    desk, day = make_app(retention_audit_days=40), clock.now().date() - timedelta(days=40)

    def said(command: str) -> str:
        with desk.app_context():
            return desk.test_cli_runner().invoke(args=["quietus", "retention", command]).output

    assert f"audit before {day} 5\n" in said("plan")
    assert f"audit before {day} 5\n" in said("apply")
    assert "texts kept 0\n" in said("plan")


def test_less_than_a_month_of_audit_is_refused(make_app: Any, app: Flask) -> None:
    with pytest.raises(ConfigurationError):
        make_app(retention_audit_days=30)
