"""Every answer, the refusals too, has the same good manners."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from openapi_spec_validator import validate
from werkzeug.test import TestResponse

from quietus.core.extensions import db
from tests.factories import make_user, sign_in


def problem(answer: TestResponse, status: int, code: str) -> dict[str, Any]:
    assert answer.content_type == "application/problem+json"
    body: dict[str, Any] = answer.json  # type: ignore[assignment]
    assert answer.status_code == body["status"] == status
    assert body["code"] == code
    assert body["request_id"] == answer.headers["X-Request-ID"]
    assert {"type", "title", "detail", "instance"} < set(body)
    return body


@pytest.fixture
def headers(client: FlaskClient) -> dict[str, str]:
    make_user()
    return sign_in(client)


def test_an_unknown_address(client: FlaskClient) -> None:
    problem(client.get("/api/v1/nothing"), 404, "not_found")
    page = client.get("/nothing")
    assert page.status_code == 404
    assert page.headers["X-Request-ID"] in page.text


def test_a_wrong_method_is_told_the_right_ones(client: FlaskClient) -> None:
    answer = client.put("/api/v1/analyses")
    problem(answer, 405, "method_not_allowed")
    assert {"GET", "POST"} <= {method.strip() for method in answer.headers["Allow"].split(",")}
    assert "POST" in client.delete("/check-in").headers["Allow"]


@pytest.mark.parametrize(
    ("media_type", "body", "status", "code"),
    [
        ("text/plain", b'{"text": "Hello there."}', 415, "unsupported_media_type"),
        ("application/x-www-form-urlencoded", b"text=Hello", 415, "unsupported_media_type"),
        ("application/json; charset=utf-16", '{"text": "Hello"}'.encode("utf-16"), 415, "unsupported_media_type"),
        ("application/json", '{"text": "Hello"}'.encode("utf-16"), 400, "not_utf8"),
        ("application/json", b"", 422, "invalid"),
        ("application/json", b"{", 400, "not_json"),
        ("application/json", b"[]", 422, "invalid"),
        ("application/json", b"null", 422, "invalid"),
        ("application/json", b'{"text": "Hello there.", "text": "twice"}', 400, "duplicate_key"),
        ("application/json", b'{"text": NaN}', 400, "not_a_number"),
        ("application/json", b'{"text": "Hello \\u0000 there"}', 400, "nul"),
        ("application/json", b'{"text": "Hello \\ud800 there"}', 400, "lone_surrogate"),
        ("application/json", b'{"text": ' + b"[" * 9000 + b"]" * 9000 + b"}", 400, "too_deep"),
        ("application/json", b'{"text": "' + b"x" * 66_000 + b'"}', 413, "request_entity_too_large"),
    ],
)
def test_a_body_that_cannot_be_read_is_refused_with_its_reason(  # noqa: PLR0917 - fixtures and a row of the table
    client: FlaskClient, headers: dict[str, str], media_type: str, body: bytes, status: int, code: str
) -> None:
    answer = client.post("/api/v1/analyses", data=body, content_type=media_type, headers=headers)
    problem(answer, status, code)


def test_a_batch_may_be_larger_but_not_endless(client: FlaskClient, headers: dict[str, str]) -> None:
    fits = client.post("/api/v1/analyses/batch", json={"items": [{"text": "x" * 5000}] * 150}, headers=headers)
    assert fits.status_code == 207
    answer = client.post(
        "/api/v1/analyses/batch", data=b" " * 1_100_000, content_type="application/json", headers=headers
    )
    problem(answer, 413, "request_entity_too_large")


def test_a_form_has_the_same_cap(client: FlaskClient, headers: dict[str, str]) -> None:
    answer = client.post("/check-in", data={"text": "x" * 70_000})
    assert answer.status_code == 413


def test_a_bug_says_nothing_but_its_number(make_app: Callable[..., Flask], caplog: pytest.LogCaptureFixture) -> None:
    app = make_app()

    def broken() -> str:
        raise RuntimeError("a private sentence")

    broken.access = "public"  # type: ignore[attr-defined]
    app.add_url_rule("/api/v1/broken", view_func=broken)
    answer = app.test_client().get("/api/v1/broken")
    problem(answer, 500, "internal_error")
    assert "private" not in answer.text


@pytest.mark.parametrize(
    "path", ["/", "/help", "/api/v1/analyses", "/nothing", "/static/app.css", "/healthz", "/auth/sign-in"]
)
def test_every_answer_carries_the_protective_headers(client: FlaskClient, path: str) -> None:
    answer = client.get(path, buffered=True)
    headers = answer.headers
    answer.close()
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "camera=()" in headers["Permissions-Policy"]
    assert headers.get("Server", "") == ""
    assert path.startswith("/static") or headers["Cache-Control"] == "no-store"


def test_https_makes_the_cookie_strict(make_app: Callable[..., Flask], clean: None) -> None:
    app = make_app(public_url="https://desk.example.org")
    answer = app.test_client().get("/api/v1/auth/csrf", base_url="https://desk.example.org")
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-quietus_session=")
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= {part.strip() for part in cookie.split(";")}
    assert "Domain" not in cookie
    assert "max-age=31536000" in answer.headers["Strict-Transport-Security"]


def test_a_request_id_is_kept_only_when_it_cannot_forge_a_log_line(client: FlaskClient) -> None:
    assert client.get("/healthz", headers={"X-Request-ID": "abc-1"}).headers["X-Request-ID"] == "abc-1"
    for forged in ("a b", "x" * 65, 'a"b', "ä"):
        assert client.get("/healthz", headers={"X-Request-ID": forged}).headers["X-Request-ID"] != forged


def test_the_openapi_document_is_valid_and_whole(client: FlaskClient, app: Flask) -> None:
    document: dict[str, Any] = client.get("/api/v1/openapi.json").json  # type: ignore[assignment]
    assert document["openapi"].startswith("3.1")
    validate(document)
    documented = {
        (method.upper(), path.replace("{", "<").replace("}", ">"))
        for path, calls in document["paths"].items()
        for method in calls
        if method in ("get", "post", "put", "patch", "delete")
    }
    routed = {
        (method, re.sub(r"<[^>]*:", "<", rule.rule))
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/v1/") and "openapi" not in rule.rule
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert documented == routed
    for path, calls in document["paths"].items():
        for method, call in calls.items():
            if method in ("get", "post", "delete"):
                assert call.get("summary"), f"{method} {path} has no summary"


def test_every_refusal_is_documented_as_the_problem_it_is(client: FlaskClient) -> None:
    document: dict[str, Any] = client.get("/api/v1/openapi.json").json  # type: ignore[assignment]
    calls = [(path, method, call) for path, of in document["paths"].items() for method, call in of.items()]
    responses = [
        (f"{method} {path} {status}", response)
        for path, method, call in calls
        if method in ("get", "post", "put", "patch", "delete")
        for status, response in call["responses"].items()
        if not status.startswith("2")
    ]
    assert responses
    for place, response in responses:
        assert "$ref" not in response, f"{place}: flask-smorest's own error"
        schema = {"schema": {"$ref": "#/components/schemas/Problem"}}
        assert response["content"] == {"application/problem+json": schema}, place
        needed = {"401": ["WWW-Authenticate"], "429": ["Retry-After"], "503": ["Retry-After"]}.get(place[-3:])
        assert list(response.get("headers", {})) == (needed or []), place
    assert "Error" not in document["components"]["schemas"]


def test_the_database_being_away_is_503_with_a_time_to_come_back(make_app: Callable[..., Flask]) -> None:
    app = make_app(database_url="postgresql+psycopg://nobody:nothing@127.0.0.1:9/none", database_connect_seconds=1)
    browser = app.test_client()
    token = browser.get("/api/v1/auth/csrf").json["csrf_token"]  # type: ignore[index]
    body = {"email": "alice@example.org", "password": "a quiet harbour at four in the morning"}
    answer = browser.post("/api/v1/auth/login", json=body, headers={"X-CSRFToken": token})
    problem(answer, 503, "unavailable")
    assert int(answer.headers["Retry-After"]) >= 1
    for path in ("/", "/help", "/auth/sign-in", "/healthz", "/nothing"):
        assert browser.get(path).status_code in (200, 404)
    assert browser.get("/readyz").status_code == 503
    with app.app_context():
        db.session.remove()


def test_the_broker_being_away_does_not_stop_a_check_in(make_app: Callable[..., Flask], app: Flask, rows: Any) -> None:
    lonely = make_app(redis_url="redis://127.0.0.1:9/0")
    make_user()
    browser = lonely.test_client()
    headers = sign_in(browser)
    answer = browser.post("/api/v1/analyses", json={"text": "The tea was good."}, headers=headers)
    assert answer.status_code == 202
    assert len(rows("SELECT 1 FROM analysis_records")) == 1
    ready = browser.get("/readyz")
    assert (ready.status_code, ready.json["broker"]["ok"]) == (200, False)  # type: ignore[index]


def test_metrics_are_for_this_machine_or_a_tokens_holder(make_app: Callable[..., Flask], client: FlaskClient) -> None:
    assert "quietus_requests_total" in client.get("/metrics").text
    assert client.get("/metrics", environ_base={"REMOTE_ADDR": "192.0.2.1"}).status_code == 404
    assert client.get("/metrics", headers={"X-Forwarded-For": "127.0.0.1"}).status_code == 404
    guarded = make_app(metrics_token="a-token-for-scraping").test_client()
    assert guarded.get("/metrics").status_code == 404
    assert guarded.get("/metrics", headers={"Authorization": "Bearer a-token-for-scraping"}).status_code == 200
