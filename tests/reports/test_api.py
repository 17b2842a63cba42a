"""The JSON calls of reports: what is asked is checked, another person's report does not exist."""

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask

from quietus.reports import running
from tests.reports.conftest import PERIOD, Caller

Texts = Callable[..., list[UUID]]
ORDER = {"name": "text_distribution", "params": PERIOD}


def ordered(caller: Caller, body: Any = ORDER) -> dict[str, Any]:
    answer = caller.post("/api/v1/reports", body)
    assert answer.status_code == 202, answer.text
    job: dict[str, Any] = answer.json
    return job


def built(caller: Caller, body: Any = ORDER) -> dict[str, Any]:
    job = ordered(caller, body)
    running.run(UUID(job["id"]), 1)
    ready: dict[str, Any] = caller.get(job["url"]).json
    return ready


def test_a_report_from_order_to_file(bob: Caller, texts: Texts) -> None:
    texts()
    answer = bob.post("/api/v1/reports", ORDER)
    job = answer.json
    assert (answer.status_code, job["status"]) == (202, "QUEUED")
    assert answer.headers["Location"] == job["url"]
    assert bob.post("/api/v1/reports", ORDER).json["id"] == job["id"], "asked twice, started once"
    running.run(UUID(job["id"]), 1)
    ready = bob.get(job["url"]).json
    assert ready["status"] == "READY"
    assert ready["progress"] == {"done": 1, "steps": 1, "unit": "figures"}
    starts = {"csv": b"\xef\xbb\xbfpredicted_label", "json": b"{", "pdf": b"%PDF", "xlsx": b"PK"}
    for kind, start in starts.items():
        file = bob.get(f"{job['url']}/download?format={kind}")
        assert file.status_code == 200
        assert file.data.startswith(start)
        assert file.headers["X-Report-Digest"] == ready["digest"]
        assert f".{kind}" in file.headers["Content-Disposition"]


def test_the_catalogue_follows_the_roles(bob: Caller, ann: Caller, app: Flask) -> None:
    auditor = Caller(app, "olga@example.org", "AUDITOR")

    def names(caller: Caller) -> set[str]:
        return {item["name"] for item in caller.get("/api/v1/reports/catalogue").json["items"]}

    assert names(ann) < names(bob)
    assert "person_file" in names(bob) - names(ann)
    assert "access_review" in names(auditor) - names(bob)
    assert {"overview_report", "analyses_rows", "video_events_rows"} <= names(ann)


def test_every_report_of_the_catalogue_can_be_built(app: Flask, texts: Texts) -> None:
    admin = Caller(app, "adam@example.org", "ADMIN", "CLINICIAN")
    (subject, *_) = texts()
    for item in admin.get("/api/v1/reports/catalogue").json["items"]:
        params = {name: value for name, value in PERIOD.items() if name in item["parameters"]}
        if "subject_id" in item["required"]:
            params["subject_id"] = str(subject)
        ready = built(admin, {"name": item["name"], "params": params})
        assert ready["status"] == "READY", (item["name"], ready["reason"])
        for kind in ("pdf", "xlsx", "csv", "json"):
            assert admin.get(f"{ready['url']}/download?format={kind}").data, (item["name"], kind)


def test_no_text_and_no_name_is_in_any_file(bob: Caller, texts: Texts) -> None:
    texts()
    for name in ("overview_report", "analyses_rows"):
        ready = built(bob, {"name": name, "params": PERIOD})
        told = bob.get(f"{ready['url']}/download?format=json").text
        assert "made-up" not in told
        assert "example.org" not in told


def test_who_has_no_right_gets_none(app: Flask, bob: Caller) -> None:
    alice = Caller(app, "alice@example.org", "USER")
    job = ordered(bob)
    assert app.test_client().get("/api/v1/reports").status_code == 401
    for path in ("/api/v1/reports", "/api/v1/reports/catalogue", job["url"], f"{job['url']}/download"):
        assert alice.get(path).status_code == 403
    assert alice.post("/api/v1/reports", ORDER).status_code == 403
    assert alice.delete(job["url"]).status_code == 403


def test_another_persons_report_is_not_there(bob: Caller, carol: Caller, texts: Texts) -> None:
    texts()
    job = built(bob)
    assert carol.get(job["url"]).status_code == 404
    assert carol.get(f"{job['url']}/download?format=csv").status_code == 404
    assert carol.delete(job["url"]).status_code == 404
    assert carol.get("/api/v1/reports").json == {"items": []}
    assert bob.get(job["url"]).json["status"] == "READY"


