"""The JSON calls of analyses keep what they promise, to their owner only."""

import threading
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import text

from quietus.analysis.api import WAITERS
from quietus.core.extensions import db
from quietus.textmodel import load
from tests.analysis.conftest import CALM, Caller
from tests.factories import make_user, sign_in

Rows = Callable[..., list[dict[str, Any]]]


def test_it_stores_the_text_and_its_audit_row_before_it_answers(alice: Caller, rows: Rows) -> None:
    answer = alice.submit()
    assert answer.status_code == 202
    assert answer.json["status"] == "PENDING"
    assert answer.headers["Location"] == answer.json["url"] == f"/api/v1/analyses/{answer.json['id']}"
    (row,) = rows("SELECT * FROM analysis_records")
    assert (str(row["id"]), row["input_text"], row["predicted_label"]) == (answer.json["id"], CALM, "PENDING")
    assert row["submitted_at"] == row["analyzed_at"]
    (audit,) = rows("SELECT * FROM audit_logs WHERE action = 'analysis:accepted'")
    assert (audit["resource_id"], audit["user_id"]) == (answer.json["id"], alice.user.id)


def test_the_audit_never_holds_the_text(alice: Caller, rows: Rows) -> None:
    alice.submit("a planted phrase nobody else writes")
    alice.submit("xy")
    assert not rows("SELECT 1 FROM audit_logs WHERE metadata::text LIKE '%planted%' OR metadata::text LIKE '%alice%'")


def test_the_same_request_again_gives_the_same_answer_and_one_row(alice: Caller, rows: Rows) -> None:
    key = str(uuid4())
    first, second = alice.submit(request_id=key), alice.submit(request_id=key)
    assert (first.status_code, second.status_code) == (202, 202)
    assert first.json == second.json
    assert "Idempotency-Replayed" not in first.headers
    assert second.headers["Idempotency-Replayed"] == "true"
    assert rows("SELECT count(*) AS n FROM analysis_records")[0]["n"] == 1


def test_the_header_is_the_same_key(alice: Caller) -> None:
    key = str(uuid4())
    first = alice.post("/api/v1/analyses", {"text": CALM}, Idempotency_Key=key)
    second = alice.submit(request_id=key)
    assert first.json["request_id"] == key
    assert second.headers["Idempotency-Replayed"] == "true"
    clash = alice.post("/api/v1/analyses", {"text": CALM, "request_id": str(uuid4())}, Idempotency_Key=key)
    assert clash.status_code == 422


def test_the_same_text_however_it_was_spelt_is_the_same_request(alice: Caller) -> None:
    key = str(uuid4())
    alice.submit("caf\u00e9 au lait\nat noon", request_id=key)
    again = alice.submit("  cafe\u0301 au lait\r\nat noon ", request_id=key)
    assert again.headers.get("Idempotency-Replayed") == "true"


def test_a_key_used_for_something_else_is_a_conflict(alice: Caller, carol: Caller, rows: Rows) -> None:
    key = str(uuid4())
    alice.submit(request_id=key)
    for answer in (alice.submit("Another text.", request_id=key), carol.submit(request_id=key)):
        assert (answer.status_code, answer.json["code"]) == (409, "request_id_reused")
    assert rows("SELECT count(*) AS n FROM analysis_records")[0]["n"] == 1


