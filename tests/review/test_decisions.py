"""One reader at a time, one decision that lasts, ten minutes to take it back."""

import threading
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask

from quietus.core.errors import Conflict, Invalid, NotFound
from quietus.core.extensions import db
from quietus.review import claims, decisions, opened, queue
from quietus.review.decisions import Decision
from quietus.review.standing import standing
from quietus.review.vocabulary import HumanLabel, Kind, Outcome, Taken
from tests.factories import make_user, principal
from tests.review.conftest import WORDS, later, put_session, put_text, sample

Rows = Callable[..., list[dict[str, Any]]]
TEXT = Kind.ANALYSIS
CONFIRMED = Decision(Outcome.CONFIRMED, HumanLabel.HIGH, Taken.CONTACTED_PERSON, "Called, will call again tomorrow.")
SECOND = Decision(Outcome.NEEDS_SECOND_READER)


def refused(code: str, act: Callable[..., object], *arguments: object, **options: object) -> None:
    with pytest.raises(Conflict) as refusal:
        act(*arguments, **options)
    assert refusal.value.code == code


def test_an_open_item_is_nobody_elses(alice: Any, bob: Any, dora: Any) -> None:
    text = put_text(alice)
    claims.claim(TEXT, text, reader=bob)
    claims.claim(TEXT, text, reader=bob)
    refused("claimed", claims.claim, TEXT, text, reader=dora)
    refused("claimed", decisions.decide, TEXT, text, CONFIRMED, reader=dora)
    refused("claimed", opened.read, TEXT, text, reader=dora)
    refused("claimed", claims.release, TEXT, text, reader=dora)
    (seen,) = queue.list_queue(reader=dora).items
    assert seen.state(dora.id) == "TAKEN"
    claims.release(TEXT, text, reader=bob)
    claims.claim(TEXT, text, reader=dora)


def test_a_claim_ends_by_itself_and_is_renewed_by_reading(alice: Any, bob: Any, dora: Any) -> None:
    text = put_text(alice)
    claims.claim(TEXT, text, reader=bob)
    with later(minutes=10):
        opened.read(TEXT, text, reader=bob)
    with later(minutes=20):
        refused("claimed", claims.claim, TEXT, text, reader=dora)
        claims.renew(TEXT, text, reader=bob)
    with later(minutes=36):
        refused("claim_expired", decisions.decide, TEXT, text, CONFIRMED, reader=bob)
        refused("claim_expired", claims.renew, TEXT, text, reader=bob)
        claims.claim(TEXT, text, reader=dora)
        refused("claimed", decisions.decide, TEXT, text, CONFIRMED, reader=bob)


def test_opening_is_audited_and_loading_again_does_not_pile_up_claims(alice: Any, bob: Any, rows: Rows) -> None:
    text = put_text(alice)
    claims.claim(TEXT, text, reader=bob)
    opened.read(TEXT, text, reader=bob)
    opened.read(TEXT, text, reader=bob)
    found = rows("SELECT action, user_id, metadata FROM audit_logs WHERE resource_id = :id ORDER BY id", id=str(text))
    assert [row["action"] for row in found] == ["review:claimed", "analysis:viewed", "analysis:viewed"]
    assert {row["user_id"] for row in found} == {bob.id}
    assert found[1]["metadata"] == {"reason": "review", "subject_id": str(alice.id)}


def test_a_decision_tells_everything_that_figures_need(alice: Any, bob: Any, rows: Rows) -> None:
    text = put_text(alice)
    claims.claim(TEXT, text, reader=bob)
    decisions.decide(TEXT, text, CONFIRMED, reader=bob)
    (row,) = rows("SELECT * FROM audit_logs WHERE action = 'review:decided'")
    assert (row["user_id"], row["resource_type"], row["resource_id"]) == (bob.id, "analysis", str(text))
    assert row["metadata"] == {
        "outcome": "CONFIRMED", "human_label": "HIGH", "action": "CONTACTED_PERSON", "predicted_label": "HIGH",
        "confidence": 0.8125, "model_version": "test-1", "reason": "HIGH", "reading": 1, "subject_id": str(alice.id),
        "note": "Called, will call again tomorrow.",
    }  # fmt: skip


