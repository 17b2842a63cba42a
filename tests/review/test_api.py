"""The JSON calls of the queue: no content before opening, clear refusals, nothing for who may not review."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask

from tests.analysis.conftest import Caller
from tests.review.conftest import WORDS, later, put_session, put_text, sample

Rows = Callable[..., list[dict[str, Any]]]
DECISION = {"outcome": "CONFIRMED", "human_label": "HIGH", "action": "NONE", "note": ""}


@pytest.fixture
def bob(reviewer: Callable[..., Caller]) -> Caller:
    return reviewer()


def url(item: object, act: str, kind: str = "analysis") -> str:
    return f"/api/v1/review/{kind}/{item}/{act}"


def test_the_queue_tells_nothing_of_the_content(alice: Any, bob: Caller) -> None:
    text, low = put_text(alice), put_text(alice, "LOW")
    sample(low)
    session = put_session(alice, "HIGH")
    answer = bob.get("/api/v1/review/queue")
    assert answer.status_code == 200
    assert {item["id"] for item in answer.json["items"]} == {str(text), str(low), str(session)}
    for private in (WORDS[:10], str(alice.id), "alice", "LOW", "MODERATE", "0.8125", "sampl"):
        assert private not in answer.text
    assert answer.json["waiting"]["first"] == 2


def test_sample_and_moderate_have_the_same_answers_until_decided(alice: Any, bob: Caller) -> None:
    low, moderate = put_text(alice, "LOW"), put_text(alice, "MODERATE")
    sample(low)
    answers = [bob.post(url(item, "claim")).json for item in (low, moderate)]
    assert {name for name in answers[0] if answers[0][name] != answers[1][name]} == {"id", "since", "claimed_until"}
    assert answers[0]["program"] is None
    second = bob.post(url(low, "decision"), {**DECISION, "outcome": "NEEDS_SECOND_READER"}).json
    assert (second["program"], second["reason"]) == (None, None)
    decided = bob.post(url(moderate, "decision"), DECISION).json
    assert (decided["program"]["predicted_label"], decided["reason"]) == ("MODERATE", "MODERATE")


def test_claiming_opens_the_text_and_releasing_gives_it_back(alice: Any, bob: Caller) -> None:
    text = put_text(alice)
    opened = bob.post(url(text, "claim"))
    assert opened.json["input_text"] == WORDS
    assert opened.json["program"]["predicted_label"] == "HIGH"
    assert opened.json["subject"] == {"id": str(alice.id), "full_name": "Alice Example", "email": "alice@example.org"}
    assert bob.get("/api/v1/review/queue").json["items"][0]["state"] == "YOURS"
    assert bob.post(url(text, "release")).status_code == 204
    again = bob.post(url(text, "release"))
    assert (again.status_code, again.json["code"]) == (409, "not_claimed")


def test_a_session_is_opened_with_its_windows(alice: Any, bob: Caller) -> None:
    session = put_session(alice, "LOW", "HIGH", "MODERATE")
    opened = bob.post(url(session, "claim", "session")).json
    assert [window["risk_level"] for window in opened["windows"]] == ["HIGH", "MODERATE"]
    assert opened["input_text"] is None
    assert bob.post(url(session, "decision", "session"), DECISION).status_code == 200


def test_every_refusal_of_a_decision_is_a_clear_409(alice: Any, bob: Caller, reviewer: Callable[..., Caller]) -> None:
    text, dora = put_text(alice), reviewer("dora@example.org")

    def code(who: Caller, act: str, body: Any = None) -> str:
        answer = who.post(url(text, act), body)
        assert answer.status_code == 409
        return str(answer.json["code"])

    assert code(bob, "decision", DECISION) == "not_claimed"
    bob.post(url(text, "claim"))
    assert code(dora, "claim") == code(dora, "decision", DECISION) == "claimed"
    with later(minutes=16):
        assert code(bob, "decision", DECISION) == "claim_expired"
    assert bob.post(url(text, "decision"), DECISION).status_code == 200
    assert code(bob, "decision", DECISION) == code(bob, "claim") == code(dora, "claim") == "already_decided"
    assert code(dora, "undo") == "nothing_to_undo"
    assert bob.post(url(text, "undo")).status_code == 204
    assert bob.post(url(text, "decision"), {**DECISION, "human_label": None}).json["human_label"] is None


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "outcome"),
        ({"outcome": None}, "outcome"),
        ({"outcome": "SAFE"}, "outcome"),
        ({"outcome": 1}, "outcome"),
        ({"human_label": "PENDING"}, "human_label"),
        ({"human_label": ""}, "human_label"),
        ({"action": "SHRUGGED"}, "action"),
        ({"action": None}, "action"),
        ({"note": "x" * 2001}, "note"),
        ({"note": "a\x00b"}, None),
        ({"note": "\ud800"}, None),
        ({"note": 7}, "note"),
        ({"note": ["a"]}, "note"),
        ({"confidence": float("nan")}, None),
        ({"reading": 2}, "reading"),
        ({"predicted_label": "LOW"}, "predicted_label"),
    ],
)
def test_bad_input_is_named_and_decides_nothing(
    alice: Any, bob: Caller, rows: Rows, body: dict[str, Any], field: str | None
) -> None:
    text = put_text(alice)
    bob.post(url(text, "claim"))
    answer = bob.post(url(text, "decision"), {**DECISION, **body} if body else {})
    assert 400 <= answer.status_code < 500
    if field:
        assert (answer.status_code, list(answer.json["errors"])) == (422, [field])
    assert not rows("SELECT 1 FROM audit_logs WHERE action = 'review:decided'")


@pytest.mark.parametrize("note", ["😀" * 2000, "\u202eturned", "a\tb\nc", "=1+1"])
def test_any_other_note_is_kept(alice: Any, bob: Caller, rows: Rows, note: str) -> None:
    text = put_text(alice)
    bob.post(url(text, "claim"))
    assert bob.post(url(text, "decision"), {**DECISION, "note": note}).status_code == 200
    (row,) = rows("SELECT metadata FROM audit_logs WHERE action = 'review:decided'")
    assert row["metadata"]["note"] == note


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "limit=x", "cursor=x", "cursor=%00", "place=NEXT"])
def test_a_query_that_means_nothing_is_named(bob: Caller, query: str) -> None:
    answer = bob.get(f"/api/v1/review/queue?{query}")
    assert answer.status_code == 422
    assert list(answer.json["errors"]) == [query.split("=", maxsplit=1)[0]]


def test_pages_follow_each_other(alice: Any, bob: Caller) -> None:
    for minutes in range(5):
        put_text(alice, minutes_ago=minutes)
    first = bob.get("/api/v1/review/queue?limit=3").json
    rest = bob.get(f"/api/v1/review/queue?limit=3&cursor={first['next_cursor']}").json
    assert (len(first["items"]), len(rest["items"]), rest["next_cursor"]) == (3, 2, None)


@pytest.mark.parametrize("kind", ["analysis", "session", "text"])
@pytest.mark.parametrize("act", ["claim", "release", "decision", "undo"])
def test_what_is_not_there_is_404(bob: Caller, kind: str, act: str) -> None:
    for item in (uuid4(), "1", "%00"):
        assert bob.post(url(item, act, kind), DECISION if act == "decision" else None).status_code == 404


@pytest.mark.parametrize("role", ["USER", "ANALYST", "AUDITOR", "ADMIN", "SERVICE"])
def test_only_clinicians_review(app: Flask, alice: Any, role: str) -> None:
    other, text = Caller(app, "other@example.org", (role,)), put_text(alice)
    assert other.get("/api/v1/review/queue").status_code == 403
    for act in ("claim", "release", "decision", "undo"):
        assert other.post(url(text, act), DECISION if act == "decision" else None).status_code == 403
    for page in ("", f"/analysis/{text}", f"/analysis/{text}/earlier"):
        assert other.get(f"/review{page}").status_code == 403


def test_a_token_needs_the_scope_review(app: Flask, alice: Any, bob: Caller) -> None:
    text = put_text(alice)

    def bearer(*scopes: str) -> dict[str, str]:
        body = {"name": f"for-{'-'.join(scopes)}", "scopes": list(scopes), "days": 1}
        return {"Authorization": f"Bearer {bob.post('/api/v1/auth/tokens', body).json['token']}"}

    anyone = app.test_client()
    for scopes, status in ((("analyses",), 403), (("review",), 200)):
        headers = bearer(*scopes)
        assert anyone.get("/api/v1/review/queue", headers=headers).status_code == status
        assert anyone.post(url(text, "claim"), headers=headers).status_code == status
    assert anyone.get("/api/v1/review/queue").status_code == 401


def test_a_cookie_alone_does_not_write(alice: Any, bob: Caller, rows: Rows) -> None:
    assert bob.client.post(url(put_text(alice), "claim")).status_code == 403
    assert not rows("SELECT 1 FROM audit_logs WHERE action = 'review:claimed'")
