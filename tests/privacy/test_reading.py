"""Who reads another's words gives a reason, and the person sees it."""

from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from quietus.audit import service as audit
from quietus.audit.tags import Action
from quietus.core.extensions import db
from tests.privacy.conftest import Caller, write

REASON = {"reason_code": "PERSON_ASKED", "note": "She called and asked for it."}
TEXT = "A heliotrope umbrella stood by the door."


@pytest.fixture
def text_id(alice: Caller) -> str:
    return str(write(alice.who, TEXT)[0])


def log(alice: Caller) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = alice.get("/api/v1/me/access-log").json["items"]
    return items


@pytest.mark.parametrize(("role", "way"), [("CLINICIAN", "search"), ("ADMIN", "break_glass")])
def test_a_search_and_an_opened_text_are_written_down(  # noqa: PLR0917 - fixtures and a row of the table
    alice: Caller, text_id: str, caller: Any, rows: Any, role: str, way: str
) -> None:
    reader = caller("reader@example.org", role)
    page = reader.form("/find", who="Alice@example.org ", **REASON)
    assert page.status_code == 200
    assert text_id in page.text
    assert TEXT not in page.text, "only what was opened is shown"
    assert TEXT in reader.form(f"/find/{text_id}", **REASON).text
    noted = rows(
        "SELECT action, metadata FROM audit_logs WHERE user_id = :id AND metadata ? 'reason' ORDER BY id",
        id=reader.user.id,
    )
    assert [row["action"] for row in noted] == ["subject:searched", "analysis:viewed"]
    facts = {"subject_id": str(alice.user.id), "reason": way, **REASON}
    assert all(row["metadata"] == facts for row in noted)


@pytest.mark.parametrize(
    "wrong",
    [{"note": ""}, {"note": "too short"}, {"note": "x" * 501}, {"note": "a NUL \x00 in the note"},
     {"reason_code": ""}, {"reason_code": "BORED"}],
)  # fmt: skip
def test_without_a_reason_nothing_is_shown(
    alice: Caller, root: Caller, text_id: str, rows: Any, wrong: dict[str, str]
) -> None:
    for path in ("/find", f"/find/{text_id}"):
        answer = root.form(path, who="alice@example.org", **(REASON | wrong))
        assert answer.status_code == 422, path
        assert TEXT not in answer.text
    assert rows("SELECT id FROM audit_logs WHERE action IN ('analysis:viewed', 'subject:searched')") == []


def test_a_search_for_nobody_is_noted_without_what_was_typed(root: Caller, rows: Any) -> None:
    for who in ("nobody@example.org", str(uuid4()), "x", "\x00", "a" * 300):
        assert root.form("/find", who=who, **REASON).status_code == 422
    noted = rows("SELECT resource_id, metadata FROM audit_logs WHERE action = 'subject:searched'")
    assert len(noted) == 5
    assert all(
        row == {"resource_id": None, "metadata": {"reason": "break_glass", "reason_code": "PERSON_ASKED"}}
        for row in noted
    )


def test_who_reviews_does_not_learn_here_what_the_program_thinks(root: Caller, bob: Caller, text_id: str) -> None:
    db.session.execute(text("UPDATE analysis_records SET predicted_label = 'MODERATE', confidence = 0.7123"))
    db.session.commit()
    priority = "Moderate priority"
    for path, form in (("/find", {"who": "alice@example.org", **REASON}), (f"/find/{text_id}", REASON)):
        assert priority in root.form(path, **form).text, "an admin, who reviews nothing"
        assert priority not in bob.form(path, **form).text


def test_a_text_that_is_not_there_is_404(root: Caller) -> None:
    assert root.form(f"/find/{uuid4()}", **REASON).status_code == 404


@pytest.mark.parametrize("role", ["USER", "ANALYST", "AUDITOR", "SERVICE"])
def test_nobody_else_finds_anything(alice: Caller, text_id: str, caller: Any, role: str) -> None:
    other = caller("other@example.org", role)
    assert other.get("/find").status_code == 403
    assert other.form("/find", who="alice@example.org", **REASON).status_code == 403
    assert other.form(f"/find/{text_id}", **REASON).status_code == 403