def test_the_reason_of_a_sampled_text_is_told_once_it_is_decided(alice: Any, bob: Any, rows: Rows) -> None:
    text = put_text(alice, "LOW")
    sample(text)
    claims.claim(TEXT, text, reader=bob)
    made = decisions.decide(TEXT, text, Decision(Outcome.NOT_CONCERNING), reader=bob)
    assert (made.facts["reason"], made.facts["predicted_label"], made.facts["human_label"]) == ("SAMPLE", "LOW", None)
    assert "note" not in made.facts


def test_deciding_twice_or_without_opening_is_refused(alice: Any, bob: Any, dora: Any) -> None:
    text = put_text(alice)
    refused("not_claimed", decisions.decide, TEXT, text, CONFIRMED, reader=bob)
    refused("not_claimed", claims.release, TEXT, text, reader=bob)
    claims.claim(TEXT, text, reader=bob)
    decisions.decide(TEXT, text, CONFIRMED, reader=bob)
    for reader in (bob, dora):
        refused("already_decided", decisions.decide, TEXT, text, CONFIRMED, reader=reader)
        refused("already_decided", claims.claim, TEXT, text, reader=reader)
        refused("already_decided", opened.read, TEXT, text, reader=reader)


@pytest.mark.parametrize("label", ["LOW", "PENDING", "FAILED"])
def test_what_is_not_in_the_queue_does_not_exist_here(alice: Any, bob: Any, label: str) -> None:
    for item in ((TEXT, put_text(alice, label)), (TEXT, uuid4()), (Kind.SESSION, put_session(alice, "LOW"))):
        for act in (claims.claim, claims.release, opened.read, opened.earlier, decisions.undo, standing):
            with pytest.raises(NotFound):
                act(*item, reader=bob.id if act is standing else bob)


def test_nobody_reviews_their_own(bob: Any) -> None:
    for item in ((TEXT, put_text(bob)), (Kind.SESSION, put_session(bob, "HIGH"))):
        with pytest.raises(NotFound):
            claims.claim(*item, reader=bob)
    assert claims.claim_next(reader=bob) is None


def test_a_second_reader_decides_and_there_is_no_third(alice: Any, bob: Any, dora: Any, rows: Rows) -> None:
    text = put_text(alice, "MODERATE")
    claims.claim(TEXT, text, reader=bob)
    decisions.decide(TEXT, text, SECOND, reader=bob)
    refused("other_reader_needed", claims.claim, TEXT, text, reader=bob)
    claims.claim(TEXT, text, reader=dora)
    with pytest.raises(Invalid):
        decisions.decide(TEXT, text, SECOND, reader=dora)
    decisions.decide(TEXT, text, CONFIRMED, reader=dora)
    found = rows("SELECT metadata FROM audit_logs WHERE action = 'review:decided' ORDER BY id")
    assert [(row["metadata"]["reading"], row["metadata"]["reason"]) for row in found] == [
        (1, "MODERATE"),
        (2, "SECOND_READING"),
    ]
    refused("already_decided", claims.claim, TEXT, text, reader=bob)


def test_a_decision_is_undone_by_who_made_it_within_ten_minutes(alice: Any, bob: Any, dora: Any, rows: Rows) -> None:
    text = put_text(alice)
    claims.claim(TEXT, text, reader=bob)
    decisions.decide(TEXT, text, CONFIRMED, reader=bob)
    (decided,) = rows("SELECT id FROM audit_logs WHERE action = 'review:decided'")
    refused("nothing_to_undo", decisions.undo, TEXT, text, reader=dora)
    with later(minutes=11):
        refused("too_late", decisions.undo, TEXT, text, reader=bob)
    with later(minutes=9):
        decisions.undo(TEXT, text, reader=bob)
        refused("nothing_to_undo", decisions.undo, TEXT, text, reader=bob)
        refused("claimed", claims.claim, TEXT, text, reader=dora)
        decisions.decide(TEXT, text, CONFIRMED, reader=bob)
    (undone,) = rows("SELECT metadata FROM audit_logs WHERE action = 'review:undone'")
    assert undone["metadata"]["decision"] == decided["id"]


