"""A sealed day cannot be changed without the check naming the day and the row."""

import threading
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import text

from quietus.audit import sealing
from quietus.audit.sealing import DayStillOpen, Part, seal_closed_days
from quietus.audit.verifying import Fault, verify
from quietus.core.extensions import db
from tests.factories import make_user, principal


def faults() -> list[Fault]:
    return verify(actor=None).faults


def audit_verify(app: Flask) -> Result:
    return app.test_cli_runner().invoke(args=["quietus", "audit", "verify"])


def test_every_closed_day_is_sealed_once_also_the_quiet_ones(past: Any, yesterday: date, rows: Any) -> None:
    past(yesterday - timedelta(days=2))
    past(yesterday, 5)
    assert seal_closed_days() == [yesterday - timedelta(days=n) for n in (2, 1, 0)]
    assert seal_closed_days() == []
    sealed = rows("SELECT resource_id, metadata FROM audit_logs WHERE action = 'audit:sealed' ORDER BY id")
    assert [row["metadata"]["rows"] for row in sealed] == [3, 0, 5]
    assert [row["metadata"]["previous"] for row in sealed][1:] == [row["metadata"]["digest"] for row in sealed][:-1]
    found = verify(actor=None)
    assert (found.days, found.rows, found.faults) == (3, 8, [])


def test_a_day_of_many_rows_is_sealed_in_parts(past: Any, yesterday: date, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "PART_ROWS", 4)
    past(yesterday, 10)
    seal_closed_days()
    assert verify(actor=None).rows == 10
    assert faults() == []


@pytest.mark.parametrize("column", ["action", "resource_type", "resource_id"])
def test_a_changed_row_is_named(
    app: Flask, past: Any, yesterday: date, superuser: Callable[..., None], column: str
) -> None:
    ids = past(yesterday, 50)
    seal_closed_days()
    superuser(f"UPDATE audit_logs SET {column} = 'forged' WHERE id = %s", ids[17])
    assert faults() == [Fault(yesterday, ids[17], "CHANGED")]
    said = audit_verify(app)
    assert said.exit_code == 1
    assert f"{yesterday} row {ids[17]} was changed" in said.output


@pytest.mark.parametrize("facts", ['{"reason": "another"}', '{"reason": "made up", "more": 1}', "7", "[]"])
def test_changed_facts_are_named(past: Any, yesterday: date, superuser: Callable[..., None], facts: str) -> None:
    ids = past(yesterday)
    seal_closed_days()
    superuser("UPDATE audit_logs SET metadata = %s WHERE id = %s", facts, ids[1])
    assert faults() == [Fault(yesterday, ids[1], "CHANGED")]


def test_a_missing_and_an_added_row_are_named(past: Any, yesterday: date, superuser: Callable[..., None]) -> None:
    ids = past(yesterday)
    past(yesterday - timedelta(days=1), 2)
    seal_closed_days()
    superuser("DELETE FROM audit_logs WHERE id = %s", ids[1])
    (added,) = past(yesterday, 1)
    assert set(faults()) == {Fault(yesterday, ids[1], "MISSING"), Fault(yesterday, added, "ADDED")}


def test_a_row_moved_to_another_day_is_missing_here_and_added_there(
    past: Any, yesterday: date, superuser: Callable[..., None]
) -> None:
    before = yesterday - timedelta(days=1)
    ids = past(before)
    past(yesterday)
    seal_closed_days()
    superuser("UPDATE audit_logs SET created_at = created_at + interval '1 day' WHERE id = %s", ids[0])
    assert set(faults()) == {Fault(before, ids[0], "MISSING"), Fault(yesterday, ids[0], "ADDED")}


@pytest.mark.parametrize("change", ["metadata - 'sums'", "jsonb_set(metadata, '{rows}', '2')", "'[]'", "NULL"])
def test_a_seal_that_makes_no_sense_is_named(
    past: Any, yesterday: date, superuser: Callable[..., None], rows: Any, change: str
) -> None:
    past(yesterday)
    seal_closed_days()
    superuser(f"UPDATE audit_logs SET metadata = {change} WHERE action = 'audit:sealed'")
    (seal,) = rows("SELECT id FROM audit_logs WHERE action = 'audit:sealed'")
    assert faults() == [Fault(yesterday, seal["id"], "SEAL_BROKEN")]