def test_no_token_breaks_the_glass(root: Caller, text_id: str) -> None:
    token = root.post("/api/v1/auth/tokens", {"name": "own", "scopes": ["review", "me"], "days": 1}).json["token"]
    fresh = root.client.application.test_client()
    answer = fresh.post(f"/find/{text_id}", data=REASON, headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 403


def test_the_person_sees_role_time_and_reason_not_the_name(
    alice: Caller, bob: Caller, root: Caller, text_id: str
) -> None:
    bob.form(f"/find/{text_id}", **REASON)
    bob.form(f"/find/{text_id}", **REASON)
    root.form(f"/find/{text_id}", **REASON)
    by_root, second, first = log(alice)
    assert first["reader"] == second["reader"] != by_root["reader"]
    assert (first["roles"], by_root["roles"]) == (["CLINICIAN"], ["ADMIN"])
    assert first["reason"] == "PERSON_ASKED"
    whole = alice.get("/me/access-log").text + str(log(alice))
    for name in ("bob@example.org", "Bob Example", str(bob.user.id), REASON["note"]):
        assert name not in whole
    assert "The person asked me to" in alice.get("/me/access-log").text


def test_another_person_sees_another_mark(alice: Caller, caller: Any, bob: Caller, text_id: str) -> None:
    carol = caller("carol@example.org")
    theirs = write(carol.who, "The train came on time.")[0]
    bob.form(f"/find/{text_id}", **REASON)
    bob.form(f"/find/{theirs}", **REASON)
    assert log(alice)[0]["reader"] != log(carol)[0]["reader"]
    assert len(log(alice)) == len(log(carol)) == 1


def test_own_readings_are_no_readings_by_others(alice: Caller, text_id: str) -> None:
    alice.get(f"/api/v1/analyses/{text_id}")
    alice.post("/api/v1/me/export")
    assert log(alice) == []
    assert "Nobody so far" in alice.get("/me/access-log").text


def test_the_log_outlives_the_text_and_the_reader(alice: Caller, bob: Caller, text_id: str) -> None:
    from quietus.privacy import erasing

    bob.form(f"/find/{text_id}", **REASON)
    alice.call("DELETE", f"/api/v1/analyses/{text_id}")
    assert len(log(alice)) == 1
    erasing.erase_person(bob.user.id, actor=None)
    assert log(alice)[0]["reader"] is None
    assert "somebody who has left" in alice.get("/me/access-log").text


def test_pages_follow_each_other(alice: Caller, bob: Caller) -> None:
    for number in range(5):
        audit.record(
            Action.ANALYSIS_VIEWED,
            actor=bob.user.id,
            resource_type="analysis",
            resource_id=str(number),
            metadata={"subject_id": str(alice.user.id), "reason": "review"},
        )
    db.session.commit()
    first = alice.get("/api/v1/me/access-log?limit=3").json
    rest = alice.get(f"/api/v1/me/access-log?limit=3&cursor={first['next_cursor']}").json
    assert [item["resource_id"] for item in first["items"] + rest["items"]] == ["4", "3", "2", "1", "0"]
    assert rest["next_cursor"] is None
    for query in ("cursor=x", "limit=0", "limit=x"):
        assert alice.get(f"/api/v1/me/access-log?{query}").status_code == 422
    assert alice.get("/me/access-log?cursor=x").headers["Location"] == "/me/access-log"


def test_consents_are_listed_and_taken_back(alice: Caller) -> None:
    from quietus.video import consents
    from quietus.video.notice import notice

    assert "Camera sessions ask you first" in alice.get("/me").text
    consents.give(actor=alice.who, version=notice().version, accepted=True)
    assert alice.get("/api/v1/me/consents").json["items"][0]["withdrawn_at"] is None
    assert "Take it back" in alice.get("/me").text
    assert alice.form("/me/consents/withdraw").status_code == 303
    assert alice.post("/api/v1/me/consents/withdraw").status_code == 204
    assert alice.get("/api/v1/me/consents").json["items"][0]["withdrawn_at"]
    assert "Take it back" not in alice.get("/me").text


def test_my_data_counts_what_is_kept(alice: Caller, text_id: str) -> None:
    from tests.privacy.conftest import film

    film(alice.user.id, events=3)
    page = alice.get("/me").text
    assert "1 text" in page
    assert "1 session with 3 windows" in page
