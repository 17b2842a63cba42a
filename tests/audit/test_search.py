"""Auditors find what anyone did, by page, program and file; nobody else does."""

import base64
import csv
import io
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from quietus.audit import searching
from quietus.core import clock
from tests.factories import make_user, principal, sign_in

API = "/api/v1/audit"
# a cursor whose row has a number that no column can hold
TOO_LARGE = base64.urlsafe_b64encode(b'["2026-01-01T00:00:00+00:00", "99999999999999999999"]').decode().rstrip("=")


@pytest.fixture
def auditor(client: FlaskClient) -> FlaskClient:
    make_user("ada@example.org", ("AUDITOR",))
    sign_in(client, "ada@example.org")
    return client


def ids(answer: Any) -> list[int]:
    assert answer.status_code == 200, answer.text
    return [item["id"] for item in answer.json["items"]]


def test_it_finds_by_actor_action_resource_and_time(auditor: FlaskClient, past: Any, yesterday: Any) -> None:
    own = auditor.get(f"{API}?action=signin:succeeded").json["items"]
    assert len(own) == 1
    assert ids(auditor.get(f"{API}?user_id={own[0]['user_id']}&action=signin:succeeded")) == [own[0]["id"]]
    made = past(yesterday, 3)
    assert ids(auditor.get(f"{API}?resource_type=analysis")) == made[::-1]
    assert ids(auditor.get(f"{API}?resource_type=analysis&resource_id=2")) == [made[1]]
    day = f"{yesterday}T09:00:02Z"
    assert ids(auditor.get(API, query_string={"resource_type": "analysis", "from": day})) == [made[2], made[1]]
    assert ids(auditor.get(API, query_string={"resource_type": "analysis", "to": day})) == [made[0]]


def test_pages_follow_each_other_without_a_gap(auditor: FlaskClient, past: Any, yesterday: Any) -> None:
    made = past(yesterday, 7)
    found, cursor = [], ""
    while cursor is not None:
        answer = auditor.get(f"{API}?resource_type=analysis&limit=3" + (f"&cursor={cursor}" if cursor else ""))
        found += ids(answer)
        cursor = answer.json["next_cursor"]
    assert found == made[::-1]


@pytest.mark.parametrize(
    "query",
    ["cursor=x", "action=nothing:done", "cursor=" + TOO_LARGE,
     "user_id=7", "from=soon", "from=2026-01-01T00:00:00", "limit=0", "limit=201", "resource_id=%00", "who=me",
     "resource_type=" + "x" * 65],
)  # fmt: skip
def test_it_refuses_what_cannot_be_searched_for(auditor: FlaskClient, query: str) -> None:
    assert auditor.get(f"{API}?{query}").status_code == 422


def test_the_search_is_audited_once_without_what_was_looked_for(auditor: FlaskClient, past: Any, rows: Any) -> None:
    past(clock.now().date() - timedelta(days=1), 9)
    first = auditor.get(f"{API}?resource_type=analysis&limit=2")
    auditor.get(f"{API}?resource_type=analysis&limit=2&cursor={first.json['next_cursor']}")
    assert rows("SELECT metadata FROM audit_logs WHERE action = 'audit:searched'") == [
        {"metadata": {"filters": ["resource_type"]}}
    ]


def test_the_page_names_the_actor_and_takes_an_address(auditor: FlaskClient) -> None:
    page = auditor.get("/audit?who=ADA@example.org&action=signin:succeeded").text
    assert "ada@example.org" in page
    assert "signin:succeeded" in page
    assert "Nothing fits" in auditor.get("/audit?who=nobody@example.org").text


@pytest.mark.parametrize(
    "query", ["who=%00", "from=soon", "from=2026-02-02&to=2026-02-01", "action=x", "who=" + "x" * 400]
)
def test_the_page_says_what_is_wrong_with_a_filter(auditor: FlaskClient, query: str) -> None:
    assert auditor.get(f"/audit?{query}").status_code == 422
    assert auditor.get(f"/audit/rows.csv?{query}").status_code == 422


def test_a_damaged_link_shows_the_newest(auditor: FlaskClient) -> None:
    assert auditor.get("/audit?cursor=nonsense").headers["Location"] == "/audit"


def test_the_file_holds_every_row_and_runs_nothing(
    auditor: FlaskClient, past: Any, yesterday: Any, monkeypatch: pytest.MonkeyPatch, rows: Any
) -> None:
    monkeypatch.setattr(searching, "EXPORT_PAGE", 4)
    made = past(yesterday, 9, note="=1+1")
    answer = auditor.get("/audit/rows.csv?resource_type=analysis")
    table = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert [int(row["id"]) for row in table] == made[::-1]
    assert json.loads(table[0]["metadata"])["note"] == "=1+1"
    assert list(table[0]) == list(searching.COLUMNS)
    assert rows("SELECT count(*) AS n FROM audit_logs WHERE action = 'audit:exported'") == [{"n": 1}]


def test_a_seals_checksums_stay_out_of_sight(app: Flask, auditor: FlaskClient, past: Any, yesterday: Any) -> None:
    from quietus.audit.sealing import seal_closed_days

    past(yesterday)
    seal_closed_days()
    (sealed,) = auditor.get(f"{API}?action=audit:sealed").json["items"]
    assert sealed["metadata"]["rows"] == 3
    assert not {"runs", "sums"} & set(sealed["metadata"])


def test_the_check_says_what_does_not_fit(
    auditor: FlaskClient, past: Any, yesterday: Any, superuser: Callable[..., None]
) -> None:
    from quietus.audit.sealing import seal_closed_days

    made = past(yesterday)
    assert "No seal yet" in auditor.get("/audit/verify").text
    seal_closed_days()
    assert "as it was sealed" in auditor.get("/audit/verify").text
    assert auditor.get(f"{API}/verify").json["fault_count"] == 0
    superuser("UPDATE audit_logs SET resource_id = 'forged' WHERE id = %s", made[1])
    answer = auditor.get(f"{API}/verify?days=7").json
    assert answer["faults"] == [{"day": str(yesterday), "row_id": made[1], "what": "CHANGED"}]
    assert f"row {made[1]}: was changed" in auditor.get("/audit/verify").text
    assert auditor.get(f"{API}/verify?days=0").status_code == 422


@pytest.mark.parametrize("role", ["USER", "CLINICIAN", "ANALYST", "SERVICE"])
def test_it_is_closed_to_everybody_else(client: FlaskClient, role: str) -> None:
    make_user("other@example.org", (role,))
    sign_in(client, "other@example.org")
    for path in (API, f"{API}/verify", "/audit", "/audit/verify", "/audit/rows.csv"):
        assert client.get(path).status_code == 403, path


def test_changed_settings_are_noted_by_name_only(app: Flask, make_app: Callable[..., Flask], rows: Any) -> None:
    from quietus.audit.settings_changes import note_changes

    first, second = app.extensions["settings"], make_app(session_hours=3, mail_server="mail.example.org")
    assert note_changes(first) == []
    assert note_changes(first) == []
    assert note_changes(second.extensions["settings"]) == ["mail_server", "session_hours"]
    noted = rows("SELECT metadata FROM audit_logs WHERE action = 'settings:changed' ORDER BY id")
    assert len(noted) == 2
    assert "mail.example.org" not in json.dumps(noted)


def test_the_same_actor_is_found_by_id(auditor: FlaskClient) -> None:
    bob = principal(make_user("bob@example.org", ("CLINICIAN",)))
    assert "Nothing fits" in auditor.get(f"/audit?who={bob.id}").text
