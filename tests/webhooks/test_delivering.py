"""What is recorded is told: signed, without a word of anybody, at least once, until it arrives or is given up."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from quietus.core.celery import OUTBOX
from quietus.core.config import ConfigurationError, read_settings
from quietus.core.extensions import db
from quietus.video import ending
from quietus.video.models import VideoSession
from quietus.webhooks import delivering
from quietus.webhooks.delivering import deliver
from tests.review.conftest import later, put_session
from tests.webhooks.conftest import WORDS, noted, read_texts, wakened
from tests.webhooks.receiver import KEY, SECRET, Receiver


def test_an_outcome_is_told_signed(told_desk: Flask, alice: Any, ward: Receiver) -> None:
    (analysis_id,) = read_texts(alice)
    deliver(everything=False)
    (message,) = ward.told
    row = db.session.execute(text("SELECT * FROM analysis_records")).mappings().one()
    assert message.signed_by(KEY)
    assert not message.signed_by(b"another-key-0123456789abcdefghij")
    assert message.json["type"] == "analysis.recorded"
    assert message.json["data"] == {
        "id": str(analysis_id),
        "request_id": str(row["request_id"]),
        "predicted_label": row["predicted_label"],
        "confidence": float(row["confidence"]),
        "model_version": row["model_version"],
        "submitted_at": row["submitted_at"].isoformat().replace("+00:00", "Z"),
        "analyzed_at": row["analyzed_at"].isoformat().replace("+00:00", "Z"),
    }


def test_an_ended_session_is_told(told_desk: Flask, alice: Any, ward: Receiver) -> None:
    session_id = put_session(alice, "HIGH", "LOW")
    ending.end_active(VideoSession.id == session_id, actor=alice.id, reason="asked")
    db.session.commit()
    deliver(everything=False)
    (message,) = ward.told
    assert message.json["type"] == "video_session.ended"
    assert message.json["data"].keys() == {"id", "status", "started_at", "ended_at"}
    assert (message.json["data"]["id"], message.json["data"]["status"]) == (str(session_id), "ENDED")


def test_nothing_private_leaves(told_desk: Flask, alice: Any, ward: Receiver) -> None:
    read_texts(alice)
    put_session(alice, "HIGH")
    ending.end_active(VideoSession.user_id == alice.id, actor=alice.id, reason="asked")
    db.session.commit()
    deliver(everything=False)
    everything = " ".join(str(message.headers) + message.body.decode() for message in ward.told)
    stream = db.session.scalar(text("SELECT stream_session_id FROM video_sessions"))
    assert len(ward.told) == 2
    for private in (*WORDS.split()[1:4], "alice", "Alice", "example.org", str(alice.id), str(stream)):
        assert private not in everything


def test_each_delivery_is_an_audit_row_without_secrets(told_desk: Flask, alice: Any, ward: Receiver) -> None:
    (analysis_id,) = read_texts(alice)
    deliver(everything=False)
    (row,) = noted()
    facts = row["metadata"]
    assert (row["action"], row["resource_type"], row["user_id"]) == ("webhook:delivered", "webhook", None)
    assert (facts["endpoint"], facts["about"], facts["status"], facts["attempt"]) == ("ward", str(analysis_id), 204, 1)
    assert facts["webhook_id"] == ward.told[0].id
    assert SECRET[:12] not in str(dict(row)) and "for-the-ward-only" not in str(dict(row))


def test_it_is_told_once_however_often_one_looks(told_desk: Flask, alice: Any, ward: Receiver) -> None:
    read_texts(alice, WORDS, WORDS + " Again.")
    for everything in (False, True, False, True):
        deliver(everything=everything)
    assert len(ward.told) == len({message.id for message in ward.told}) == 2


def test_only_what_was_asked_for_is_told(make_app: Callable[..., Flask], told_desk: Flask, alice: Any) -> None:
    other = Receiver()
    endpoint = {"name": "films", "url": other.url(), "secret": SECRET, "events": ["video_session.ended"]}
    with make_app(webhooks=[endpoint], webhook_networks=["127.0.0.0/8"]).app_context():
        delivering.note_endpoints()
        read_texts(alice)
        deliver(everything=True)
    other.stop()
    assert other.told == []


def test_a_new_endpoint_is_not_told_of_the_past(
    make_app: Callable[..., Flask], told_desk: Flask, alice: Any, ward: Receiver
) -> None:
    read_texts(alice)
    endpoint = {"name": "late", "url": ward.url(), "secret": SECRET, "events": ["analysis.recorded"]}
    with make_app(webhooks=[endpoint], webhook_networks=["127.0.0.0/8"]).app_context():
        deliver(everything=True)
        assert ward.told == []
        read_texts(alice, "The bus was late and the rain was cold.")
        deliver(everything=True)
    assert len(ward.told) == 1


@pytest.mark.parametrize(
    ("manner", "failure"),
    [
        (500, ("status", 500)),
        (404, ("status", 404)),
        (302, ("redirect", 302)),
        ("hang", ("timeout", None)),
        ("drip", ("timeout", None)),
        ("close", ("connection", None)),
    ],
)
def test_a_failure_is_noted_and_tried_again_later(
    told_desk: Flask, alice: Any, ward: Receiver, manner: int | str, failure: tuple[str, int | None]
) -> None:
    read_texts(alice)
    ward.manner = manner
    deliver(everything=False)
    (row,) = noted("webhook:failed")
    facts = row["metadata"]
    assert (facts["reason"], facts["status"], facts["final"]) == (*failure, False)
    assert facts["ms"] < 1500
    assert len(ward.told) == 1  # no redirect was followed
    ward.manner = 204
    wakened(told_desk)
    deliver(everything=True)
    assert len(ward.told) == 1  # its pause is not over
    with later(seconds=31):
        deliver(everything=True)
    first, second = ward.told
    assert (first.id, first.body) == (second.id, second.body)
    assert second.signed_by(KEY) or manner == "drip"
    assert [(r["action"], r["metadata"]["attempt"]) for r in noted()] == [
        ("webhook:failed", 1),
        ("webhook:delivered", 2),
    ]


def test_the_answer_is_not_read(told_desk: Flask, alice: Any, ward: Receiver) -> None:
    read_texts(alice)
    ward.manner = "endless"
    deliver(everything=False)
    (row,) = noted()
    assert (row["action"], row["metadata"]["status"]) == ("webhook:delivered", 200)


def test_the_pauses_grow_and_end(told_desk: Flask, alice: Any, ward: Receiver) -> None:
    read_texts(alice)
    ward.manner = 503
    deliver(everything=True)
    for number, pause in enumerate((30, 120, 480, 1920, 7680, 21600, 21600), start=1):
        for seconds, tries in ((pause - 10, number), (pause + 1, number + 1)):
            wakened(told_desk)
            with later(seconds=seconds):  # a row's time is the database's, which does not turn
                deliver(everything=True)
            assert len(ward.told) == tries
    assert [row["metadata"]["final"] for row in noted()] == [False] * 7 + [True]
    with later(days=2):
        wakened(told_desk)
        deliver(everything=True)
    assert len(ward.told) == 8


def test_a_receiver_that_is_gone_for_good_is_not_asked_again(told_desk: Flask, alice: Any, ward: Receiver) -> None:
    read_texts(alice)
    ward.manner = 410
    deliver(everything=False)
    assert noted()[0]["metadata"]["final"] is True


def test_a_receiver_that_takes_nothing_is_left_alone_for_a_while(told_desk: Flask, alice: Any, ward: Receiver) -> None:
    read_texts(alice, *(f"Sentence number {n} of a quiet day." for n in range(delivering.BATCH + 3)))
    ward.manner = 500
    deliver(everything=True)
    deliver(everything=True)
    assert len(ward.told) == delivering.BATCH
    ward.manner = 204
    wakened(told_desk)
    deliver(everything=True)
    assert len(ward.told) == delivering.BATCH + 3


def test_emptying_the_broker_loses_nothing(told_desk: Flask, alice: Any, ward: Receiver) -> None:
    read_texts(alice)
    deliver(everything=True)
    told_desk.extensions["broker"].flushdb()  # the bell of the next text goes with it, and how far the sweep came
    read_texts(alice, "The kettle sang and nobody else was home.")
    told_desk.extensions["broker"].flushdb()
    deliver(everything=True)
    assert len(ward.told) == len({message.id for message in ward.told}) == 2


def test_the_sweep_does_not_walk_the_past_again(told_desk: Flask, alice: Any, ward: Receiver) -> None:
    read_texts(alice)
    kept = "quietus:webhooks:settled:ward"
    ward.manner = 500
    with later(hours=1):
        deliver(everything=True)
        open_since = told_desk.extensions["broker"].get(kept)
    happened = db.session.scalar(text("SELECT created_at FROM audit_logs WHERE action = 'analysis:recorded'"))
    assert open_since == happened.isoformat()  # never past what is open
    ward.manner = 204
    wakened(told_desk)
    with later(hours=2):
        deliver(everything=True)
        assert told_desk.extensions["broker"].get(kept) > happened.isoformat()
    assert len(ward.told) == 2


def test_old_news_is_not_told_and_that_is_noted(told_desk: Flask, alice: Any, ward: Receiver) -> None:
    read_texts(alice)
    with later(days=3, minutes=1):
        deliver(everything=True)
        deliver(everything=True)
    assert ward.told == []
    (row,) = noted()
    assert (row["metadata"]["reason"], row["metadata"]["final"]) == ("too_old", True)


def test_what_was_erased_is_not_told(told_desk: Flask, alice: Any, ward: Receiver) -> None:
    read_texts(alice)
    db.session.execute(text("DELETE FROM analysis_records"))
    db.session.commit()
    deliver(everything=True)
    assert ward.told == []


def test_two_workers_tell_it_once(told_desk: Flask, alice: Any, ward: Receiver) -> None:
    read_texts(alice)
    with db.engine.connect() as other:
        other.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('quietus:webhooks:ward', 0))"))
        deliver(everything=True)
        assert ward.told == []
    deliver(everything=True)
    assert len(ward.told) == 1


def test_a_rolled_back_outcome_rings_no_bell(told_desk: Flask, alice: Any) -> None:
    session_id = put_session(alice, "LOW")
    ending.end_active(VideoSession.id == session_id, actor=alice.id, reason="asked")
    assert [name for name, _ in db.session.info[OUTBOX]] == ["webhooks.deliver"]
    db.session.rollback()
    assert not db.session.info.get(OUTBOX)


def test_while_a_secret_changes_both_sign(make_app: Callable[..., Flask], clean: None, ward: Receiver) -> None:
    new = "whsec_" + "QUJD" * 10
    endpoint = {
        "name": "ward", "url": ward.url(), "secret": new, "previous_secret": SECRET, "events": ["analysis.recorded"],
    }  # fmt: skip
    app = make_app(webhooks=[endpoint], webhook_networks=["127.0.0.0/8"])
    with app.app_context():
        answer = delivering.send_test(app.extensions["settings"].webhooks[0])
    assert answer.reason is None
    assert ward.told[0].signed_by(KEY) and ward.told[0].signed_by(b"ABC" * 10)
    assert ward.told[0].json["type"] == "webhook.test"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"url": "ftp://example.org/"}, "https://"),
        ({"url": "https://me:secretword@example.org/"}, "no user name"),
        ({"secret": "tooshort"}, "whsec_"),
        ({"secret": "whsec_c2hvcnQ="}, "24 to 64 bytes"),
        ({"events": []}, "events"),
        ({"events": ["analysis.everything"]}, "events"),
        ({"name": "The Ward"}, "name"),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused_at_the_start(
    monkeypatch: pytest.MonkeyPatch, change: dict[str, Any], said: str
) -> None:
    endpoint = {"name": "ward", "url": "https://example.org/", "secret": SECRET, "events": ["analysis.recorded"]}
    monkeypatch.setenv("QUIETUS_WEBHOOKS", json.dumps([endpoint | change]))
    with pytest.raises(ConfigurationError) as refusal:
        read_settings()
    assert said in str(refusal.value)
    assert "secretword" not in str(refusal.value) and "tooshort" not in str(refusal.value)


def test_two_endpoints_of_one_name_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    endpoint = {"name": "ward", "url": "https://example.org/", "secret": SECRET, "events": ["analysis.recorded"]}
    monkeypatch.setenv("QUIETUS_WEBHOOKS", json.dumps([endpoint, endpoint]))
    with pytest.raises(ConfigurationError):
        read_settings()