def test_twenty_at_once_with_one_key_make_one_row(app: Flask, alice: Caller, rows: Rows) -> None:
    key, codes = str(uuid4()), []

    def send() -> None:
        with app.app_context():
            browser = app.test_client()
            headers = sign_in(browser)
            codes.append(browser.post("/api/v1/analyses", json={"text": CALM, "request_id": key}, headers=headers))

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status_code for answer in codes} == {202}
    assert sum("Idempotency-Replayed" not in answer.headers for answer in codes) == 1
    assert rows("SELECT count(*) AS n FROM analysis_records")[0]["n"] == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "text"),
        ({"text": None}, "text"),
        ({"text": 5}, "text"),
        ({"text": ["a"]}, "text"),
        ({"text": "    x   "}, "text"),
        ({"text": "x" * 5001}, "text"),
        ({"text": CALM, "source": "EMAIL"}, "source"),
        ({"text": CALM, "source": 1}, "source"),
        ({"text": CALM, "request_id": "1"}, "request_id"),
        ({"text": CALM, "request_id": None}, "request_id"),
        ({"text": CALM, "user_id": str(uuid4())}, "user_id"),
        ({"text": CALM, "predicted_label": "LOW"}, "predicted_label"),
        ({"text": CALM, "subject_id": "me"}, "subject_id"),
    ],
)
def test_bad_input_is_named_and_stores_nothing(alice: Caller, rows: Rows, body: dict[str, Any], field: str) -> None:
    answer = alice.post("/api/v1/analyses", body)
    assert answer.status_code == 422
    assert list(answer.json["errors"]) == [field]
    assert answer.content_type == "application/problem+json"
    assert not rows("SELECT 1 FROM analysis_records")


@pytest.mark.parametrize("words", ["x" * 5000, "   12345   ", "😀" * 5000, "\u202eabcde", "a\tb\nc\u2028d", "0xĐ̷̞"])
def test_odd_but_honest_text_is_stored_as_it_is(alice: Caller, rows: Rows, words: str) -> None:
    assert alice.submit(words).status_code == 202
    assert rows("SELECT input_text FROM analysis_records")[0]["input_text"] == words.strip()


def test_a_user_submits_for_nobody_else(alice: Caller, carol: Caller, rows: Rows) -> None:
    answer = alice.submit(subject_id=str(carol.user.id))
    assert (answer.status_code, answer.json["code"]) == (403, "subject_not_yours")
    assert alice.submit(subject_id=str(alice.user.id)).status_code == 202
    assert [row["user_id"] for row in rows("SELECT user_id FROM analysis_records")] == [alice.user.id]


def test_a_service_submits_for_a_named_person_and_reads_it_back(
    alice: Caller, carol: Caller, caller: Callable[..., Caller], rows: Rows
) -> None:
    service = caller("form@example.org", "SERVICE")
    answer = service.submit(subject_id=str(alice.user.id))
    assert answer.status_code == 202
    assert rows("SELECT user_id FROM analysis_records") == [{"user_id": alice.user.id}]
    (row,) = rows("SELECT user_id, metadata FROM audit_logs WHERE action = 'analysis:accepted'")
    assert (row["user_id"], row["metadata"]["subject_id"]) == (service.user.id, str(alice.user.id))
    assert service.get(answer.json["url"]).status_code == alice.get(answer.json["url"]).status_code == 200
    assert carol.get(answer.json["url"]).status_code == 404
    assert len(service.get("/api/v1/analyses").json["items"]) == 1
    views = rows("SELECT user_id FROM audit_logs WHERE action = 'analysis:viewed'")
    assert views == [{"user_id": service.user.id}] * 2


def test_a_service_must_name_somebody_who_is_there(caller: Callable[..., Caller], rows: Rows) -> None:
    service = caller("form@example.org", "SERVICE")
    for fields in ({}, {"subject_id": str(uuid4())}, {"subject_id": str(service.user.id)}):
        answer = service.submit(**fields)
        assert (answer.status_code, list(answer.json["errors"])) == (422, ["subject_id"])
    gone = make_user("gone@example.org")
    gone.is_active = False
    db.session.commit()
    assert service.submit(subject_id=str(gone.id)).status_code == 422


def test_a_stranger_cannot_tell_that_a_record_exists(alice: Caller, carol: Caller, rows: Rows) -> None:
    url = alice.submit().json["url"]
    for answer in (carol.get(url), carol.delete(url), carol.post(f"{url}/retry")):
        assert answer.status_code == 404
        assert answer.json == carol.get(f"/api/v1/analyses/{uuid4()}").json | {
            "instance": answer.json["instance"],
            "request_id": answer.json["request_id"],
        }
    assert carol.get("/api/v1/analyses").json == {"items": [], "next_cursor": None}
    assert len(rows("SELECT 1 FROM analysis_records")) == 1


