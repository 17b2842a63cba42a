"""What holds for every figure of the catalogue: its header, its SQL as shown, its answer to an empty period."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from flask import Flask
from sqlalchemy import make_url

from quietus.analytics import catalogue, service
from quietus.analytics.catalogue import FIGURES, BadFigure, Figure
from quietus.analytics.parameters import PARAMETERS
from quietus.analytics.small_cells import PEOPLE
from quietus.core.config import Settings
from quietus.demo_data import fill
from tests.analytics.conftest import Ask, Rows

END = datetime(2026, 3, 1, tzinfo=UTC)
EVERY = pytest.mark.parametrize("name", sorted(FIGURES))


def given(figure: Figure, person: UUID | None = None) -> dict[str, str]:
    """A year of everything; of this person, where the figure is about one."""
    period = {"from": "2025-03-01T00:00:00Z", "to": "2026-03-01T00:00:00Z", "tz": "Europe/Berlin"}
    return period | ({"subject_id": str(person or UUID(int=1))} if figure.required else {})


@pytest.fixture
def filled(app: Flask, test_settings: Settings) -> Iterator[Any]:
    """A plain connection to the database with some thousand made-up rows."""
    owner = make_url(test_settings.migration_database_url.get_secret_value()).set(drivername="postgresql")
    url = owner.render_as_string(hide_password=False)
    fill(url, events=6000, end=END)
    with psycopg.connect(url) as connection:
        yield connection


@EVERY
def test_the_header_names_what_the_statement_takes_and_gives(name: str, app: Flask, ask: Ask) -> None:
    figure = FIGURES[name]
    named = set(re.findall(r"%\((\w+)\)s", figure.sql))
    assert named - {PEOPLE} <= set(figure.parameters) <= set(PARAMETERS)
    assert set(figure.parameters) - named <= {"tz"}, "a parameter that changes nothing"
    assert (PEOPLE in named) == (PEOPLE in figure.columns)
    assert set(figure.keys) <= set(figure.columns)
    assert figure.title and figure.question.endswith("?") and figure.reading.endswith(".")
    assert "--" not in figure.title
    answer = ask(name, **{f"{key}_": value for key, value in given(figure).items()})
    assert answer.columns == tuple(figure.columns)


def test_every_shown_statement_gives_the_same_rows_in_a_plain_connection(filled: Any, ask: Ask) -> None:
    person = filled.execute(
        "SELECT user_id FROM analysis_records GROUP BY 1 ORDER BY count(*) DESC LIMIT 1"
    ).fetchone()[0]
    for name, figure in FIGURES.items():
        for roles in (("ADMIN",), ("ANALYST",)) if PEOPLE in figure.columns else (("ADMIN",),):
            raw = given(figure, person)
            answer = ask(name, roles=roles, **{f"{key}_": value for key, value in raw.items()})
            cursor = filled.execute(answer.query.psql)
            assert [column.name for column in cursor.description] == list(answer.columns), name
            rows = cursor.fetchall()
            assert rows == answer.rows, name
            assert answer.query.row_count == len(rows) > 0, name
            assert any(row[place] for row in rows for place, key in enumerate(answer.columns) if key not in figure.keys)


@EVERY
def test_an_empty_period_answers_with_zeros_and_a_sentence(name: str, ask: Ask) -> None:
    answer = ask(name, **{f"{key}_": value for key, value in given(FIGURES[name]).items()})
    assert answer.note == service.NOTHING
    numbers = [place for place, key in enumerate(answer.columns) if key not in FIGURES[name].keys]
    assert not any(row[place] for row in answer.rows for place in numbers)


@pytest.mark.parametrize("name", [name for name in FIGURES if name.startswith("text_") or name == "latency"])
def test_what_waits_or_failed_enters_no_figure_of_texts(name: str, put: Rows, ask: Ask) -> None:
    alice = put.person()
    for label in ("PENDING", "FAILED"):
        put.text(alice, "2025-06-01 12:00", label)
    answer = ask(name, **{f"{key}_": value for key, value in given(FIGURES[name]).items()})
    assert answer.note == service.NOTHING


@EVERY
def test_no_row_holds_a_name_an_address_or_a_text(name: str) -> None:
    assert not re.search(r"\b(email|full_name|password_hash)\b", FIGURES[name].sql)
    assert FIGURES[name].sql.count("input_text") == FIGURES[name].sql.count("char_length(r.input_text)")


@EVERY
def test_every_figure_reads_the_period_half_open(name: str) -> None:
    sql = FIGURES[name].sql
    assert "<= %(to)s" not in sql
    assert "BETWEEN" not in sql


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("-- title: A\n-- question: B?\nSELECT 1", "lacks"),
        ("-- title A\nSELECT 1", "cannot read"),
        ("-- owner: me\nSELECT 1", "cannot read"),
        ("-- title: A\n-- question: B?\n-- parameters:\n-- keys:\n-- chart: pie\n-- column n: N [x]\nSELECT 1", "draw"),
        ("-- title: A\n-- question: B?\n-- parameters:\n-- keys:\n-- chart: table\n-- column n: N\nSELECT 1", "unit"),
    ],
)
def test_a_header_that_says_too_little_is_refused(tmp_path: Path, text: str, problem: str) -> None:
    (tmp_path / "figure.sql").write_text(text)
    with pytest.raises(BadFigure, match=problem):
        catalogue.read(tmp_path / "figure.sql")
