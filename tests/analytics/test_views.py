"""The dashboard and each figure's page: complete without JavaScript, calm when something is wrong or missing."""

import csv
import io
import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_babel import force_locale

from quietus.analytics import panels
from quietus.analytics.catalogue import FIGURES
from quietus.analytics.showing import cell
from quietus.core.errors import Unavailable
from quietus.core.languages import COOKIE
from tests.analytics.conftest import Rows
from tests.factories import make_user, sign_in


@pytest.fixture
def analyst(client: FlaskClient) -> FlaskClient:
    make_user("ana@example.org", ("ANALYST",))
    sign_in(client, "ana@example.org")
    return client


@pytest.fixture
def auditor(client: FlaskClient) -> FlaskClient:
    make_user("audrey@example.org", ("AUDITOR",))
    sign_in(client, "audrey@example.org")
    return client


def test_the_dashboard_holds_its_figures_each_with_table_and_sql(analyst: FlaskClient, put: Rows) -> None:
    put.text(put.person(), "2026-03-02 12:00", "HIGH")
    page = analyst.get("/dashboard?from=2026-03-01&to=2026-03-03").text
    assert re.findall(r'data-figure="(\w+)"', page) == list(panels.DASHBOARD)
    assert page.count("<textarea") == len(panels.DASHBOARD)
    assert "From 1 Mar 2026, 00:00 up to 4 Mar 2026, 00:00 (UTC)." in page
    assert page.index("</html>") > page.index("Every figure")


def test_it_is_sent_piece_by_piece(analyst: FlaskClient) -> None:
    pieces = list(analyst.get("/dashboard").response)
    assert 5 < len(pieces) < 200


def test_an_empty_desk_says_so_instead_of_drawing_nothing(analyst: FlaskClient) -> None:
    page = analyst.get("/dashboard").text
    assert page.count("Nothing was counted in this period.") == len(panels.DASHBOARD)
    assert "data-chart" not in page


def test_a_figure_that_fails_leaves_the_others_standing(analyst: FlaskClient, monkeypatch: Any) -> None:
    from quietus.analytics import service

    real = service.answer

    def answer(name: str, *args: Any, **named: Any) -> Any:
        if name == "text_trend":
            raise Unavailable(service.TOO_LONG)
        return real(name, *args, **named)

    monkeypatch.setattr(service, "answer", answer)
    page = analyst.get("/dashboard").text
    assert "This figure took too long to count" in page
    assert page.count("<textarea") == len(panels.DASHBOARD) - 1


@pytest.mark.parametrize("name", sorted(set(FIGURES) - {"person_file"}))
def test_every_figure_has_a_page_and_a_csv(auditor: FlaskClient, put: Rows, name: str) -> None:
    put.text(put.person(), "2026-03-02 12:00", "HIGH")
    page = auditor.get(f"/dashboard/{name}?from=2026-03-01&to=2026-03-03")
    assert page.status_code == 200
    assert f"<h1>{FIGURES[name].title}</h1>" in page.text
    answer = auditor.get(f"/dashboard/{name}.csv?from=2026-03-01&to=2026-03-03")
    assert answer.content_type == "text/csv; charset=utf-8"
    rows = list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert rows[0] == list(FIGURES[name].columns)


def test_a_csv_holds_plain_numbers_and_utc(analyst: FlaskClient, put: Rows) -> None:
    put.text(put.person(), "2026-03-02 12:00", "HIGH")
    text = analyst.get("/dashboard/text_trend.csv?from=2026-03-02&to=2026-03-02&tz=Europe/Berlin&granularity=day").text
    assert text.splitlines()[1] == "2026-03-01T23:00:00Z,1,0,0,1,1.0,"


def test_a_wrong_filter_is_said_beside_its_field(analyst: FlaskClient) -> None:
    for path in ("/dashboard", "/dashboard/text_trend"):
        page = analyst.get(f"{path}?tz=Mars/Olympus&source=API")
        assert page.status_code == 422
        assert 'id="tz-problem"' in page.text
        assert '<option value="API" selected>' in page.text, "what was right stays"
        assert "data-figure=" not in page.text