def test_reading_ones_own_text_is_not_audited(alice: Caller, rows: Rows) -> None:
    alice.get(alice.submit().json["url"])
    assert not rows("SELECT 1 FROM audit_logs WHERE action = 'analysis:viewed'")


def test_a_record_shows_every_column(alice: Caller, recorded: Callable[..., None], rows: Rows) -> None:
    url = alice.submit().json["url"]
    recorded("HIGH", 0.8125)
    shown = alice.get(url).json
    assert set(shown) == {*rows("SELECT * FROM analysis_records")[0], "status"}
    assert (shown["predicted_label"], shown["confidence"], shown["status"]) == ("HIGH", 0.8125, "RECORDED")
    assert shown["submitted_at"].endswith("+00:00")


def test_it_waits_for_the_outcome_when_asked(app: Flask, alice: Caller, recorded: Callable[..., None]) -> None:
    def later() -> None:
        time.sleep(0.4)
        with app.app_context():
            recorded("LOW")

    thread = threading.Thread(target=later)
    thread.start()
    answer = alice.post("/api/v1/analyses", {"text": CALM}, Prefer="wait=5")
    thread.join()
    assert (answer.status_code, answer.json["predicted_label"]) == (200, "LOW")
    assert answer.headers["Preference-Applied"] == "wait=5"


def test_waiting_never_takes_every_thread(alice: Caller) -> None:
    for _ in range(4):
        WAITERS.acquire()
    try:
        began = time.monotonic()
        assert alice.post("/api/v1/analyses", {"text": CALM}, Prefer="wait=10").status_code == 202
        assert time.monotonic() - began < 8
    finally:
        for _ in range(4):
            WAITERS.release()


def test_one_that_is_accepted_stays_accepted_whatever_happens_while_it_waits(
    app: Flask, alice: Caller, rows: Rows
) -> None:
    def delete_meanwhile() -> None:
        time.sleep(0.3)
        with app.app_context():
            db.session.execute(text("DELETE FROM analysis_records"))
            db.session.commit()

    thread = threading.Thread(target=delete_meanwhile)
    thread.start()
    answer = alice.post("/api/v1/analyses", {"text": CALM}, Prefer="wait=5")
    thread.join()
    assert answer.status_code == 202


def test_a_service_that_waits_leaves_one_trace_of_reading(
    app: Flask, alice: Caller, caller: Callable[..., Caller], recorded: Callable[..., None], rows: Rows
) -> None:
    service = caller("form@example.org", "SERVICE")

    def later() -> None:
        time.sleep(0.6)
        with app.app_context():
            recorded("LOW")

    thread = threading.Thread(target=later)
    thread.start()
    body = {"text": CALM, "subject_id": str(alice.user.id)}
    assert service.post("/api/v1/analyses", body, Prefer="wait=5").status_code == 200
    thread.join()
    assert len(rows("SELECT 1 FROM audit_logs WHERE action = 'analysis:viewed'")) == 1


def test_it_does_not_wait_longer_than_asked(alice: Caller) -> None:
    assert alice.post("/api/v1/analyses", {"text": CALM}, Prefer="wait=0").status_code == 202
    assert alice.post("/api/v1/analyses", {"text": CALM}, Prefer="respond-async").status_code == 202