def test_undoing_a_second_reading_leaves_the_first(alice: Any, bob: Any, dora: Any) -> None:
    for kind, item in ((TEXT, put_text(alice)), (Kind.SESSION, put_session(alice, "HIGH"))):
        claims.claim(kind, item, reader=bob)
        decisions.decide(kind, item, SECOND, reader=bob)
        claims.claim(kind, item, reader=dora)
        opened.read(kind, item, reader=dora)
        decisions.decide(kind, item, CONFIRMED, reader=dora)
        refused("nothing_to_undo", decisions.undo, kind, item, reader=bob)
        decisions.undo(kind, item, reader=dora)
        claims.release(kind, item, reader=dora)
        refused("other_reader_needed", claims.claim, kind, item, reader=bob)
        (waiting,) = [each for each in queue.list_queue(reader=dora).items if each.id == item]
        assert waiting.reading == 2


def test_a_call_for_a_second_reader_is_not_undone_while_somebody_reads(alice: Any, bob: Any, dora: Any) -> None:
    text = put_text(alice)
    claims.claim(TEXT, text, reader=bob)
    decisions.decide(TEXT, text, SECOND, reader=bob)
    claims.claim(TEXT, text, reader=dora)
    refused("nothing_to_undo", decisions.undo, TEXT, text, reader=bob)


def test_a_session_is_decided_only_by_who_looked_at_it(alice: Any, bob: Any) -> None:
    session = put_session(alice, "LOW", "MODERATE", "HIGH")
    claims.claim(Kind.SESSION, session, reader=bob)
    refused("not_read", decisions.decide, Kind.SESSION, session, CONFIRMED, reader=bob)
    found = opened.read(Kind.SESSION, session, reader=bob)
    assert [window.risk_level for window in found.windows] == ["MODERATE", "HIGH"]
    assert found.counts == {"LOW": 1, "MODERATE": 1, "HIGH": 1}
    made = decisions.decide(Kind.SESSION, session, CONFIRMED, reader=bob)
    assert (made.facts["predicted_label"], made.facts["reason"]) == ("HIGH", "HIGH")


def test_the_programs_view_of_the_second_place_is_kept_back(alice: Any, bob: Any) -> None:
    low, moderate, high = put_text(alice, "LOW"), put_text(alice, "MODERATE"), put_text(alice, "HIGH")
    sample(low)
    seen = {}
    for text in (low, moderate, high):
        claims.claim(TEXT, text, reader=bob)
        seen[text] = opened.read(TEXT, text, reader=bob)
    assert (seen[low].item.blind, seen[moderate].item.blind, seen[high].item.blind) == (True, True, False)
    assert seen[low].weighed is seen[moderate].weighed is None
    assert seen[high].weighed is not None


def test_earlier_items_are_shown_in_pages_and_each_look_is_audited(alice: Any, bob: Any, rows: Rows) -> None:
    for number in range(11):
        put_text(alice, "LOW", minutes_ago=100 + number, words=f"An older text, number {number}.")
    session = put_session(alice, "LOW", minutes_ago=50)
    put_text(make_user("carol@example.org"), words="A stranger's own words.")
    text = put_text(alice)
    refused("not_claimed", opened.earlier, TEXT, text, reader=bob)
    claims.claim(TEXT, text, reader=bob)
    first = opened.earlier(TEXT, text, reader=bob)
    rest = opened.earlier(TEXT, text, reader=bob, cursor=first.next_cursor)
    found = first.items + rest.items
    assert (len(first.items), len(found), rest.next_cursor) == (10, 12, None)
    assert (found[0].id, found[-1].text) == (session, "An older text, number 10.")
    assert text not in [each.id for each in found]
    viewed = rows("SELECT metadata FROM audit_logs WHERE action IN ('analysis:viewed', 'video_session:viewed')")
    assert len(viewed) == 12
    assert all(row["metadata"] == {"reason": "review_earlier", "subject_id": str(alice.id)} for row in viewed)