@pytest.mark.parametrize("path", ["/dashboard/text_trend.csv?tz=Mars", "/dashboard/text_trend.csv?from=2026"])
def test_a_wrong_filter_of_a_csv_is_refused(analyst: FlaskClient, path: str) -> None:
    assert analyst.get(path).status_code == 422


def test_filters_that_a_figure_does_not_know_are_named(analyst: FlaskClient) -> None:
    page = analyst.get("/dashboard?source=API").text
    trends = page.split('data-figure="')
    texts = next(part for part in trends if part.startswith("text_trend"))
    windows = next(part for part in trends if part.startswith("video_trend"))
    assert "Not narrowed by" not in texts
    assert "Not narrowed by “Source of texts”" in windows


def test_one_person_s_file_first_asks_for_whom(auditor: FlaskClient, put: Rows, rows: Any) -> None:
    page = auditor.get("/dashboard/person_file")
    assert page.status_code == 200
    assert "Fill in" in page.text
    assert rows("SELECT 1 FROM audit_logs WHERE action = 'subject:viewed'") == []
    assert auditor.get("/dashboard/person_file?subject_id=").status_code == 422
    person = put.person()
    assert auditor.get(f"/dashboard/person_file?subject_id={person}").status_code == 200
    (row,) = rows("SELECT resource_id FROM audit_logs WHERE action = 'subject:viewed'")
    assert row["resource_id"] == str(person)


def test_an_analyst_neither_finds_nor_opens_figures_about_people(analyst: FlaskClient) -> None:
    page = analyst.get("/dashboard").text
    for name in ("person_file", "access_review"):
        assert f"/dashboard/{name}" not in page
        assert analyst.get(f"/dashboard/{name}").status_code == 404
        assert analyst.get(f"/dashboard/{name}.csv").status_code == 404


def test_those_without_the_right_are_kept_out(client: FlaskClient) -> None:
    assert client.get("/dashboard").status_code == 303
    make_user("carol@example.org")
    sign_in(client, "carol@example.org")
    assert client.get("/dashboard").status_code == 403
    assert "/dashboard" not in client.get("/").text


def test_markup_in_a_filter_stays_text(analyst: FlaskClient) -> None:
    page = analyst.get("/dashboard/text_trend", query_string={"model_version": "<script>x</script>"})
    assert page.status_code == 200
    assert "<script>x" not in page.text


def test_odd_addresses_are_answers_not_faults(analyst: FlaskClient) -> None:
    for query in ("from=%00", "from=%ff", "tz=%F0%9F%98%80", "granularity[]=day", "from=1&from=2", "to=" + "9" * 5000):
        for path in ("/dashboard", "/dashboard/text_trend", "/dashboard/text_trend.csv"):
            assert analyst.get(f"{path}?{query}").status_code in (200, 422), (path, query)


def test_a_figure_says_its_words_days_and_numbers_in_german(analyst: FlaskClient, put: Rows) -> None:
    alice = put.person()
    for label in ("HIGH", "LOW", "LOW"):
        put.text(alice, "2026-03-02 12:00", label)
    analyst.set_cookie(COOKIE, "de")
    page = analyst.get("/dashboard/text_trend?from=2026-03-02&to=2026-03-03").text
    assert "<h1>Texte im Lauf der Zeit</h1>" in page
    assert "Vom 2. Mär 2026, 00:00 bis zum 4. Mär 2026, 00:00 (UTC)." in page
    assert 'data-label="Anteil hoher Dringlichkeit"' in page
    assert ">33,3\u00a0%</td>" in page
    assert "Mo 2. Mär, 12:00" in page
    assert "In diesem Zeitraum wurde nichts gezählt." in analyst.get("/dashboard/sessions").text


def test_a_table_of_german_numbers_and_words(app: Flask) -> None:
    with force_locale("de"):
        assert (cell(12345.6, "ms"), cell(0.5, "confidence"), cell(3, "weekday")) == ("12.346", "0,50", "Mi")
        assert (cell("HIGH", "label"), cell("m-1.2,3", "version")) == ("Hohe Dringlichkeit", "m-1.2,3")
    with force_locale("en"):
        assert (cell(12345.6, "ms"), cell(3, "weekday"), cell("HIGH", "label")) == ("12,346", "Wed", "High priority")
