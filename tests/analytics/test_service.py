"""Who may ask what, what is written down about it, and what happens when a figure cannot be counted."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from quietus.analytics import service, small_cells
from quietus.analytics.catalogue import FIGURES
from quietus.analytics.reading import snapshot
from quietus.core.errors import Invalid, NotFound, Unavailable
from quietus.core.extensions import db
from tests.analytics.conftest import Ask, Rows, at, table
from tests.factories import make_user, principal

DAY = {"from_": "2026-03-02", "to": "2026-03-02"}
NOON = "2026-03-02 12:00"
FOR_AUDIT = {"access_review"}
FOR_READERS_OF_TEXT = {"person_file"}


@pytest.mark.parametrize(
    ("role", "hidden"),
    [
        ("USER", set(FIGURES)),
        ("SERVICE", set(FIGURES)),
        ("ANALYST", FOR_AUDIT | FOR_READERS_OF_TEXT),
        ("CLINICIAN", FOR_AUDIT),
        ("AUDITOR", set()),
        ("ADMIN", set()),
    ],
)
def test_each_role_sees_its_figures_and_no_others(ask: Ask, app: Flask, role: str, hidden: set[str]) -> None:
    user = principal(make_user("bob@example.org", (role,)))
    assert {figure.name for figure in service.figures_for(user)} == set(FIGURES) - hidden
    for name in hidden:
        with pytest.raises(NotFound):
            service.answer(name, {}, for_user=user)


def test_a_token_for_reports_may_ask_ordinary_figures_only(app: Flask) -> None:
    admin = make_user("root@example.org", ("ADMIN",))
    for scope, sees in (("reports", True), ("analytics", True), ("audit", False), ("me", False)):
        found = {figure.name for figure in service.figures_for(principal(admin, frozenset({scope})))}
        assert ("overview" in found) is sees, scope
        assert ("access_review" in found) is (scope == "audit"), scope


def test_reading_one_person_s_file_is_audited(put: Rows, ask: Ask, rows: Any) -> None:
    alice = put.person()
    ask("person_file", subject_id=str(alice))
    (row,) = rows("SELECT action, resource_type, resource_id, metadata FROM audit_logs WHERE user_id IS NOT NULL")
    assert row["action"] == "subject:viewed"
    assert (row["resource_type"], row["resource_id"]) == ("user", str(alice))
    assert row["metadata"] == {"figure": "person_file", "subject_id": str(alice)}
    assert ask("access_review").rows[0][1] == "subject:viewed"


def test_ordinary_figures_leave_no_trace(ask: Ask, rows: Any) -> None:
    ask("overview")
    assert rows("SELECT 1 FROM audit_logs") == []


def test_nothing_can_be_written_while_figures_are_read(app: Flask) -> None:
    with snapshot() as cursor, pytest.raises(Exception, match="read-only"):
        cursor.execute("DELETE FROM users")
    with snapshot() as cursor:
        cursor.execute("SHOW transaction_isolation")
        assert cursor.fetchone() == ("repeatable read",)


def test_the_connection_goes_back_as_it_was(app: Flask) -> None:
    with snapshot() as cursor:
        cursor.execute("SELECT 1")
    db.session.execute(text("CREATE TEMPORARY TABLE kept (n int) ON COMMIT DROP"))
    assert db.session.scalar(text("SHOW transaction_isolation")) == "read committed"


def test_a_figure_that_takes_too_long_is_said_to_be_away(
    make_app: Callable[..., Flask], clean: None, monkeypatch: Any
) -> None:
    hurried = make_app(statement_seconds=1)
    figure = FIGURES["overview"]
    slow = type(figure)(**{**{f: getattr(figure, f) for f in figure.__slots__}, "sql": "SELECT pg_sleep(5)"})
    monkeypatch.setitem(FIGURES, "overview", slow)
    with hurried.app_context():
        user = principal(make_user("root@example.org", ("ADMIN",)))
        with pytest.raises(Unavailable, match="unavailable") as caught:
            service.answer("overview", service.read_params("overview", {}), for_user=user)
        assert "shorter period" in caught.value.detail
        db.session.remove()


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        ({"from": "soon"}, "from"),
        ({"from": "2026-02-30"}, "from"),
        ({"from": "0001-01-01"}, "from"),
        ({"to": "9999-12-31"}, "to"),
        ({"to": "2026-03-01T00:00:00"}, "to"),  # no zone
        ({"from": "2026-03-02", "to": "2026-03-01"}, "from"),
        ({"from": "9" * 90}, "from"),
        ({"from": "2026-03-01\x00"}, "from"),
        ({"tz": "Mars/Olympus"}, "tz"),
        ({"tz": "../../etc/passwd"}, "tz"),
        ({"tz": "localtime"}, "tz"),
        ({"granularity": "second"}, "granularity"),
        ({"from": "2016-01-01", "to": "2025-12-31", "granularity": "hour"}, "granularity"),
        ({"from": "1970-01-01", "to": "2900-12-31"}, "granularity"),
        ({"predicted_label": "PENDING"}, "predicted_label"),
        ({"source": "web_form"}, "source"),
        ({"model_version": "x" * 65}, "model_version"),
        ({"model_version": "two words"}, "model_version"),
        ({"model_version": "\ud800"}, "model_version"),
        ({"risk_level": "HIGH"}, "risk_level"),  # a filter of other figures
        ({"people": "1"}, "people"),
    ],
)
def test_parameters_that_cannot_be_are_refused_by_name(raw: dict[str, str], field: str) -> None:
    with pytest.raises(Invalid) as caught:
        service.read_params("text_trend", raw)
    assert list(caught.value.errors or {}) == [field]


def test_the_last_thirty_days_are_the_default(monkeypatch: Any) -> None:
    monkeypatch.setattr("quietus.core.clock.now", lambda: at("2026-03-29 22:30"))  # already the 30th in Berlin
    found = service.read_params("text_trend", {"tz": "Europe/Berlin"})
    assert (found["from"], found["to"]) == (at("2026-02-28 23:00"), at("2026-03-29 22:30"))
    assert found["granularity"] == "day"


def test_a_day_counts_to_its_end_and_a_time_does_not(monkeypatch: Any) -> None:
    found = service.read_params("overview", {"from": "2026-03-29", "to": "2026-03-29", "tz": "Europe/Berlin"})
    assert (found["from"], found["to"]) == (at("2026-03-28 23:00"), at("2026-03-29 22:00"))
    exact = service.read_params("overview", {"from": "2026-03-01T00:00:00Z", "to": "2026-03-02T00:00:00 02:00"})
    assert exact["to"] == at("2026-03-01 22:00"), "a + that an address lost"


@pytest.mark.parametrize("name", ["UTC", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu", "America/Sao_Paulo"])
def test_the_database_knows_the_zones(ask: Ask, name: str) -> None:
    for figure in ("text_trend", "text_heat_map"):
        assert ask(figure, from_="2018-11-01", to="2018-11-07", tz=name).rows


def narrowed(ask: Ask, **more: str) -> list[dict[str, Any]]:
    return table(ask("text_distribution", ("ANALYST",), **DAY, **more))


def test_numbers_of_few_people_are_hidden_where_an_analyst_narrows(put: Rows, ask: Ask) -> None:
    people = [put.person() for _ in range(6)]
    for person in people:
        put.text(person, NOON, "LOW")
        put.text(person, NOON, "MODERATE")
    for _ in range(9):  # many texts, one person
        put.text(people[0], NOON, "HIGH")
    assert [row["counted"] for row in narrowed(ask)] == [6, 6, 9]
    low, moderate, high = narrowed(ask, source="API")
    assert (high["predicted_label"], high["counted"], high["share"], high["people"]) == ("HIGH", None, None, None)
    # with one row alone hidden the total would tell it: another goes with it
    assert sorted([low["counted"] or 0, moderate["counted"] or 0]) == [0, 6]
    note = ask("text_distribution", ("ANALYST",), **DAY, source="API").note
    assert "2 rows are hidden" in note


@pytest.mark.parametrize("role", ["CLINICIAN", "AUDITOR", "ADMIN"])
def test_nothing_is_hidden_from_those_who_may_read_more(put: Rows, ask: Ask, role: str) -> None:
    put.text(put.person(), NOON, "HIGH")
    assert ask("text_distribution", (role,), **DAY, source="API").rows[2][1] == 1


def test_less_than_a_day_counts_as_narrowed(put: Rows, ask: Ask) -> None:
    put.text(put.person(), NOON, "HIGH")
    hour = {"from_": "2026-03-02T12:00:00Z", "to": "2026-03-02T13:00:00Z"}
    assert ask("text_distribution", ("ANALYST",), **hour).rows[2][1] is None
    assert ask("text_distribution", ("ANALYST",), **DAY).rows[2][1] == 1


@pytest.mark.parametrize("name", [n for n, f in FIGURES.items() if small_cells.PEOPLE in f.columns])
def test_no_figure_tells_an_analyst_of_one_person(put: Rows, ask: Ask, name: str) -> None:
    """One person alone, in every table; narrowed by a filter of each figure, no number of theirs may show."""
    alice = put.person()
    for moment in (NOON, "2026-03-01 12:00"):
        item = put.text(alice, moment, "HIGH")
        put.window(put.session(alice, moment), moment, "HIGH", signals='{"movement": 0.5}')
    for reading in (1, 2):
        put.decision(item, "HIGH", reading=reading, subject_id=str(alice))
    every = {"source": "API", "client_platform": "WEB", "resource_type": "analysis", "model_version": "m1"}
    if name.startswith(("video", "signals")):
        every["model_version"] = "v1"
    chosen = {key: value for key, value in every.items() if key in FIGURES[name].parameters}
    assert chosen, "a figure that cannot be narrowed needs no count of people"
    assert any(_numbers(name, ask(name, ("ADMIN",), **DAY, **chosen)))
    assert not any(_numbers(name, ask(name, ("ANALYST",), **DAY, **chosen)))


def _numbers(name: str, answer: service.Answer) -> list[Any]:
    places = [place for place, key in enumerate(answer.columns) if key not in FIGURES[name].keys]
    return [row[place] for row in answer.rows for place in places]
