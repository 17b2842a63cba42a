"""Figures over JSON: the catalogue, the answer with its SQL, and refusals that name what is wrong."""

from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient

from quietus.analytics.catalogue import FIGURES
from tests.analytics.conftest import Rows
from tests.factories import make_user, sign_in

As = Callable[[str], FlaskClient]


@pytest.fixture
def signed_in(app: Flask) -> As:
    """A client signed in with this role."""

    def enter(role: str) -> FlaskClient:
        client, email = app.test_client(), f"{role.lower()}@example.org"
        make_user(email, (role,))
        sign_in(client, email)
        return client

    return enter


def test_the_catalogue_says_what_each_figure_takes_and_gives(signed_in: As) -> None:
    items = signed_in("ANALYST").get("/api/v1/analytics").json["items"]
    found = {item["name"]: item for item in items}
    assert set(found) == set(FIGURES) - {"person_file", "access_review"}
    trend = found["text_trend"]
    assert trend["parameters"][:4] == ["from", "to", "tz", "granularity"]
    assert trend["columns"][0] == {"name": "bucket", "words": "Step", "unit": "time"}
    assert trend["question"].endswith("?")


def test_an_answer_can_be_checked_in_psql(signed_in: As, put: Rows, test_settings: Any) -> None:
    put.text(put.person(), "2026-03-02 12:00", "HIGH")
    query = {"from": "2026-03-02", "to": "2026-03-02", "granularity": "day", "tz": "Europe/Berlin"}
    answer = signed_in("ADMIN").get("/api/v1/analytics/text_trend", query_string=query).json
    assert answer["rows"] == [["2026-03-01T23:00:00Z", 1, 0, 0, 1, 1.0, None]]
    assert [column["name"] for column in answer["columns"]] == list(FIGURES["text_trend"].columns)
    assert answer["query"]["sql"] == FIGURES["text_trend"].sql
    assert answer["query"]["params"]["to"] == "2026-03-02T23:00:00Z"
    assert answer["query"]["row_count"] == 1
    assert answer["query"]["elapsed_ms"] > 0
    with psycopg.connect(test_settings.database_url.get_secret_value().replace("+psycopg", "")) as plain:
        (row,) = plain.execute(answer["query"]["psql"]).fetchall()
    assert row[1:] == tuple(answer["rows"][0][1:])


@pytest.mark.parametrize("name", ["nothing", "Overview", "../overview", "person_file%00", "access_review"])
def test_what_there_is_not_for_an_analyst_is_404(signed_in: As, name: str) -> None:
    answer = signed_in("ANALYST").get(f"/api/v1/analytics/{name}")
    assert (answer.status_code, answer.json["code"]) == (404, "not_found")


def test_a_person_sees_no_figures(signed_in: As) -> None:
    person = signed_in("USER")
    assert person.get("/api/v1/analytics").status_code == 403
    assert person.get("/api/v1/analytics/overview").status_code == 403


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("from=soon", "from"),
        ("to=2026-03-01T00:00:00%2B99:00", "to"),
        ("tz=%00", "tz"),
        ("tz=%F0%9F%98%80", "tz"),
        ("source=API%27%3B--", "source"),
        ("model_version=" + "v" * 101, "model_version"),
        ("granularity=hour&from=1990-01-01", "granularity"),
        ("colour=red", "colour"),
        ("subject_id=1", "subject_id"),
        ("risk_level=HIGH", "risk_level"),
    ],
)
def test_a_refusal_names_its_field(signed_in: As, query: str, field: str) -> None:
    answer = signed_in("ADMIN").get(f"/api/v1/analytics/text_trend?{query}")
    assert answer.status_code == 422
    assert list(answer.json["errors"]) == [field]


def test_one_person_s_file_needs_the_person(signed_in: As, put: Rows) -> None:
    auditor = signed_in("AUDITOR")
    assert auditor.get("/api/v1/analytics/person_file").json["errors"] == {"subject_id": ["This figure needs it."]}
    assert auditor.get(f"/api/v1/analytics/person_file?subject_id={put.person()}").status_code == 200


def test_quotes_and_percent_signs_stay_values(signed_in: As) -> None:
    version = "x'%(to)s--%"
    answer = signed_in("ADMIN").get("/api/v1/analytics/text_trend", query_string={"model_version": version})
    assert answer.status_code == 200
    assert "'x''%(to)s--%'" in answer.json["query"]["psql"]
