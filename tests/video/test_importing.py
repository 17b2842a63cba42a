"""Importing files: good lines are stored once, bad ones are listed, whatever happens in between."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from quietus.core.extensions import db
from quietus.core.redis import bulk
from quietus.video import importing, pieces, spool
from tests.video.conftest import Person, event

Rows = Callable[..., list[dict[str, Any]]]
COUNT = "SELECT count(*) AS n FROM video_analysis_events"


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces, "PIECE_LINES", 10)


def lines(count: int) -> list[bytes]:
    return [json.dumps(event()).encode() for _ in range(count)]


def upload(who: Person, session: str, data: bytes, kind: str = "application/x-ndjson") -> TestResponse:
    return who.client.post(f"{session}/events/import", data=data, content_type=kind, headers=who.headers)


def told(who: Person, answer: TestResponse) -> dict[str, Any]:
    return dict(who.get(answer.json["url"]).json)


def test_a_file_is_imported_in_the_background(alice: Person, rows: Rows) -> None:
    session = alice.session()
    answer = upload(alice, session, b"\n".join(lines(35)))
    assert answer.status_code == 202 and answer.headers["Location"] == answer.json["url"]
    before = told(alice, answer)
    assert (before["status"], before["progress"], before["lines"]) == ("QUEUED", 0, 35)
    assert importing.import_waiting() is False
    after = told(alice, answer)
    assert (after["status"], after["progress"]) == ("READY", 1)
    assert (after["stored"], after["duplicates"], after["bad"], after["bad_lines"]) == (35, 0, 0, [])
    assert rows(COUNT) == [{"n": 35}]
    acts = rows("SELECT user_id, metadata FROM audit_logs WHERE action = 'events:stored' ORDER BY id")
    assert [a["metadata"]["stored"] for a in acts] == [10, 10, 10, 5]
    assert {a["user_id"] for a in acts} == {alice.user.id}
    assert [key for key in bulk().keys("quietus:import:*") if key.decode().rsplit(":", 1)[1].isdigit()] == []


def test_bad_lines_are_listed_by_number_and_good_ones_stored(alice: Person, rows: Rows) -> None:
    session = alice.session()
    used = event()
    alice.send(session, used)
    bad = {
        2: b"{", 3: b"[1]", 5: b'{"id": 5}', 7: b"\xff\xfe", 8: b'"' + b"x" * 40_000 + b'"', 11: b"nul \x00",
        13: json.dumps(event(event_at="2020-01-01T00:00:00Z")).encode(),
        14: json.dumps(used | {"confidence": 0.1}).encode(),
        16: json.dumps(event(signals={"frame": "data:image/png;base64,AAAA"})).encode(),
        17: b"[" * 20_000,
        18: json.dumps(event()).replace("0.98", "NaN").encode(),
    }  # fmt: skip
    file = [bad.get(number) or json.dumps(event()).encode() for number in range(1, 21)]
    file[3] = b""  # an empty line is no event, and no fault
    file[5] = json.dumps(used).encode()
    answer = upload(alice, session, b"\r\n".join(file) + b"\n")
    importing.import_waiting()
    found = told(alice, answer)
    assert {each["line"] for each in found["bad_lines"]} == set(bad)
    assert (found["stored"], found["duplicates"], found["bad"]) == (20 - len(bad) - 2, 1, len(bad))
    why = {each["line"]: each["detail"] for each in found["bad_lines"]}
    assert why[14] == "id: This id was used for another event."
    assert "confidence: Missing." in why[5]
    assert rows(COUNT) == [{"n": found["stored"] + 1}]


def test_of_many_bad_lines_the_first_hundred_are_listed_and_all_counted(alice: Person) -> None:
    answer = upload(alice, alice.session(), b"x\n" * 1234)
    importing.import_waiting()
    found = told(alice, answer)
    assert found["bad"] == 1234
    assert [each["line"] for each in found["bad_lines"]] == list(range(1, 101))


def test_an_import_that_broke_off_goes_on_where_it_was(
    alice: Person, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = alice.session()
    answer = upload(alice, session, b"\n".join(lines(45)))
    store, commit = importing.store_piece, db.session.commit

    def dies_after(number: int) -> Callable[..., Any]:
        def piece(*args: Any, **options: Any) -> Any:
            if options["marks"]["piece"] == number:
                raise KeyboardInterrupt
            return store(*args, **options)

        return piece

    for number in (0, 2, 3):
        monkeypatch.setattr(importing, "store_piece", dies_after(number))
        with pytest.raises(KeyboardInterrupt):
            importing.import_waiting()
        db.session.remove()
        assert rows(COUNT) == [{"n": number * 10}]
        assert told(alice, answer)["status"] == ("RUNNING" if number else "QUEUED")
    monkeypatch.setattr(importing, "store_piece", store)
    assert commit and importing.import_waiting() is False
    found = told(alice, answer)
    assert (found["status"], found["stored"], found["duplicates"]) == ("READY", 45, 0)


def test_the_same_file_again_stores_nothing_twice(alice: Person, rows: Rows) -> None:
    session, file = alice.session(), b"\n".join(lines(25))
    for stored in (25, 0):
        answer = upload(alice, session, file)
        importing.import_waiting()
        found = told(alice, answer)
        assert (found["stored"], found["duplicates"]) == (stored, 25 - stored)
    assert rows(COUNT) == [{"n": 25}]


def test_several_files_move_on_in_turn(alice: Person, carol: Person, rows: Rows) -> None:
    for who in (alice, carol):
        assert upload(who, who.session(), b"\n".join(lines(30))).status_code == 202
    importing.import_waiting()
    order = [a["user_id"] for a in rows("SELECT user_id FROM audit_logs WHERE action = 'events:stored' ORDER BY id")]
    assert order == [alice.user.id, carol.user.id] * 3


def test_a_file_another_worker_is_at_is_left_to_it(app: Flask, alice: Person, rows: Rows) -> None:
    answer = upload(alice, alice.session(), b"\n".join(lines(5)))
    name = f"quietus:video.import_events:{answer.json['id']}"
    with db.engine.connect() as other:
        other.exec_driver_sql("SELECT pg_advisory_xact_lock(hashtextextended(%(name)s, 0))", {"name": name})
        assert importing.import_waiting() is False
        assert rows(COUNT) == [{"n": 0}]
    importing.import_waiting()
    assert rows(COUNT) == [{"n": 5}]


def test_what_came_in_time_is_imported_however_late_the_worker(
    alice: Person, shift: Callable[..., None], rows: Rows
) -> None:
    session = alice.session()
    alice.post(f"{session}/end")
    upload(alice, session, b"\n".join(lines(5)))
    importing.import_waiting()
    assert rows(COUNT) == [{"n": 5}]
    shift(hours=25)
    assert upload(alice, session, b"x").status_code == 409


@pytest.mark.parametrize("way", ["deleted", "withdrawn", "lost"])
def test_a_file_that_can_be_stored_no_more_fails_with_its_reason(alice: Person, rows: Rows, way: str) -> None:
    session = alice.session()
    answer = upload(alice, session, b"\n".join(lines(5)))
    if way == "deleted":
        alice.delete(session)
    elif way == "withdrawn":
        alice.delete("/api/v1/video/consents")
    else:
        bulk().delete(f"quietus:import:{answer.json['id']}:0")
    importing.import_waiting()
    assert rows(COUNT) == [{"n": 0}] and spool.waiting() == []
    if way == "deleted":
        assert alice.get(answer.json["url"]).status_code == 404
    else:
        found = told(alice, answer)
        assert found["status"] == "FAILED"
        assert found["failure_reason"] == {"withdrawn": "consent_withdrawn", "lost": "expired"}[way]


def test_an_account_may_have_four_files_waiting(alice: Person, carol: Person) -> None:
    session = alice.session()
    assert {upload(alice, session, b"x").status_code for _ in range(4)} == {202}
    fifth = upload(alice, session, b"x")
    assert (fifth.status_code, fifth.json["code"]) == (409, "imports_waiting")
    assert upload(carol, carol.session(), b"x").status_code == 202
    importing.import_waiting()
    assert upload(alice, session, b"x").status_code == 202


def test_too_many_files_wait_outside(alice: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "WAITING_MAX", 1)
    assert upload(alice, alice.session(), b"x").status_code == 202
    full = upload(alice, alice.session(), b"x")
    assert (full.status_code, full.headers["Retry-After"]) == (503, "60")


def test_an_empty_file_is_ready_at_once(alice: Person) -> None:
    answer = upload(alice, alice.session(), b"")
    assert answer.status_code == 202
    assert told(alice, answer)["status"] == "READY"
    importing.import_waiting()
    assert spool.waiting() == []


def test_only_ndjson_of_a_fit_size_is_taken(make_app: Any, alice: Person) -> None:
    session = alice.session()
    assert upload(alice, session, b"{}", "application/json").status_code == 415
    assert upload(alice, session, b"a=1", "application/x-www-form-urlencoded").status_code == 415
    alice.client = make_app(import_mib=1).test_client()
    from tests.factories import sign_in

    alice.headers = sign_in(alice.client)
    assert upload(alice, session, b"x" * (1024 * 1024 + 1)).status_code == 413
    assert upload(alice, session, b"x" * 1024 * 1024).status_code == 202


def test_a_file_for_another_persons_session_is_refused_and_its_import_is_not_there(
    alice: Person, carol: Person
) -> None:
    session = alice.session()
    assert upload(carol, session, b"x").status_code == 404
    answer = upload(alice, session, b"x")
    assert carol.get(answer.json["url"]).status_code == 404
    other = alice.session()
    assert alice.get(f"{other}/events/import/{answer.json['id']}").status_code == 404
    assert alice.get(f"{session}/events/import/{uuid4()}").status_code == 404


def test_without_the_broker_no_file_is_taken(make_app: Any, app: Flask, alice: Person) -> None:
    session = alice.session()
    away = make_app(redis_url="redis://127.0.0.1:1/0")
    client = away.test_client()
    from tests.factories import sign_in

    headers = sign_in(client)
    answer = client.post(f"{session}/events/import", data=b"x", content_type="application/x-ndjson", headers=headers)
    assert answer.status_code == 503 and answer.headers["Retry-After"]


def test_the_command_imports_a_file_of_any_size_and_may_run_again(
    app: Flask, alice: Person, rows: Rows, tmp_path: Path
) -> None:
    session = alice.session()
    late = json.dumps(event(event_at=(datetime.now(UTC) + timedelta(hours=1)).isoformat())).encode()
    file = tmp_path / "events.ndjson"
    file.write_bytes(b"\n".join([*lines(25), late]))
    run = app.test_cli_runner().invoke
    arguments = ["quietus", "import-events", str(file), "--session", session.rpartition("/")[2]]
    first, second = run(args=arguments), run(args=arguments)
    assert "25 stored, 0 were there before, 1 bad" in first.output
    assert "line 26: event_at: More than 5 minutes in the future." in first.stderr
    assert "0 stored, 25 were there before, 1 bad" in second.output
    assert (first.exit_code, rows(COUNT)) == (1, [{"n": 25}])
    nobody = run(args=[*arguments[:-1], str(uuid4())])
    assert nobody.exit_code == 1 and "There is nothing" in nobody.output
