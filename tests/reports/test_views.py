"""The pages of reports, without JavaScript: ask, wait, take, run again, delete."""

import io
from collections.abc import Callable
from typing import Any
from uuid import UUID

import openpyxl
import pypdfium2
from flask import Flask

from quietus.core.languages import COOKIE
from quietus.reports import running
from tests.reports.conftest import PERIOD, Caller

Texts = Callable[..., list[UUID]]


def asked(caller: Caller, name: str = "text_distribution", **fields: str) -> str:
    """The address of a report that was asked for by its form."""
    answer = caller.form(f"/reports/new/{name}", **(PERIOD | fields))
    assert answer.status_code == 303, answer.text
    return str(answer.headers["Location"])


def build(path: str) -> None:
    running.run(UUID(path.rpartition("/")[2]), 1)


def test_a_report_by_its_form(bob: Caller, texts: Texts) -> None:
    texts()
    path = asked(bob)
    waiting = bob.get(path).text
    assert "Waiting for its turn" in waiting
    assert 'hx-trigger="every 1s"' in waiting
    assert '<noscript><meta http-equiv="refresh"' in waiting
    build(path)
    ready = bob.get(path).text
    assert "hx-trigger" not in ready
    for kind in ("pdf", "xlsx", "csv", "json"):
        assert f"{path}/download.{kind}" in ready
    assert bob.get(f"{path}/download.csv").data.count(b"\n") == 4
    assert "Texts by priority" in bob.get("/reports").text


def test_the_bar_shows_what_is_done(bob: Caller) -> None:
    from quietus.reports import states

    path = asked(bob)
    report_id = UUID(path.rpartition("/")[2])
    states.write(report_id, states.State("RUNNING", done=3, steps=12, unit="figures"))
    page = bob.get(f"{path}/state").text
    assert '<progress class="report-bar" max="12" value="3"' in page
    assert "3 of 12 figures read" in page


def test_a_form_that_cannot_be_accepted_keeps_what_was_typed(bob: Caller) -> None:
    answer = bob.form("/reports/new/text_distribution", tz="Europe/Atlantis", model_version="v<1>")
    assert answer.status_code == 422
    assert "no such time zone" in answer.text
    assert 'value="Europe/Atlantis"' in answer.text
    assert 'value="v&lt;1&gt;"' in answer.text


def test_it_can_be_cancelled_run_again_and_deleted(bob: Caller, texts: Texts) -> None:
    texts()
    path = asked(bob)
    assert bob.form(f"{path}/delete").status_code == 303
    assert "It was cancelled" in bob.get(path).text
    again = bob.form(f"{path}/again").headers["Location"]
    assert again != path
    build(again)
    assert bob.form(f"{again}/delete").status_code == 303
    assert bob.get(again).status_code == 404


def test_a_result_that_is_gone_says_so(bob: Caller, texts: Texts, app: Flask) -> None:
    texts()
    path = asked(bob)
    build(path)
    app.extensions["broker"].flushdb()
    assert "No longer kept" in bob.get(path).text
    answer = bob.get(f"{path}/download.pdf")
    assert (answer.status_code, answer.headers["Location"]) == (303, path)
    assert "No longer kept" in bob.get("/reports").text


def test_another_persons_report_is_not_there(bob: Caller, carol: Caller) -> None:
    path = asked(bob)
    for way in ("", "/state", "/download.csv"):
        assert carol.get(path + way).status_code == 404
    for way in ("/delete", "/again"):
        assert carol.form(path + way).status_code == 404


def test_a_person_who_reports_nothing_sees_none_of_it(app: Flask) -> None:
    alice = Caller(app, "alice@example.org", "USER")
    for path in (
        "/reports",
        "/reports/new/text_distribution",
        "/reports/summaries",
        "/reports/summaries/daily:2026-11-01",
    ):
        assert alice.get(path).status_code == 403
    assert "/reports" not in alice.get("/history").text


def test_with_the_broker_away_the_catalogue_stands_and_nothing_is_promised(bob: Caller, make_app: Any) -> None:
    asked(bob)
    lonely = make_app(redis_url="redis://127.0.0.1:1/0").test_client()
    for cookie in bob.client._cookies.values():
        lonely.set_cookie(cookie.key, cookie.value)
    page = lonely.get("/reports")
    assert page.status_code == 200
    assert "cannot look after reports right now" in page.text
    answer = lonely.post("/reports/new/text_trend", data={"csrf_token": bob.headers["X-CSRFToken"], **PERIOD})
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]


def test_a_summary_can_be_read_sent_and_muted(bob: Caller, texts: Texts, rows: Any) -> None:
    texts()
    page = bob.get("/reports/summaries/daily:2026-11-02").text
    assert "Monday, 2 November 2026" in page
    assert bob.get("/reports/summaries/daily:2999-01-01").status_code == 404
    assert bob.form("/reports/summaries/send/daily").status_code == 303
    assert bob.form("/reports/summaries/send/hourly").status_code == 404
    for _ in range(2):
        bob.form("/reports/summaries/mails/off")
    assert "No summaries come to your address" in bob.get("/reports/summaries").text
    bob.form("/reports/summaries/mails/on")
    acts = rows("SELECT action FROM audit_logs WHERE action LIKE 'summary:%' ORDER BY id")
    assert [act["action"] for act in acts] == ["summary:muted", "summary:unmuted"]


def test_a_report_speaks_the_language_in_which_it_was_asked_for(bob: Caller, texts: Texts) -> None:
    texts()
    bob.client.set_cookie(COOKIE, "de")
    path = asked(bob)
    assert "Wartet, bis er dran ist" in bob.get(path).text
    bob.client.set_cookie(COOKIE, "en")
    build(path)
    book = openpyxl.load_workbook(io.BytesIO(bob.get(f"{path}/download.xlsx").data))
    assert book.sheetnames == ["Über den Bericht", "1 Texte nach Dringlichkeit"]
    assert [cell.value for cell in book.worksheets[1][1]][:3] == ["Dringlichkeit", "Texte", "Anteil"]
    pages = pypdfium2.PdfDocument(bob.get(f"{path}/download.pdf").data)
    paper = " ".join(page.get_textpage().get_text_bounded() for page in pages)
    for words in ("Daten bis", "Zeitraum", "33,3", "Niedrige Dringlichkeit", "Seite 1 von 2"):
        assert words in paper