def test_the_audit_holds_no_word_of_the_text(alice: Any, bob: Any, rows: Rows) -> None:
    text = put_text(alice)
    claims.claim(TEXT, text, reader=bob)
    opened.read(TEXT, text, reader=bob)
    decisions.decide(TEXT, text, CONFIRMED, reader=bob)
    assert WORDS[:20] not in str(rows("SELECT metadata FROM audit_logs"))
    assert "alice" not in str(rows("SELECT metadata FROM audit_logs"))


@pytest.mark.parametrize("bad", ["x" * 2001, "a\x00b", "half \ud800 of one"])
def test_a_note_that_cannot_be_kept_is_refused(bad: str) -> None:
    with pytest.raises(ValueError):
        decisions.clean_note(bad)


def test_a_note_is_trimmed_and_composed() -> None:
    assert decisions.clean_note("  cafe\u0301\r\nat noon \n") == "caf\u00e9\nat noon"
    assert len(decisions.clean_note("😀" * 2000)) == 2000


def _at_once(app: Flask, readers: list[Any], act: Callable[[Any], object]) -> list[object]:
    """Each reader acts in a thread of its own, all released together."""
    gate, answers = threading.Barrier(len(readers)), []

    def work(reader: Any) -> None:
        with app.app_context():
            gate.wait()
            try:
                answers.append(act(reader))
            except Conflict as refusal:
                answers.append(refusal.code)
            finally:
                db.session.remove()

    threads = [threading.Thread(target=work, args=(reader,)) for reader in readers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def _twenty() -> list[Any]:
    return [principal(make_user(f"reader{n}@example.org", ("CLINICIAN",))) for n in range(20)]


def test_twenty_readers_at_once_get_twenty_items(make_app: Any, clean: None, rows: Rows) -> None:
    app = make_app(database_pool=25, database_connect_seconds=30)
    with app.app_context():
        person = make_user()
        texts = {put_text(person, "HIGH" if n % 2 else "MODERATE", minutes_ago=n + 1) for n in range(15)}
        sessions = {put_session(person, "HIGH", minutes_ago=n + 1) for n in range(5)}
        found = _at_once(app, _twenty(), lambda reader: claims.claim_next(reader=reader))
        assert {item for _, item in found} == texts | sessions  # type: ignore[misc]
        assert len(rows("SELECT 1 FROM audit_logs WHERE action = 'review:claimed'")) == 20
        db.session.remove()


def test_one_item_wanted_by_twenty_goes_to_one(make_app: Any, clean: None) -> None:
    app = make_app(database_pool=25, database_connect_seconds=30)
    with app.app_context():
        text: UUID = put_text(make_user())
        readers = _twenty()
        answers = _at_once(app, readers, lambda reader: claims.claim(TEXT, text, reader=reader))
        assert sorted(map(str, answers)) == ["None"] + ["claimed"] * 19
        (holder,) = [each for each in readers if standing(TEXT, text, reader=UUID(int=0)).holder == each.id]
        ten = [holder] * 10
        answers = _at_once(app, ten, lambda reader: decisions.decide(TEXT, text, CONFIRMED, reader=reader))
        assert answers.count("already_decided") == 9
        db.session.remove()


def test_asking_for_the_next_goes_on_with_what_is_open(alice: Any, bob: Any, dora: Any) -> None:
    old, young = put_text(alice, minutes_ago=9), put_text(alice, minutes_ago=8)
    assert claims.claim_next(reader=bob) == (TEXT, old)
    assert claims.claim_next(reader=dora) == (TEXT, young)
    assert claims.claim_next(reader=bob) == (TEXT, old)
    claims.release(TEXT, young, reader=dora)
    decisions.decide(TEXT, old, CONFIRMED, reader=bob)
    assert claims.claim_next(reader=bob) == (TEXT, young)