def test_a_batch_accepts_what_it_can_and_names_what_it_cannot(alice: Caller, carol: Caller, rows: Rows) -> None:
    key = str(uuid4())
    items = [
        {"text": CALM, "request_id": key},
        {"text": "x"},
        {"text": CALM, "request_id": key},
        {"text": "Other words.", "request_id": key},
        {"text": CALM, "subject_id": str(carol.user.id)},
        "not an object",
        {"text": CALM},
        None,
    ]
    answer = alice.post("/api/v1/analyses/batch", {"items": items})
    assert answer.status_code == 207
    results = answer.json["items"]
    assert [result["status"] for result in results] == [202, 422, 202, 409, 403, 422, 202, 422]
    assert [result.get("replayed") for result in results] == [False, None, True, None, None, None, False, None]
    assert results[0]["analysis"] == results[2]["analysis"]
    assert results[1]["errors"] == {"text": ["Please write at least 5 characters."]}
    assert len(rows("SELECT 1 FROM analysis_records")) == 2
    again = alice.post("/api/v1/analyses/batch", {"items": items[:1]})
    assert again.json["items"][0]["replayed"] is True


@pytest.mark.parametrize("items", [[], "x", None, [{"text": CALM}] * 201])
def test_a_batch_has_one_to_two_hundred_items(alice: Caller, items: Any) -> None:
    assert alice.post("/api/v1/analyses/batch", {"items": items}).status_code == 422


