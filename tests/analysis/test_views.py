"""The pages of a person's own texts work as forms, without JavaScript, and show nothing of anyone else."""

import csv
import io
import json
import re
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from quietus.core.languages import COOKIE
from tests.analysis.conftest import CALM, Caller

Rows = Callable[..., list[dict[str, Any]]]


def check_in(person: Caller, words: str = CALM, key: str | None = None) -> Any:
    return person.form("/check-in", text=words, request_id=key or str(uuid4()))


def test_a_check_in_leads_to_its_result_page(alice: Caller, recorded: Callable[..., None]) -> None:
    answer = check_in(alice)
    assert answer.status_code == 303
    waiting = alice.get(answer.location).text
    assert CALM in waiting
    assert re.search(r'<noscript>\s*<meta http-equiv="refresh"', waiting), "it waits without JavaScript too"
    recorded("HIGH")
    ready = alice.get(answer.location).text
    assert 'http-equiv="refresh"' not in ready
    assert "hx-trigger" not in ready
    assert "It is not a score of you" in ready


def test_sending_the_same_form_twice_is_one_check_in(alice: Caller, rows: Rows) -> None:
    page = alice.get("/check-in").text
    key = re.search(r'name="request_id"[^>]*value="([^"]+)"', page)
    assert key
    first, second = check_in(alice, key=key[1]), check_in(alice, key=key[1])
    assert first.location == second.location
    assert len(rows("SELECT 1 FROM analysis_records")) == 1


@pytest.mark.parametrize(
    ("words", "told"), [("", "at least 5"), ("    ab   ", "at least 5"), ("x" * 5001, "at most 5000")]
)
def test_a_text_that_cannot_be_read_is_given_back_with_the_reason(
    alice: Caller, rows: Rows, words: str, told: str
) -> None:
    answer = check_in(alice, words)
    assert answer.status_code == 422
    assert told in answer.text
    assert words.strip() in answer.text, "what was written is still there"
    assert not rows("SELECT 1 FROM analysis_records")


def test_a_check_in_is_answered_in_the_persons_language(alice: Caller, recorded: Callable[..., None]) -> None:
    alice.client.set_cookie(COOKIE, "de")
    assert "Bitte schreib mindestens 5 Zeichen." in check_in(alice, "ab").text
    answer = check_in(alice)
    recorded("HIGH")
    page = alice.get(answer.location).text
    assert "ruf bitte jetzt an" in page
    assert "<strong>90&nbsp;%</strong> sicher" in page
    assert "Keine g\u00fcltige Auswahl" in alice.get("/history?source=elsewhere").text


@pytest.mark.parametrize("fields", [{}, {"text": CALM}, {"text": CALM, "request_id": "x"}, {"text": "a\x00bcdef"}])
def test_a_damaged_form_is_an_answer_not_a_fault(alice: Caller, fields: dict[str, str]) -> None:
    answer = alice.form("/check-in", **fields)
    assert answer.status_code in (303, 422)


def test_markup_in_a_text_stays_text(alice: Caller) -> None:
    words = "<script>alert(1)</script> & <b>bold</b>"
    page = alice.get(check_in(alice, words).location).text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_a_stranger_gets_a_page_that_says_nothing(alice: Caller, carol: Caller) -> None:
    location = check_in(alice).location
    for answer in (carol.get(location), carol.get(f"{location}/state"), carol.form(f"{location}/delete")):
        assert answer.status_code == 404
        assert CALM not in answer.text
    assert CALM not in carol.get("/history").text
    assert CALM not in carol.get("/history.csv").text


def test_signed_out_people_are_asked_to_sign_in_and_come_back(app: Any) -> None:
    answer = app.test_client().get("/history?predicted_label=HIGH")
    assert answer.status_code == 303
    assert answer.location.startswith("/auth/sign-in?next=")
    assert "predicted_label" in answer.location


def test_a_failed_text_can_be_tried_again_from_its_page(
    alice: Caller, recorded: Callable[..., None], rows: Rows
) -> None:
    location = check_in(alice).location
    recorded("FAILED", 0)
    assert f'action="{location}/retry"' in alice.get(location).text
    assert alice.form(f"{location}/retry").status_code == 303
    assert alice.form(f"{location}/retry").status_code == 303, "a second click is no fault"
    assert rows("SELECT predicted_label FROM analysis_records") == [{"predicted_label": "PENDING"}]


