"""The pages of the queue work as forms, show nothing too early and lose nothing that was written."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from quietus.core.config import EscalationStep
from quietus.core.languages import COOKIE
from tests.analysis.conftest import Caller
from tests.review.conftest import WORDS, later, put_session, put_text, sample

Rows = Callable[..., list[dict[str, Any]]]
FOUND = {"outcome": "CONFIRMED", "human_label": "HIGH", "action": "NONE", "note": "A note of mine."}


@pytest.fixture
def bob(reviewer: Callable[..., Caller]) -> Caller:
    return reviewer()


@pytest.fixture
def dora(reviewer: Callable[..., Caller]) -> Caller:
    return reviewer("dora@example.org")


def at(item: object, act: str = "", kind: str = "analysis") -> str:
    return f"/review/{kind}/{item}" + (f"/{act}" if act else "")


def test_an_empty_queue_is_a_kind_page(bob: Caller) -> None:
    page = bob.get("/review").text
    assert "Nothing waits for you" in page
    assert bob.form("/review/next").location == "/review"


def test_the_queue_hides_texts_people_and_the_sample(alice: Any, bob: Caller) -> None:
    put_text(alice)
    low, moderate = put_text(alice, "LOW", minutes_ago=9), put_text(alice, "MODERATE", minutes_ago=9)
    sample(low)
    page = bob.get("/review").text
    for private in (WORDS[:10], "alice", "Alice", str(alice.id), "Low priority"):
        assert private not in page
    shapes = [re.search(rf"<tr(?:(?!</tr>).)*{item}.*?</tr>", page, re.S) for item in (low, moderate)]
    ids_and_times = rf"{low}|{moderate}|<time.*?</time>|csrf_token\S+ value=\S+"
    assert len({re.sub(ids_and_times, "", shape[0]) for shape in shapes if shape}) == 1


def test_the_queue_and_an_item_speak_german(alice: Any, bob: Caller) -> None:
    text = put_text(alice, minutes_ago=125)
    bob.client.set_cookie(COOKIE, "de")
    page = bob.get("/review").text
    assert "am längsten: 2 Stunden" in page
    assert 'Öffnen<span class="visually-hidden">: ein Text, Wartezeit: 2 Stunden</span>' in page
    assert "Wartezeit: 2 Stunden. Bei dir offen bis" in bob.get(bob.form(at(text, "open")).location).text
    assert "Bitte wähle eines." in bob.form(at(text, "decision"), human_label="", action="NONE", note="").text


def test_from_next_to_decided_and_undone(alice: Any, bob: Caller, rows: Rows) -> None:
    text = put_text(alice)
    opened = bob.form("/review/next")
    assert (opened.status_code, opened.location) == (303, at(text))
    page = bob.get(opened.location).text
    assert WORDS in page
    assert "alice@example.org" in page
    decided = bob.form(at(text, "decision"), **FOUND)
    assert (decided.status_code, decided.location) == (303, at(text))
    page = bob.get(decided.location).text
    assert "Your decision" in page
    assert WORDS not in page
    assert bob.form(at(text, "decision"), **FOUND).status_code == 303, "a second click is no fault"
    bob.form(at(text, "undo"))
    assert WORDS in bob.get(at(text)).text
    assert len(rows("SELECT 1 FROM audit_logs WHERE action = 'review:decided'")) == 1


def test_the_words_that_weighed_are_marked_where_the_version_is_in_place(bob: Caller, alice: Any) -> None:
    from quietus.analysis import accepting, recording
    from quietus.textmodel import load
    from tests.factories import principal

    words = "I feel worthless today. I do not want to live any more and I have decided to end it."
    record = accepting.accept(accepting.Submission(words), actor=principal(alice)).record
    recording.record_pending(load("local"))
    assert bob.form("/review/next").location == at(record.id)
    page = bob.get(at(record.id)).text
    assert 'class="weigh-up"' in page
    assert "A fixed rule about one phrase raised the priority." in page


def test_a_text_of_the_second_place_shows_the_program_only_afterwards(alice: Any, bob: Caller) -> None:
    text = put_text(alice, "LOW")
    sample(text)
    bob.form(at(text, "open"))
    before = bob.get(at(text)).text
    for told in ("Low priority", "81&nbsp;%", "test-1", "weigh-"):
        assert told not in before
    bob.form(at(text, "decision"), **FOUND)
    after = bob.get(at(text)).text
    assert "daily random sample" in after
    assert "Low priority" in after


def test_nothing_is_shown_without_opening(alice: Any, bob: Caller, dora: Caller, rows: Rows) -> None:
    text = put_text(alice)
    page = bob.get(at(text)).text
    assert "It waits for a reader" in page
    assert WORDS not in page
    assert not rows("SELECT 1 FROM audit_logs WHERE action = 'analysis:viewed'")
    bob.form(at(text, "open"))
    dora.form(at(text, "open"))
    page = dora.get(at(text)).text
    assert "Somebody else has this open" in page
    assert WORDS not in page
    assert dora.get(at(text, "earlier")).status_code == 303


def test_a_late_decision_is_given_back_with_the_item(alice: Any, bob: Caller, rows: Rows) -> None:
    text = put_text(alice)
    bob.form(at(text, "open"))
    with later(minutes=20):
        answer = bob.form(at(text, "decision"), **FOUND)
        assert answer.status_code == 409
        for kept in (WORDS, "A note of mine.", "Not kept yet"):
            assert kept in answer.text
        assert bob.form(at(text, "decision"), **FOUND).status_code == 303
    assert len(rows("SELECT 1 FROM audit_logs WHERE action = 'review:decided'")) == 1


def test_a_decision_after_somebody_else_came_keeps_the_note(alice: Any, bob: Caller, dora: Caller) -> None:
    text = put_text(alice)
    bob.form(at(text, "open"))
    with later(minutes=20):
        dora.form(at(text, "open"))
        answer = bob.form(at(text, "decision"), **FOUND)
    assert answer.status_code == 409
    assert "A note of mine." in answer.text
    assert WORDS not in answer.text


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"outcome": ""}, "Please choose one."),
        ({"outcome": "SAFE"}, "Not a valid choice"),
        ({"human_label": "PENDING"}, "Not a valid choice"),
        ({"action": "X"}, "Not a valid choice"),
        ({"note": "x" * 2001}, "at most 2000"),
        ({"note": "a\x00b"}, "NUL"),
    ],
)
def test_a_form_that_cannot_be_kept_is_given_back(
    alice: Any, bob: Caller, rows: Rows, change: dict[str, str], told: str
) -> None:
    text = put_text(alice)
    bob.form(at(text, "open"))
    answer = bob.form(at(text, "decision"), **{**FOUND, **change})
    assert answer.status_code == 422
    assert told in answer.text
    assert WORDS in answer.text
    assert not rows("SELECT 1 FROM audit_logs WHERE action = 'review:decided'")


def test_a_second_reader_sees_neither_a_third_nor_the_first(alice: Any, bob: Caller, dora: Caller) -> None:
    text = put_text(alice)
    bob.form(at(text, "open"))
    bob.form(at(text, "decision"), **{**FOUND, "outcome": "NEEDS_SECOND_READER"})
    assert "stays hidden until the second reader" in bob.get(at(text)).text
    dora.form(at(text, "open"))
    page = dora.get(at(text)).text
    assert "Second reading" in page
    assert "A note of mine." not in page
    assert "NEEDS_SECOND_READER" not in page
    assert dora.form(at(text, "decision"), **{**FOUND, "outcome": "NEEDS_SECOND_READER"}).status_code == 422


def test_a_session_shows_its_windows(alice: Any, bob: Caller) -> None:
    session = put_session(alice, "LOW", "HIGH", "MODERATE")
    bob.form(at(session, "open", "session"))
    page = bob.get(at(session, kind="session")).text
    for shown in ("1 high, 1 moderate, 1 low.", "gaze away 0.2", "High priority", "Data quality"):
        assert shown in page


def test_markup_of_a_person_stays_text(alice: Any, bob: Caller) -> None:
    text = put_text(alice, words="<script>alert(1)</script> & <b>bold</b>")
    older = put_text(alice, minutes_ago=99, words="<i>older</i>")
    bob.form(at(text, "open"))
    assert "&lt;script&gt;alert(1)" in bob.get(at(text)).text
    page = bob.get(at(text, "earlier")).text
    assert "&lt;i&gt;older" in page
    assert str(older) not in page


def test_renewing_says_until_when_and_a_foreign_item_is_refused(alice: Any, bob: Caller, dora: Caller) -> None:
    text = put_text(alice)
    bob.form(at(text, "open"))
    assert re.fullmatch(r"20\d\d-.*Z", bob.form(at(text, "renew")).text)
    assert dora.form(at(text, "renew")).status_code == 409


def test_damaged_links_show_the_first_page(alice: Any, bob: Caller) -> None:
    assert bob.get("/review?cursor=garbage").location == "/review"
    text = put_text(alice)
    bob.form(at(text, "open"))
    assert bob.get(at(text, "earlier") + "?cursor=garbage").location == at(text, "earlier")


def test_giving_back_twice_is_no_fault(alice: Any, bob: Caller) -> None:
    text = put_text(alice)
    bob.form(at(text, "open"))
    for _ in range(2):
        assert bob.form(at(text, "release")).location == "/review"


def test_pages_say_whether_people_are_told(make_app: Any, bob: Caller, alice: Any) -> None:
    assert "Nobody is called or told because of what a page here shows." in bob.get("/").text
    told = make_app(escalation=[EscalationStep(after_minutes=0, urls=["json://127.0.0.1:9/"])])
    page = told.test_client().get("/").text
    assert "the people who review are told that it waits" in page
    assert "Nobody is called or told" not in page


def test_an_open_queue_is_told_only_what_has_changed(alice: Any, bob: Caller) -> None:
    assert bob.get("/review/waiting?seen=0-0&now=0-0").status_code == 204
    put_text(alice)
    told = bob.get("/review/waiting?seen=0-0&now=0-0").text
    assert 'data-state="1-0"' in told
    assert "The queue has changed since you opened this page" in told
    assert "The queue has changed" not in bob.get("/review").text