def test_a_figure_one_may_not_see_is_not_there(ann: Caller) -> None:
    body = {"name": "person_file", "params": {"subject_id": str(uuid4())}}
    assert ann.post("/api/v1/reports", body).status_code == 404


def test_deleting_cancels_and_then_forgets(bob: Caller, texts: Texts) -> None:
    texts()
    waiting = ordered(bob)
    assert bob.delete(waiting["url"]).status_code == 204
    assert bob.get(waiting["url"]).json["status"] == "CANCELLED"
    ready = built(bob)
    assert bob.delete(ready["url"]).status_code == 204
    assert bob.get(ready["url"]).status_code == 404
    assert bob.delete(ready["url"]).status_code == 404


def test_a_file_that_is_not_there_yet_is_409(bob: Caller) -> None:
    answer = bob.get(f"{ordered(bob)['url']}/download?format=csv")
    assert (answer.status_code, answer.json["code"]) == (409, "not_ready")


def test_looking_at_the_head_reads_and_audits_nothing(bob: Caller, texts: Texts, rows: Any) -> None:
    texts()
    job = built(bob)
    for path in (f"{job['url']}/download?format=pdf", f"/reports/{job['id']}/download.pdf"):
        assert bob.client.head(path).status_code == 200
    assert rows("SELECT 1 FROM audit_logs WHERE action = 'report:downloaded'") == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422),
        ([], 422),
        ({"name": 7}, 422),
        ({"name": "n" * 65}, 422),
        ({"name": "text_distribution\u0000"}, 400),
        ({"name": "nothing_like_that"}, 404),
        ({"name": "text_distribution", "params": []}, 422),
        ({"name": "text_distribution", "params": {"from": 2026}}, 422),
        ({"name": "text_distribution", "params": {"from": None}}, 422),
        ({"name": "text_distribution", "params": {"from": "NaN"}}, 422),
        ({"name": "text_distribution", "params": {"from": "2026-02-30"}}, 422),
        ({"name": "text_distribution", "params": {"from": "9" * 99}}, 422),
        ({"name": "text_distribution", "params": {"from": "9999-12-31T23:59:59Z"}}, 422),
        ({"name": "text_distribution", "params": {"from": "2027-05-01", "to": "2027-05-02"}}, 422),
        ({"name": "text_distribution", "params": {"from": "2026-11-10", "to": "2026-11-01"}}, 422),
        ({"name": "text_distribution", "params": {"tz": "../../etc/passwd"}}, 422),
        ({"name": "text_distribution", "params": {"source": "PIGEON"}}, 422),
        ({"name": "text_distribution", "params": {"model_version": "κ \u202e"}}, 422),
        ({"name": "text_distribution", "params": {"model_version": "m" * 101}}, 422),
        ({"name": "text_distribution", "params": {"x": "y"}}, 422),
        ({"name": "text_distribution", "params": {"n\u0000": "y"}}, 400),
        ({"name": "overview_report", "params": {"subject_id": "me"}}, 422),
        ({"name": "person_file", "params": {}}, 422),
        ({"name": "analyses_rows", "params": {"predicted_label": "PENDING"}}, 422),
        ({"name": "text_distribution", "colour": "red"}, 422),
    ],
    ids=lambda value: json.dumps(value)[:60],
)
def test_what_makes_no_sense_is_refused(bob: Caller, rows: Any, body: Any, status: int) -> None:
    answer = bob.post("/api/v1/reports", body)
    assert answer.status_code == status, answer.text
    assert rows("SELECT 1 FROM audit_logs WHERE action = 'report:requested'") == []


@pytest.mark.parametrize("wrong", ["docx", "", "PDF", "pdf\x00", "../pdf"])
def test_a_kind_of_file_that_is_none_is_refused(bob: Caller, texts: Texts, wrong: str) -> None:
    texts()
    job = built(bob)
    assert bob.get(f"{job['url']}/download", query_string={"format": wrong}).status_code == 422
    assert bob.get("/api/v1/reports/not-an-id").status_code == 404


def test_a_token_needs_the_scope_and_sees_no_more_than_it_allows(bob: Caller, app: Flask, texts: Texts) -> None:
    texts()

    def call(scopes: list[str], path: str) -> int:
        made = bob.post("/api/v1/auth/tokens", {"name": "-".join(scopes), "scopes": scopes, "days": 1}).json
        headers = {"Authorization": f"Bearer {made['token']}"}
        return app.test_client().get(path, headers=headers).status_code

    assert call(["reports"], "/api/v1/reports") == 200
    assert call(["analytics"], "/api/v1/reports") == 403
