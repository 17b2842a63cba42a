"""The generator makes what tables and figures expect, the same for the same seed, and never beside real rows."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import make_url

from quietus.core.config import Settings
from quietus.demo_data import NotEmpty, fill
from quietus.review import queue
from tests.factories import make_user, principal

END = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def url(app: Flask, test_settings: Settings) -> str:
    owner = make_url(test_settings.migration_database_url.get_secret_value())
    return owner.set(drivername="postgresql").render_as_string(hide_password=False)


def test_it_makes_as_many_rows_as_it_says(url: str, rows: Any) -> None:
    made = fill(url, events=3000, end=END)
    (counts,) = rows(
        "SELECT (SELECT count(*) FROM analysis_records) AS texts, (SELECT count(*) FROM video_sessions) AS sessions, "
        "(SELECT count(*) FROM video_analysis_events) AS events, (SELECT count(*) FROM audit_logs) AS audit, "
        "(SELECT count(*) FROM users) AS people"
    )
    assert counts == {name: getattr(made, name) for name in counts}
    assert (made.texts, made.events) == (600, 3000)
    (late,) = rows("SELECT max(event_at) < :end AND max(analyzed_at) < :end AS over FROM video_analysis_events, "
                   "analysis_records", end=END)  # fmt: skip
    assert late["over"]


def test_nothing_happened_later_than_now_and_nobody_waits_for_long_on_a_tended_desk(url: str, rows: Any) -> None:
    bob = principal(make_user("bob@example.org", ("CLINICIAN",)))
    fill(url, events=20_000, end=END, waiting_days=2)
    (late,) = rows("SELECT count(*) FROM audit_logs WHERE created_at > :end + interval '2 minutes'", end=END)
    assert late["count"] <= 1, "bob's own sign-up"
    _, waiting = queue.overview(reader=bob)
    since = [it for it in (waiting.first_since, waiting.next_since) if it]
    assert since
    assert min(since) > END - timedelta(days=6)


def test_nobody_made_up_can_sign_in(url: str, client: Any) -> None:
    fill(url, events=100, end=END)
    token = client.get("/api/v1/auth/csrf").json["csrf_token"]
    body = {"email": "person-000000@demo.example.org", "password": "!"}
    answer = client.post("/api/v1/auth/login", json=body, headers={"X-CSRFToken": token})
    assert answer.status_code == 401


def test_it_refuses_a_database_with_people_s_texts(url: str, put: Any) -> None:
    put.text(put.person(), "2026-01-01")
    with pytest.raises(NotEmpty):
        fill(url, events=100, end=END)


def test_the_first_admin_does_not_stand_in_its_way(url: str) -> None:
    make_user("admin@localhost", ("ADMIN",))
    assert fill(url, events=100, end=END).events == 100


def test_the_same_seed_makes_the_same_rows(url: str, rows: Any, clean_again: Any) -> None:
    whole = "md5(string_agg(id::text || risk_level || signals::text, ',' ORDER BY id))"
    digest = f"SELECT {whole} AS md5 FROM video_analysis_events"
    found = []
    for seed in (1, 1, 2):
        fill(url, events=500, end=END, seed=seed)
        found.append(rows(digest)[0]["md5"])
        clean_again()
    assert found[0] == found[1] != found[2]


def test_indexes_and_foreign_keys_are_as_they_were(url: str, rows: Any) -> None:
    indexes = "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1"
    keys = "SELECT conname, pg_get_constraintdef(oid) AS said, convalidated FROM pg_constraint ORDER BY 1, 2"
    before = rows(indexes), rows(keys)
    fill(url, events=100, end=END)
    assert (rows(indexes), rows(keys)) == before
