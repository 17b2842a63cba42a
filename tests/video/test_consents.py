"""Consent is the person's own, and its withdrawal holds at once."""

from collections.abc import Callable
from typing import Any

from flask import Flask

from quietus.video import consents
from quietus.video.notice import notice
from tests.factories import principal
from tests.video.conftest import SESSIONS, Person, consent, event

CONSENTS = "/api/v1/video/consents"
Rows = Callable[..., list[dict[str, Any]]]


def test_consenting_again_while_it_stands_is_one_consent(alice: Person) -> None:
    alice.session()
    alice.session()
    (one,) = alice.get(CONSENTS).json["items"]
    assert one["kind"] == "video" and one["version"] == notice().version
    assert one["withdrawn_at"] is None


def test_withdrawing_ends_what_runs_and_stores_nothing_more(alice: Person, carol: Person, rows: Rows) -> None:
    session, other = alice.session(), carol.session()
    alice.send(session, event())
    assert alice.delete(CONSENTS).status_code == 204
    ended = alice.get(session).json
    assert ended["status"] == "ENDED" and ended["ended_at"]
    assert carol.get(other).json["status"] == "ACTIVE"
    refused = alice.send(session, event())
    assert (refused.status_code, refused.json["code"]) == (409, "consent_withdrawn")
    assert len(rows("SELECT FROM video_analysis_events")) == 1
    acts = rows("SELECT action, xmin FROM audit_logs WHERE action IN ('consent:withdrawn', 'video_session:ended')")
    assert len(acts) == 2 and len({a["xmin"] for a in acts}) == 1


def test_withdrawing_twice_or_without_any_consent_is_fine(alice: Person, rows: Rows) -> None:
    assert alice.delete(CONSENTS).status_code == 204
    assert not rows("SELECT FROM audit_logs WHERE action = 'consent:withdrawn'")
    assert alice.post(CONSENTS, consent()).status_code == 204
    assert [alice.delete(CONSENTS).status_code for _ in range(2)] == [204, 204]
    assert len(rows("SELECT FROM audit_logs WHERE action = 'consent:withdrawn'")) == 1
    assert alice.get(CONSENTS).json["items"][0]["withdrawn_at"] is not None


def test_consenting_anew_after_a_withdrawal_is_a_new_consent(app: Flask, alice: Person) -> None:
    for _ in range(2):
        alice.post(CONSENTS, consent())
        consents.withdraw(actor=principal(alice.user))
    alice.session()
    newest, *older = consents.listed(alice.user.id)
    assert newest.withdrawn_at is None
    assert len(older) == 2 and all(each.withdrawn_at for each in older)


def test_a_consent_to_other_words_is_refused(alice: Person) -> None:
    assert alice.post(CONSENTS, consent(version="1")).status_code == 422
    assert alice.post(CONSENTS, consent(accepted=False)).status_code == 422
    assert alice.get(CONSENTS).json["items"] == []


def test_an_old_session_is_found_after_withdrawal_without_consenting_anew(alice: Person) -> None:
    alice.start(stream_session_id="call-7")
    alice.delete(CONSENTS)
    assert alice.start(stream_session_id="call-7").json["status"] == "ENDED"
    assert alice.get(CONSENTS).json["items"][0]["withdrawn_at"] is not None


def test_an_agent_opens_a_session_for_who_has_consented(alice: Person, agent: Person, rows: Rows) -> None:
    def start(**changes: Any) -> Any:
        return agent.start(consent=None, client_platform="AGENT", subject_id=str(alice.user.id), **changes)

    missing = start()
    assert (missing.status_code, missing.json["code"]) == (409, "consent_missing")
    alice.post(CONSENTS, consent())
    made = start(stream_session_id="call-9")
    assert made.status_code == 201 and made.json["user_id"] == str(alice.user.id)
    (act,) = rows("SELECT user_id, metadata FROM audit_logs WHERE action = 'video_session:started'")
    assert act["user_id"] == agent.user.id and act["metadata"]["subject_id"] == str(alice.user.id)
    session = f"{SESSIONS}/{made.json['id']}"
    assert agent.send(session, event()).json == {"stored": 1, "duplicates": 0}
    assert rows("SELECT user_id FROM video_analysis_events") == [{"user_id": alice.user.id}]
    assert agent.post(f"{session}/end").json["status"] == "ENDED"
    assert start(stream_session_id="call-9").status_code == 200


def test_an_agent_cannot_consent_for_a_person(alice: Person, agent: Person) -> None:
    for_alice = {"subject_id": str(alice.user.id), "client_platform": "AGENT"}
    assert "consent" in agent.start(**for_alice).json["errors"]
    assert agent.post(CONSENTS, consent()).status_code == 403
    assert "subject_id" in agent.start(consent=None).json["errors"]
    nobody = "00000000-0000-4000-8000-000000000000"
    assert "subject_id" in agent.start(consent=None, subject_id=nobody).json["errors"]


def test_a_person_cannot_start_a_session_for_another(alice: Person, carol: Person) -> None:
    assert carol.start(subject_id=str(alice.user.id)).json["code"] == "subject_not_yours"
    assert carol.start(subject_id=str(carol.user.id)).status_code == 201


def test_an_agent_joins_only_a_session_that_it_can_name(
    alice: Person, agent: Person, person: Callable[..., Person], rows: Rows
) -> None:
    session = alice.session(stream_session_id="call-7")
    assert agent.send(session, event()).status_code == 404
    joined = agent.start(consent=None, subject_id=str(alice.user.id), stream_session_id="call-7")
    assert joined.status_code == 200 and session.endswith(joined.json["id"])
    assert agent.send(session, event()).status_code == 200
    assert agent.get(session).status_code == 200
    # what was measured, and when it ends, is the person's
    assert agent.get(f"{session}/events").status_code == 403
    assert agent.post(f"{session}/end").status_code == 404
    assert agent.delete(session).status_code == 403
    other = person("other@example.org", "SERVICE")
    assert other.send(session, event()).status_code == 404
    assert other.get(session).status_code == 404
    agent.start(consent=None, subject_id=str(alice.user.id), stream_session_id="call-7")
    assert len(rows("SELECT FROM audit_logs WHERE action = 'video_session:joined'")) == 1