def test_a_seal_made_again_for_a_changed_day_breaks_the_chain(
    past: Any, yesterday: date, superuser: Callable[..., None], rows: Any
) -> None:
    before = yesterday - timedelta(days=1)
    past(before)
    past(yesterday)
    seal_closed_days()
    superuser("UPDATE audit_logs SET resource_id = 'forged' WHERE created_at::date = %s", before)
    forged = Part.of(before, "", list(sealing.rows_of(before)))
    superuser(
        "UPDATE audit_logs SET metadata = %s WHERE action = 'audit:sealed' AND resource_id = %s",
        app_json(forged.facts()),
        str(before),
    )
    (seal,) = rows("SELECT max(id) AS id FROM audit_logs WHERE action = 'audit:sealed'")
    assert faults() == [Fault(yesterday, seal["id"], "SEAL_BROKEN")]


def app_json(facts: dict[str, Any]) -> Any:
    from psycopg.types.json import Jsonb

    return Jsonb(facts)


def test_seals_taken_away_are_missed(past: Any, yesterday: date, superuser: Callable[..., None]) -> None:
    for distance in (0, 1, 2):
        past(yesterday - timedelta(days=distance))
    seal_closed_days()
    superuser("DELETE FROM audit_logs WHERE resource_id = %s", str(yesterday - timedelta(days=1)))
    assert Fault(yesterday - timedelta(days=1), None, "NOT_SEALED") in faults()
    superuser("DELETE FROM audit_logs WHERE action = 'audit:sealed'")
    assert faults() == [Fault(yesterday - timedelta(days=2), None, "NOT_SEALED")]


def test_erasing_an_actor_and_a_note_leaves_the_seal_whole(
    app: Flask, past: Any, yesterday: date, superuser: Callable[..., None]
) -> None:
    bob = make_user("bob@example.org", ("CLINICIAN",))
    past(yesterday, note="she asked to be called")
    superuser("UPDATE audit_logs SET user_id = %s", bob.id)
    seal_closed_days()
    db.session.delete(bob)
    db.session.commit()
    superuser("UPDATE audit_logs SET metadata = metadata - 'note' WHERE metadata ? 'note'")
    assert faults() == []


def test_a_transaction_from_before_midnight_is_waited_for(
    app: Flask, past: Any, yesterday: date, monkeypatch: pytest.MonkeyPatch
) -> None:
    past(yesterday)
    with db.engine.connect() as slow:
        slow.execute(text("SELECT 1"))
        # for the sealer it is tomorrow, so this transaction began yesterday
        monkeypatch.setattr(sealing, "today", lambda: yesterday + timedelta(days=2))
        with pytest.raises(DayStillOpen):
            seal_closed_days()
    monkeypatch.undo()
    assert faults() == []


def test_two_sealers_at_once_seal_once(app: Flask, past: Any, yesterday: date, rows: Any) -> None:
    past(yesterday, 500)

    def run() -> None:
        with app.app_context():
            seal_closed_days()

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert rows("SELECT count(*) AS n FROM audit_logs WHERE action = 'audit:sealed'") == [{"n": 1}]
    assert faults() == []


def test_the_tasks_and_commands_do_the_same(app: Flask, past: Any, yesterday: date, rows: Any) -> None:
    assert audit_verify(app).output == "No day is sealed yet.\n"
    past(yesterday)
    app.extensions["celery"].tasks["audit.seal"]()
    app.extensions["celery"].tasks["audit.verify"]()
    assert rows("SELECT metadata->>'faults' AS n FROM audit_logs WHERE action = 'audit:verified' ORDER BY id")[-1] == {
        "n": "0"
    }
    said = audit_verify(app)
    assert said.exit_code == 0
    assert "3 rows as they were sealed" in said.output
    assert "newest seal " in said.output


def test_the_audit_of_a_check_names_who_asked(app: Flask, rows: Any) -> None:
    auditor = principal(make_user("ada@example.org", ("AUDITOR",)))
    verify(actor=auditor.id)
    assert rows("SELECT user_id FROM audit_logs WHERE action = 'audit:verified'") == [{"user_id": auditor.id}]
