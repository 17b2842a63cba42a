"""Storing events over JSON: all or nothing, once, and on disk before the answer."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask

from tests.factories import sign_in
from tests.video.conftest import Person, event

Rows = Callable[..., list[dict[str, Any]]]


def in_minutes(minutes: float) -> str:
    return (datetime.now(UTC) + timedelta(minutes=minutes)).isoformat()


def test_a_batch_is_stored_with_one_audit_row(alice: Person, rows: Rows) -> None:
    session = alice.session()
    events = [event(confidence=0.87654, risk_level="HIGH") for _ in range(3)]
    answer = alice.send(session, *events)
    assert (answer.status_code, answer.json) == (200, {"stored": 3, "duplicates": 0})
    stored = {str(r["id"]): r for r in rows("SELECT * FROM video_analysis_events")}
    for each in events:
        row = stored[each["id"]]
        assert row["user_id"] == alice.user.id and session.endswith(str(row["session_id"]))
        assert row["event_at"].isoformat() == each["event_at"]
        assert str(row["confidence"]) == "0.8765"
        assert (row["signals"], row["risk_level"], row["latency_ms"]) == (each["signals"], "HIGH", 40)
    (act,) = rows("SELECT user_id, metadata FROM audit_logs WHERE action = 'events:stored'")
    assert act["user_id"] == alice.user.id
    assert act["metadata"] == {"stored": 3, "duplicates": 0, "subject_id": str(alice.user.id)}


def test_the_same_batch_again_stores_nothing_twice(alice: Person, rows: Rows) -> None:
    session = alice.session()
    events = [event() for _ in range(5)]
    alice.send(session, *events[:3])
    assert alice.send(session, *events).json == {"stored": 2, "duplicates": 3}
    assert alice.send(session, *events, *events).json == {"stored": 0, "duplicates": 10}
    assert len(rows("SELECT FROM video_analysis_events")) == 5


def test_500_events_sent_twice_by_two_clients_at_once_are_500_rows(app: Flask, alice: Person, rows: Rows) -> None:
    session = alice.session()
    events = [event() for _ in range(500)]
    clients = [(client := app.test_client(), sign_in(client)) for _ in range(2)]

    def send(which: int) -> dict[str, int]:
        client, headers = clients[which % 2]
        mine = events if which % 2 else events[::-1]
        answer = client.post(f"{session}/events", json={"events": mine}, headers=headers)
        assert answer.status_code == 200, answer.text
        return dict(answer.json)

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(send, range(4)))
    assert len(rows("SELECT FROM video_analysis_events")) == 500
    assert sum(a["stored"] for a in answers) == 500
    assert all(a["stored"] + a["duplicates"] == 500 for a in answers)


def test_a_half_bad_batch_stores_nothing_and_names_the_bad(alice: Person, rows: Rows) -> None:
    session = alice.session()
    bad = [event(confidence=1.5), event(risk_level="SAD", latency_ms=-1)]
    answer = alice.send(session, event(), bad[0], event(), bad[1])
    assert answer.status_code == 422
    assert set(answer.json["errors"]) == {"events.1.confidence", "events.3.risk_level", "events.3.latency_ms"}
    assert not rows("SELECT FROM video_analysis_events")
    assert not rows("SELECT FROM audit_logs WHERE action = 'events:stored'")


@pytest.mark.parametrize(
    "change",
    [
        {"confidence": 0.9},
        {"risk_level": "HIGH"},
        {"signals": {"presence": 0.5}},
        {"signals": {"presence": 0.98, "face": 1, "light": "dim"}},
        {"model_version": "camera-2"},
        {"latency_ms": 41},
        {"event_at": "a minute later"},
    ],
)
def test_an_id_used_for_another_event_is_refused_by_name(alice: Person, rows: Rows, change: dict[str, Any]) -> None:
    session = alice.session()
    first = event()
    if "event_at" in change:  # a time that was made when tests were collected may lie before the session
        change = {"event_at": in_minutes(1)}
    alice.send(session, first)
    answer = alice.send(session, event(), first | change)
    assert (answer.status_code, answer.json["code"]) == (409, "event_id_reused")
    assert set(answer.json["errors"]) == {"events.1.id"}
    assert len(rows("SELECT FROM video_analysis_events")) == 1
    twice = event()
    within = alice.send(session, twice, twice | change)
    assert (within.status_code, set(within.json["errors"])) == (409, {"events.1.id"})
    assert len(rows("SELECT FROM video_analysis_events")) == 1


def test_an_id_of_another_session_is_refused(alice: Person, carol: Person) -> None:
    taken = event()
    alice.send(alice.session(), taken)
    assert alice.send(alice.session(), taken).status_code == 409
    assert carol.send(carol.session(), taken).status_code == 409


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"id": "7"}, "id"),
        ({"id": 7}, "id"),
        ({"id": "{" + str(uuid4())[:-2] + "}"}, "id"),
        ({"event_at": "2026-11-24T10:00:00"}, "event_at"),
        ({"event_at": "yesterday"}, "event_at"),
        ({"event_at": 1764000000}, "event_at"),
        ({"event_at": "0001-01-01T00:00:00+14:00"}, "event_at"),
        ({"event_at": "9999-12-31T23:59:59-14:00"}, "event_at"),
        ({"event_at": "2020-01-01T00:00:00Z"}, "event_at"),
        ({"event_at": in_minutes(300)}, "event_at"),
        ({"event_at": in_minutes(-300)}, "event_at"),
        ({"risk_level": "PENDING"}, "risk_level"),
        ({"risk_level": ["LOW"]}, "risk_level"),
        ({"confidence": "0.5"}, "confidence"),
        ({"confidence": True}, "confidence"),
        ({"confidence": -0.0001}, "confidence"),
        ({"confidence": 10**400}, "confidence"),
        ({"signals": []}, "signals"),
        ({"signals": {f"s{n}": n for n in range(33)}}, "signals"),
        ({"signals": {"Eye closure": 1}}, "signals"),
        ({"signals": {"x": None}}, "signals"),
        ({"signals": {"x": [1, 2]}}, "signals"),
        ({"signals": {"x": 10**300}}, "signals"),
        ({"signals": {"x": "a" * 65}}, "signals"),
        ({"signals": {"x": "data:image/png;base64,AAAA"}}, "signals"),
        ({"signals": {"x": "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ"}}, "signals"),
        ({"signals": {f"s{n}": "😀 " * 32 for n in range(32)}}, "signals"),
        ({"signals": {"x": "\u202e"}}, "signals"),
        ({"model_version": ""}, "model_version"),
        ({"model_version": "x" * 65}, "model_version"),
        ({"model_version": "my model"}, "model_version"),
        ({"latency_ms": 1.5}, "latency_ms"),
        ({"latency_ms": True}, "latency_ms"),
        ({"latency_ms": 2**31}, "latency_ms"),
        ({"frame": "AAAA"}, "frame"),
        ({"user_id": str(uuid4())}, "user_id"),
    ],
)
def test_what_an_event_cannot_be(alice: Person, rows: Rows, change: dict[str, Any], field: str) -> None:
    answer = alice.send(alice.session(), event(), event(**change))
    assert answer.status_code == 422, answer.text
    assert set(answer.json["errors"]) == {f"events.1.{field}"}
    assert not rows("SELECT FROM video_analysis_events")


@pytest.mark.parametrize("events", [[], [event()] * 501, "x", {"a": 1}, None, 5])
def test_what_a_batch_cannot_be(alice: Person, events: Any) -> None:
    answer = alice.post(f"{alice.session()}/events", {"events": events})
    assert answer.status_code == 422
    assert "events" in answer.json["errors"]


@pytest.mark.parametrize("item", [None, 5, "x", [], [event()], {}])
def test_what_is_no_event_is_named(alice: Person, item: Any) -> None:
    answer = alice.send(alice.session(), item, event())
    assert answer.status_code == 422
    assert all(name.startswith("events.0") for name in answer.json["errors"])


@pytest.mark.parametrize(
    "text",
    ['{"x": "\\u0000"}', '{"x": "\\ud800"}', '{"x": NaN}', '{"x": 1e999}', '{"x": 1, "x": 2}', '{"x": -Infinity}'],
)
def test_json_that_no_database_holds_is_a_400(alice: Person, text: str) -> None:
    body = json.dumps({"events": [event(signals="HERE")]}).replace('"HERE"', text)
    answer = alice.client.post(
        f"{alice.session()}/events", data=body, content_type="application/json", headers=alice.headers
    )
    assert answer.status_code == 400


def test_all_that_is_allowed_at_once(alice: Person) -> None:
    whole = event(
        signals={
            f"signal_number_{n:02d}": v for n, v in enumerate([1, -1.5, 0, 1e12, True, False, "dim light", ""] * 4)
        },
        latency_ms=2**31 - 1,
        confidence=1,
        event_at=in_minutes(4),
        model_version="~" * 64,
    )
    assert alice.send(alice.session(), whole, event(confidence=0, event_at=in_minutes(-4))).json["stored"] == 2


def test_clocks_may_be_off_by_five_minutes_and_no_more(alice: Person) -> None:
    session = alice.session()
    for minutes, status in ((5.5, 422), (-5.5, 422), (4, 200), (-4, 200)):
        assert alice.send(session, event(event_at=in_minutes(minutes))).status_code == status


def test_late_events_are_taken_for_24_hours(alice: Person, shift: Callable[..., None]) -> None:
    session = alice.session()
    late = in_minutes(0)
    alice.post(f"{session}/end")
    assert alice.send(session, event(event_at=late)).json["stored"] == 1
    shift(hours=23.9)
    hours_ago = in_minutes(-23.9 * 60)
    assert alice.send(session, event(event_at=hours_ago)).json["stored"] == 1
    shift(hours=0.2)
    closed = alice.send(session, event(event_at=in_minutes(-24.1 * 60)))
    assert (closed.status_code, closed.json["code"]) == (409, "session_closed")


def test_nothing_is_stored_of_the_time_after_the_end(alice: Person, shift: Callable[..., None], rows: Rows) -> None:
    session = alice.session()
    alice.post(f"{session}/end")
    shift(minutes=10)
    answer = alice.send(session, event(event_at=in_minutes(-10)), event())
    assert (answer.status_code, answer.json["code"]) == (409, "session_ended")
    assert set(answer.json["errors"]) == {"events.1.event_at"}
    assert not rows("SELECT FROM video_analysis_events")


def test_the_events_page_newest_first_and_narrow(alice: Person) -> None:
    session = alice.session()
    sent = [event(event_at=in_minutes(-n / 60), risk_level="HIGH" if n % 2 else "LOW") for n in range(5)]
    alice.send(session, *sent)
    found, cursor = [], ""
    while cursor is not None:
        page = alice.get(f"{session}/events?limit=2{f'&cursor={cursor}' if cursor else ''}").json
        found += page["items"]
        cursor = page["next_cursor"]
    assert [e["id"] for e in found] == [e["id"] for e in sent]
    assert found[0]["signals"] == sent[0]["signals"]
    assert len(alice.get(f"{session}/events?risk_level=HIGH").json["items"]) == 2
    assert alice.get(f"{session}/events?risk_level=high").status_code == 422


def test_an_export_holds_every_event_oldest_first(alice: Person, rows: Rows, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("quietus.video.service.EXPORT_PAGE", 3)
    session = alice.session()
    sent = [event(event_at=in_minutes(n / 60 - 1), signals={"light": "=1+1"}) for n in range(9)]
    alice.send(session, *sent)
    lines = [json.loads(line) for line in alice.get(f"{session}/events.jsonl").text.splitlines()]
    assert [e["id"] for e in lines] == [e["id"] for e in sent]
    assert lines[0]["signals"] == {"light": "=1+1"}
    csv = alice.get(f"{session}/events.csv")
    assert csv.mimetype == "text/csv" and "attachment" in csv.headers["Content-Disposition"]
    header, *body = csv.text.lstrip("\ufeff").splitlines()
    assert header.split(",")[:4] == ["id", "session_id", "user_id", "event_at"]
    assert len(body) == 9
    assert len(rows("SELECT FROM audit_logs WHERE action = 'events:exported'")) == 2
    assert alice.get(f"{session}/events.xml").status_code == 404


def test_a_session_without_events_exports_an_empty_file(alice: Person) -> None:
    session = alice.session()
    assert alice.get(f"{session}/events.jsonl").text == ""
    assert len(alice.get(f"{session}/events.csv").text.splitlines()) == 1