def test_deleting_takes_it_out_of_the_history(alice: Caller, rows: Rows) -> None:
    location = check_in(alice).location
    answer = alice.form(f"{location}/delete")
    assert (answer.status_code, answer.location) == (303, "/history")
    assert CALM not in alice.get("/history").text
    assert not rows("SELECT 1 FROM analysis_records")


def test_the_history_narrows_by_its_address(alice: Caller, recorded: Callable[..., None]) -> None:
    check_in(alice, "The first of two texts.")
    recorded("HIGH")
    check_in(alice, "The second of two texts.")
    only_high = alice.get("/history?predicted_label=HIGH").text
    assert "The first of two texts." in only_high
    assert "The second of two texts." not in only_high
    assert "The first of two texts." not in alice.get("/history?to=2001-01-01").text
    assert "The second of two texts." in alice.get("/history?from=2001-01-01&source=WEB_FORM").text


@pytest.mark.parametrize(
    "query", ["from=x", "to=2026-13-01", "from=2026-02-02&to=2026-02-01", "predicted_label=SAFE", "source=%00"]
)
def test_a_filter_that_means_nothing_is_named(alice: Caller, query: str) -> None:
    assert alice.get(f"/history?{query}").status_code == 422
    assert alice.get(f"/history.csv?{query}").status_code == 422


def test_a_damaged_link_to_an_older_page_shows_the_newest(alice: Caller) -> None:
    assert alice.get("/history?cursor=garbage").location == "/history"


def test_the_export_holds_every_record_and_every_column(
    alice: Caller, carol: Caller, recorded: Callable[..., None], rows: Rows
) -> None:
    for number in range(3):
        check_in(alice, f"Text number {number}, with a comma and\na second line.")
    check_in(carol, "This belongs to somebody else.")
    recorded("MODERATE", 0.5)
    columns = list(rows("SELECT * FROM analysis_records LIMIT 1")[0])
    answer = alice.get("/history.csv")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="check-ins.csv"'
    table = list(csv.DictReader(io.StringIO(answer.get_data(as_text=True).lstrip("\ufeff"))))
    assert list(table[0]) == columns
    assert sorted(row["input_text"] for row in table) == [
        f"Text number {n}, with a comma and\na second line." for n in range(3)
    ]
    records = json.loads(alice.get("/history.json").text)
    assert [record["id"] for record in records] == [row["id"] for row in table]
    assert all(record["confidence"] == 0.5 for record in records)
    assert len(rows("SELECT 1 FROM audit_logs WHERE action = 'analyses:exported'")) == 2


@pytest.mark.parametrize("words", ["=1+1 is two", "+49 30 is a prefix", "-5 degrees", "@home today", "\t=1+1 hidden"])
def test_no_cell_of_an_export_runs_as_a_formula(alice: Caller, words: str) -> None:
    check_in(alice, words)
    table = list(csv.DictReader(io.StringIO(alice.get("/history.csv").get_data(as_text=True).lstrip("\ufeff"))))
    assert table[0]["input_text"] == "'" + words.strip()


def test_asking_only_for_the_headers_of_an_export_exports_nothing(alice: Caller, rows: Rows) -> None:
    assert alice.client.head("/history.json").status_code == 200
    assert not rows("SELECT 1 FROM audit_logs WHERE action = 'analyses:exported'")


def test_an_export_is_whole_over_many_pages(alice: Caller) -> None:
    for start in range(0, 1100, 100):
        alice.post("/api/v1/analyses/batch", {"items": [{"text": f"Text number {start + n}."} for n in range(100)]})
    records = json.loads(alice.get("/history.json").text)
    assert len({record["id"] for record in records}) == 1100


def test_an_export_of_nothing_is_still_a_file(alice: Caller) -> None:
    assert len(alice.get("/history.csv").get_data(as_text=True).splitlines()) == 1
    assert json.loads(alice.get("/history.json").text) == []
