"""A person takes everything with them, and nothing of anybody else."""

import csv
import io
import json
import zipfile
from typing import Any

import pytest
from flask import Flask

from quietus.audit import service as audit
from quietus.audit.tags import Action
from quietus.core.extensions import db
from quietus.core.languages import COOKIE
from quietus.privacy import exporting
from quietus.video import consents
from quietus.video.notice import notice
from tests.privacy.conftest import Caller, film, write

API = "/api/v1/me/export"


def opened(answer: Any) -> dict[str, str]:
    assert answer.status_code == 200, answer.text
    archive = zipfile.ZipFile(io.BytesIO(answer.data))
    assert archive.testzip() is None
    return {name: archive.read(name).decode("utf-8-sig") for name in archive.namelist()}


def test_it_holds_all_that_is_kept_in_both_shapes(alice: Caller, bob: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "PAGE", 3)
    write(alice.who, *(f"The tea was good, cup {n}." for n in range(7)))
    (session,) = film(alice.user.id, events=8)
    consents.give(actor=alice.who, version=notice().version, accepted=True)
    found = opened(alice.post(API))
    texts = json.loads(found["analysis_records.json"])
    assert sorted(row["input_text"] for row in texts) == [f"The tea was good, cup {n}." for n in range(7)]
    assert len(list(csv.DictReader(io.StringIO(found["analysis_records.csv"])))) == 7
    events = list(csv.DictReader(io.StringIO(found["video_analysis_events.csv"])))
    assert len(events) == 8
    assert json.loads(events[0]["signals"]) == {"presence": 1}
    assert [row["id"] for row in json.loads(found["video_sessions.json"])] == [str(session)]
    assert json.loads(found["account.json"])["email"] == "alice@example.org"
    assert "argon2" not in str(found)
    assert json.loads(found["consents.json"])[0]["kind"] == "video"
    assert {"signin:succeeded", "analysis:accepted"} < {row["action"] for row in json.loads(found["acts.json"])}


def test_an_empty_account_has_an_export_too(alice: Caller) -> None:
    found = opened(alice.post(API))
    assert json.loads(found["analysis_records.json"]) == []
    assert "Your data from Quietus AI" in found["README.txt"]
    alice.client.set_cookie(COOKIE, "de")
    assert "Deine Daten aus Quietus AI, Stand 20" in opened(alice.post(API))["README.txt"]


def test_nothing_of_anybody_else_is_in_it(alice: Caller, bob: Caller) -> None:
    write(bob.who, "The train came on time for bob.")
    film(bob.user.id)
    audit.record(
        Action.REVIEW_DECIDED,
        actor=alice.user.id,
        resource_type="analysis",
        resource_id="x",
        metadata={"note": "a note about bob"},
    )
    db.session.commit()
    whole = str(opened(alice.post(API)))
    for foreign in ("for bob", "bob@example.org", str(bob.user.id), "a note about bob"):
        assert foreign not in whole


def test_a_cell_cannot_run_in_a_spreadsheet(alice: Caller) -> None:
    write(alice.who, "=1+1 is two")
    rows = csv.DictReader(io.StringIO(opened(alice.post(API))["analysis_records.csv"]))
    assert next(rows)["input_text"] == "'=1+1 is two"


def test_it_is_audited_with_counts(alice: Caller, rows: Any) -> None:
    write(alice.who, "The tea was good.")
    alice.form("/me/export")
    assert rows("SELECT user_id, metadata FROM audit_logs WHERE action = 'subject:exported'") == [
        {
            "user_id": alice.user.id,
            "metadata": {"subject_id": str(alice.user.id), "texts": 1, "sessions": 0, "events": 0},
        }
    ]


def test_a_large_export_takes_constant_memory(app: Flask, alice: Caller) -> None:
    import tracemalloc

    from sqlalchemy import text

    db.session.execute(
        text(
            "INSERT INTO analysis_records SELECT gen_random_uuid(), :id, repeat('The tea was good. ', 20), 'API', "
            "'LOW', 0.9, 'm', 1, now(), now() - n * interval '1 second', gen_random_uuid() "
            "FROM generate_series(1, 30000) n"
        ),
        {"id": alice.user.id},
    )
    db.session.commit()
    pieces = exporting.export(alice.user.id, actor=alice.user.id)
    tracemalloc.start()
    size = sum(len(piece) for piece in pieces)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert size > 1_000_000
    assert peak < 12_000_000, "a page at a time: 30,000 texts of 360 characters would be many times that"


def test_the_command_writes_a_file_for_its_owner_only(app: Flask, alice: Caller, tmp_path: Any) -> None:
    write(alice.who, "The tea was good.")
    file = tmp_path / "alice.zip"
    run = app.test_cli_runner()
    done = run.invoke(args=["quietus", "subject", "export", "alice@example.org", "--output", str(file)])
    assert done.exit_code == 0, done.output
    assert file.stat().st_mode & 0o077 == 0
    assert "The tea was good." in zipfile.ZipFile(file).read("analysis_records.json").decode()
    assert "own tools" in alice.get("/me/access-log").text
    assert run.invoke(args=["quietus", "subject", "export", "no@example.org", "--output", str(file)]).exit_code == 1


def test_a_program_of_ones_own_may_export_but_not_a_service(alice: Caller, caller: Any) -> None:
    service = caller("form@example.org", "SERVICE")
    assert service.post(API).status_code == 403
    assert service.get("/me").status_code == 403