def test_two_batches_that_share_keys_do_not_deadlock(app: Flask, alice: Caller, rows: Rows) -> None:
    keys = [str(uuid4()) for _ in range(100)]
    statuses: list[int] = []

    def send(order: list[str]) -> None:
        with app.app_context():
            browser = app.test_client()
            headers = sign_in(browser)
            body = {"items": [{"text": CALM, "request_id": key} for key in order]}
            answer = browser.post("/api/v1/analyses/batch", json=body, headers=headers)
            statuses.extend(item["status"] for item in answer.json["items"])

    threads = [threading.Thread(target=send, args=(order,)) for order in (keys, keys[::-1]) * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(statuses) == {202}
    assert len(rows("SELECT 1 FROM analysis_records")) == 100


def test_pages_follow_each_other_without_gap_or_repeat(alice: Caller) -> None:
    body = {"items": [{"text": f"{CALM} {n}"} for n in range(25)]}
    alice.post("/api/v1/analyses/batch", body)  # one commit, one submitted_at: the id decides the order
    seen, cursor, pages = [], None, 0
    while True:
        query = {"limit": 10} | ({"cursor": cursor} if cursor else {})
        page = alice.get("/api/v1/analyses", query_string=query).json
        seen += [item["id"] for item in page["items"]]
        pages, cursor = pages + 1, page["next_cursor"]
        if not cursor:
            break
    assert (pages, len(seen), len(set(seen))) == (3, 25, 25)


@pytest.mark.parametrize(
    "query",
    [
        "limit=0", "limit=201", "limit=x", "cursor=x", "cursor=W10", "cursor=" + "A" * 300, "predicted_label=SAFE",
        "source=X", "from=yesterday", "from=2026-01-01T00:00:00", "to=0001-01-01T00:00:00Z",
        "from=9999-12-31T00:00:00Z",
        "request_id=1", "unknown=1", "cursor=WyIyMDI2LTAxLTAxIiwgIjEiXQ", "from=2026-01-01T00:00:00%2B99:00",
        "cursor=%00", "cursor=%ED%A0%80",
    ],
)  # fmt: skip
def test_a_list_refuses_what_it_cannot_mean(alice: Caller, query: str) -> None:
    assert alice.get(f"/api/v1/analyses?{query}").status_code == 422


def test_a_list_narrows_to_what_is_asked(alice: Caller, recorded: Callable[..., None]) -> None:
    kept = alice.submit("The first of two texts.", source="TRANSCRIPT").json
    recorded("HIGH")
    middle = db.session.scalar(text("SELECT clock_timestamp()")).isoformat()
    db.session.rollback()
    other = alice.submit("The second of two texts.").json

    def ids(**query: str) -> list[str]:
        return [item["id"] for item in alice.get("/api/v1/analyses", query_string=query).json["items"]]

    assert ids() == [other["id"], kept["id"]]
    assert ids(predicted_label="HIGH") == ids(source="TRANSCRIPT") == ids(to=middle) == [kept["id"]]
    assert ids(predicted_label="PENDING") == ids(request_id=other["request_id"]) == [other["id"]]
    assert ids(**{"from": middle}) == [other["id"]]
    assert ids(predicted_label="LOW") == []


def test_a_person_deletes_their_text_for_good_and_the_ledger_knows(alice: Caller, rows: Rows) -> None:
    url = alice.submit().json["url"]
    assert alice.delete(url).status_code == 204
    assert alice.get(url).status_code == alice.delete(url).status_code == 404
    assert not rows("SELECT 1 FROM analysis_records")
    assert [
        r["action"] for r in rows("SELECT action FROM audit_logs WHERE resource_type = 'analysis' ORDER BY id")
    ] == [
        "analysis:accepted",
        "analysis:erased",
    ]


def test_only_a_failed_text_can_be_tried_again(alice: Caller, recorded: Callable[..., None], rows: Rows) -> None:
    url = alice.submit().json["url"]
    assert alice.post(f"{url}/retry").status_code == 409
    recorded("FAILED", 0)
    answer = alice.post(f"{url}/retry")
    assert (answer.status_code, answer.json["status"]) == (202, "PENDING")
    assert alice.post(f"{url}/retry").status_code == 409
    assert rows("SELECT predicted_label, model_version FROM analysis_records") == [
        {"predicted_label": "PENDING", "model_version": "pending"}
    ]


def test_many_clicks_on_retry_are_one_retry_and_hold_no_lock(
    app: Flask, alice: Caller, recorded: Callable[..., None], rows: Rows
) -> None:
    url = alice.submit().json["url"]
    recorded("FAILED", 0)
    codes: list[int] = []

    def click() -> None:
        with app.app_context():
            browser = app.test_client()
            headers = sign_in(browser)
            codes.append(browser.post(f"{url}/retry", headers=headers).status_code)

    threads = [threading.Thread(target=click) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes) == [202, 409, 409, 409, 409, 409]
    assert len(rows("SELECT 1 FROM audit_logs WHERE action = 'analysis:retried'")) == 1


def test_an_admin_retries_what_failed_without_reading_it(
    alice: Caller, caller: Callable[..., Caller], recorded: Callable[..., None]
) -> None:
    admin = caller("root@example.org", "ADMIN")
    url = alice.submit().json["url"]
    recorded("FAILED", 0)
    assert admin.get(url).status_code == 404
    assert "input_text" not in admin.post(f"{url}/retry").json


def test_a_failed_text_says_why(alice: Caller, rows: Rows) -> None:
    from quietus.analysis.recording import record_pending

    url = alice.submit("12345 67890 12345").json["url"]
    record_pending(load("local"))
    shown = alice.get(url).json
    assert (shown["status"], shown["failure_reason"]) == ("FAILED", "no_words")


def test_nobody_gets_in_without_signing_in(app: Flask, alice: Caller) -> None:
    url = alice.submit().json["url"]
    stranger = app.test_client()
    for answer in (
        stranger.get(url),
        stranger.get("/api/v1/analyses"),
        stranger.post("/api/v1/analyses", json={"text": CALM}),
        stranger.delete(url),
    ):
        assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")


def test_a_cookie_alone_does_not_write(alice: Caller, rows: Rows) -> None:
    answer = alice.client.post("/api/v1/analyses", json={"text": CALM})
    assert (answer.status_code, answer.json["code"]) == (403, "csrf_failed")
    assert not rows("SELECT 1 FROM analysis_records")


@pytest.mark.parametrize("role", ["ANALYST", "AUDITOR", "ADMIN"])
def test_no_other_role_reads_a_persons_text(alice: Caller, caller: Callable[..., Caller], role: str) -> None:
    url = alice.submit().json["url"]
    other = caller("other@example.org", role)
    assert other.get(url).status_code == 404
    assert other.get("/api/v1/analyses").json["items"] == []
