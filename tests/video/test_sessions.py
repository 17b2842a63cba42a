"""Starting, finding, ending and deleting sessions over JSON."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask

from quietus.video.notice import notice
from tests.factories import make_user, sign_in
from tests.video.conftest import SESSIONS, Person, consent, event

Rows = Callable[..., list[dict[str, Any]]]


def test_the_notice_says_what_it_cannot_do_and_its_version_is_its_words(alice: Person) -> None:
    told = alice.get("/api/v1/video/notice").json
    assert told["version"] == notice().version
    for word in ("Barrett", "Dupré", "FER2013", "66 %", "LOW does not mean"):
        assert word in told["text"]
    assert notice().sections[0].heading == "What happens"
    assert all(section.paragraphs for section in notice().sections)


def test_a_session_starts_with_its_consent_in_one_commit(alice: Person, rows: Rows) -> None:
    answer = alice.start()
    assert answer.status_code == 201
    session = answer.json
    assert session["status"] == "ACTIVE" and session["ended_at"] is None
    assert answer.headers["Location"].endswith(f"/video/sessions/{session['id']}")
    assert set(session) == {r["column_name"] for r in rows(
        "SELECT column_name FROM information_schema.columns WHERE table_name = 'video_sessions'"
    )}  # fmt: skip
    acts = rows("SELECT action, resource_type, resource_id, metadata, xmin FROM audit_logs WHERE action ~ '^(con|vid)'")
    assert {a["action"] for a in acts} == {"consent:given", "video_session:started"}
    assert len({a["xmin"] for a in acts}) == 1
    given = next(a for a in acts if a["action"] == "consent:given")
    assert (given["resource_type"], given["resource_id"]) == ("user", str(alice.user.id))
    assert given["metadata"] == {"kind": "video", "version": notice().version}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"consent": None}, "consent"),
        ({"consent": {"version": "0", "accepted": True}}, "consent.version"),
        ({"consent": {"version": notice().version, "accepted": False}}, "consent.accepted"),
        ({"consent": {"version": notice().version, "accepted": "yes"}}, "consent.accepted"),
        ({"consent": {"version": notice().version, "accepted": 1}}, "consent.accepted"),
        ({"consent": {"version": 7, "accepted": True}}, "consent.version"),
        ({"consent": {"accepted": True}}, "consent.version"),
        ({"consent": "yes"}, "consent"),
        ({"session_type": "PARTY"}, "session_type"),
        ({"session_type": 3}, "session_type"),
        ({"client_platform": None}, "client_platform"),
        ({"client_platform": "FRIDGE"}, "client_platform"),
        ({"stream_session_id": ""}, "stream_session_id"),
        ({"stream_session_id": "x" * 129}, "stream_session_id"),
        ({"stream_session_id": "zwei Wörter"}, "stream_session_id"),
        ({"stream_session_id": "line\n"}, "stream_session_id"),
        ({"stream_session_id": 5}, "stream_session_id"),
        ({"subject_id": "me"}, "subject_id"),
        ({"colour": "green"}, "colour"),
    ],
)
def test_what_a_session_cannot_be(alice: Person, rows: Rows, changes: dict[str, Any], field: str) -> None:
    answer = alice.start(**changes)
    assert answer.status_code == 422
    assert any(name.startswith(field) for name in answer.json["errors"]), answer.json
    assert not rows("SELECT FROM video_sessions")
    assert not rows("SELECT FROM audit_logs WHERE action ~ '^(consent|video)'")


def test_the_same_name_finds_the_same_session(alice: Person, rows: Rows) -> None:
    first = alice.start(stream_session_id="call-7")
    again = alice.start(stream_session_id="call-7", client_platform="IOS")
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json == first.json
    assert len(rows("SELECT FROM audit_logs WHERE action = 'video_session:started'")) == 1


def test_a_name_that_another_person_has_tells_nothing_of_theirs(alice: Person, carol: Person) -> None:
    theirs = alice.start(stream_session_id="call-7").json
    answer = carol.start(stream_session_id="call-7")
    assert answer.status_code == 409
    assert answer.json["code"] == "stream_session_id_taken"
    assert theirs["id"] not in answer.text and str(alice.user.id) not in answer.text


def test_the_same_name_at_once_makes_one_session(app: Flask, alice: Person) -> None:
    def start(_: int) -> tuple[int, str]:
        client = app.test_client()
        headers = sign_in(client)
        body = {"session_type": "TEST", "client_platform": "WEB", "consent": consent(), "stream_session_id": "one"}
        answer = client.post(SESSIONS, json=body, headers=headers)
        return answer.status_code, answer.json["id"]

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(start, range(6)))
    assert sorted(status for status, _ in answers) == [200] * 5 + [201]
    assert len({session for _, session in answers}) == 1


@pytest.mark.parametrize("context", ["workplace", "education"])
def test_at_work_and_at_school_no_session_without_a_basis(make_app: Any, app: Flask, context: str) -> None:
    make_user()
    for basis, status in (("none", 403), ("medical", 201), ("safety", 201)):
        client = make_app(context=context, context_basis=basis).test_client()
        headers = sign_in(client)
        body = {"session_type": "CHECK_IN", "client_platform": "WEB", "consent": consent()}
        answer = client.post(SESSIONS, json=body, headers=headers)
        assert answer.status_code == status
        assert status == 201 or answer.json["code"] == "context_refused"


def test_ending_twice_gives_the_same_answer(alice: Person, rows: Rows) -> None:
    session = alice.session()
    first, second = alice.post(f"{session}/end"), alice.post(f"{session}/end")
    assert (first.status_code, second.status_code) == (200, 200)
    assert first.json == second.json
    assert first.json["status"] == "ENDED" and first.json["ended_at"] >= first.json["started_at"]
    assert len(rows("SELECT FROM audit_logs WHERE action = 'video_session:ended'")) == 1


def test_ten_ends_at_once_make_one_end(app: Flask, alice: Person, rows: Rows) -> None:
    session = alice.session()
    clients = [(client := app.test_client(), sign_in(client)) for _ in range(10)]
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda c: c[0].post(f"{session}/end", headers=c[1]), clients))
    assert {a.status_code for a in answers} == {200}
    assert len({a.json["ended_at"] for a in answers}) == 1
    assert len(rows("SELECT FROM audit_logs WHERE action = 'video_session:ended'")) == 1


def test_a_session_of_somebody_else_is_not_there(alice: Person, carol: Person, rows: Rows) -> None:
    session = alice.session()
    alice.send(session, event())
    assert carol.get(session).status_code == 404
    assert carol.post(f"{session}/end").status_code == 404
    assert carol.delete(session).status_code == 404
    assert carol.send(session, event()).status_code == 404
    for path in ("events", "events.csv", "events.jsonl"):
        assert carol.get(f"{session}/{path}").status_code == 404
    assert carol.get(SESSIONS).json["items"] == []
    assert rows("SELECT status FROM video_sessions") == [{"status": "ACTIVE"}]
    assert len(rows("SELECT FROM video_analysis_events")) == 1


def test_the_list_pages_and_narrows(alice: Person, shift: Callable[..., None]) -> None:
    for kind in ("CHECK_IN", "TEST", "CHECK_IN"):
        shift(hours=1)
        alice.session(session_type=kind)
    found, cursor = [], ""
    while cursor is not None:
        page = alice.get(f"{SESSIONS}?limit=2{f'&cursor={cursor}' if cursor else ''}").json
        found += page["items"]
        cursor = page["next_cursor"]
    assert [s["session_type"] for s in found] == ["CHECK_IN", "TEST", "CHECK_IN"]
    assert found == sorted(found, key=lambda s: s["started_at"], reverse=True)
    assert len(alice.get(f"{SESSIONS}?session_type=TEST").json["items"]) == 1
    assert alice.get(f"{SESSIONS}?status=ENDED").json["items"] == []
    middle = found[1]["started_at"].replace("+", "%2B")
    assert len(alice.get(f"{SESSIONS}?from={middle}").json["items"]) == 2
    assert len(alice.get(f"{SESSIONS}?to={middle}").json["items"]) == 1


@pytest.mark.parametrize("query", ["cursor=x", "limit=0", "limit=201", "status=GONE", "from=yesterday", "x=1"])
def test_a_list_refuses_what_it_does_not_know(alice: Person, query: str) -> None:
    assert alice.get(f"{SESSIONS}?{query}").status_code == 422


def test_a_person_deletes_a_session_for_good(alice: Person, rows: Rows) -> None:
    session = alice.session()
    alice.send(session, event(), event())
    assert alice.delete(session).status_code == 204
    assert alice.delete(session).status_code == 404
    assert not rows("SELECT FROM video_sessions")
    assert not rows("SELECT FROM video_analysis_events")
    (gone,) = rows("SELECT metadata FROM audit_logs WHERE action = 'video_session:erased'")
    assert gone["metadata"] == {"events": 2, "session_type": "CHECK_IN"}


def test_who_may_not_hold_sessions(person: Callable[..., Person], client: Any) -> None:
    assert client.post(SESSIONS, json={}).status_code == 401
    assert client.get(SESSIONS).status_code == 401
    for role in ("CLINICIAN", "ANALYST", "AUDITOR", "ADMIN"):
        assert person(f"{role.lower()}@example.org", role).start().status_code == 403


def test_an_address_that_is_no_id(alice: Person) -> None:
    assert alice.get(f"{SESSIONS}/7").status_code == 404
    assert alice.get(f"{SESSIONS}/{uuid4()}").status_code == 404
