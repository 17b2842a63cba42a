"""What every write of the JSON API has in common: no field beyond its own, no forged sender, no other media type."""

from typing import Any

import pytest
from flask import Flask

from tests.accounts.conftest import Browser
from tests.accounts.test_every_route import OPEN, TABLE, address, calls
from tests.factories import PASSWORD, make_user

NAMES = ("analysis_id", "session_id", "token_id", "user_id", "job_id", "item_id", "report_id")
IDS = dict.fromkeys(NAMES, "00000000-0000-4000-8000-000000000000")
# a file, not an object
NO_OBJECT = "POST video.import_events"


def writes(app: Flask) -> list[tuple[str, str, str]]:
    found = [(name, method, address(app, endpoint, IDS)) for name, method, endpoint in calls(app)]
    return [each for each in found if each[1] != "GET" and each[2].startswith("/api/v1")]


def role_of(name: str) -> str:
    return sorted(TABLE[name].roles)[0]


@pytest.fixture
def browsers(app: Flask) -> Any:
    """A signed-in account of each role, made when it is asked for."""
    found: dict[str, Browser] = {}

    def get(role: str) -> Browser:
        if role not in found:
            make_user(f"{role.lower()}@example.org", (role,))
            found[role] = Browser(app)
            assert found[role].sign_in(f"{role.lower()}@example.org").status_code == 200
        return found[role]

    return get


def bodies(app: Flask) -> dict[tuple[str, str], dict[str, Any]]:
    """By method and rule: the properties of the JSON body that the OpenAPI document names."""
    document: dict[str, Any] = app.test_client().get("/api/v1/openapi.json").json  # type: ignore[assignment]
    found = {}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            content = operation.get("requestBody", {}).get("content", {}) if method != "parameters" else {}
            if "application/json" in content:
                name = content["application/json"]["schema"]["$ref"].rpartition("/")[2]
                found[method.upper(), path] = document["components"]["schemas"][name]
    return found


def test_every_body_is_closed_to_fields_it_does_not_name(app: Flask) -> None:
    schemas = bodies(app)
    assert len(schemas) > 10
    for where, schema in schemas.items():
        assert schema.get("additionalProperties") is False, where


@pytest.mark.parametrize("extra", ["roles", "is_active", "user_id", "id", "predicted_label", "created_at", "__proto__"])
def test_a_field_that_is_not_asked_for_changes_nothing(app: Flask, browsers: Any, rows: Any, extra: str) -> None:
    user = browsers("USER")
    before = rows("SELECT email, is_active, full_name FROM users")
    value: Any = {"roles": ["ADMIN"], "is_active": True}.get(extra, "HIGH")
    sent = {
        "/api/v1/auth/register": {"email": "new@example.org", "password": PASSWORD, "full_name": "New Example"},
        "/api/v1/auth/password": {"current_password": PASSWORD, "new_password": "quite another harbour at noon"},
        "/api/v1/auth/tokens": {"name": "own", "scopes": ["me"], "days": 1},
        "/api/v1/analyses": {"text": "The tea was good."},
        "/api/v1/video/sessions": {"session_type": "CHECK_IN", "client_platform": "WEB"},
    }
    for path, body in sent.items():
        answer = user.post(path, {**body, extra: value})
        assert answer.status_code == 422, path
        assert extra in answer.json["errors"], path
    assert rows("SELECT email, is_active, full_name FROM users") == before
    assert rows("SELECT 1 FROM analysis_records") == []


def test_a_page_forms_extra_field_is_not_read(app: Flask, rows: Any) -> None:
    fields = {"email": "new@example.org", "password": PASSWORD, "full_name": "New Example"}
    assert Browser(app).submit("/auth/register", **fields, roles="ADMIN", is_active="", id="1").status_code == 303
    assert rows("SELECT name FROM roles JOIN user_roles ON role_id = id") == [{"name": "USER"}]


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", None])
def test_what_another_sites_form_sends_writes_nothing(app: Flask, browsers: Any, rows: Any, kind: str | None) -> None:
    """A form may send JSON as text/plain with the cookie and without a preflight: no CSRF token, no write."""
    acts = rows("SELECT count(*) AS acts FROM audit_logs")
    for name, method, path in writes(app):
        if name == NO_OBJECT:
            continue
        client = app.test_client() if TABLE[name].about == OPEN else browsers(role_of(name)).client
        answer = client.open(path, method=method, data=b'{"text": "The tea was good."}', content_type=kind)
        assert (answer.status_code, answer.json["code"]) == (403, "csrf_failed"), name
    found = rows("SELECT count(*) AS acts FROM audit_logs WHERE action NOT IN ('signin:succeeded')")
    assert found == acts == [{"acts": 0}]


def test_even_with_the_token_only_json_is_read_as_json(app: Flask, browsers: Any) -> None:
    for (method, path), _schema in bodies(app).items():
        (name,) = {
            f"{method} {rule.endpoint}"
            for rule in app.url_map.iter_rules()
            if rule.rule.replace("<uuid:", "{").replace("<any(analysis, session):", "{").replace(">", "}") == path
            and method in (rule.methods or ())
        }
        role = role_of(name) if TABLE[name].roles else "USER"
        filled = path.replace("{kind}", "analysis")
        for argument, value in IDS.items():
            filled = filled.replace(f"{{{argument}}}", value)
        browser = browsers(role)
        answer = browser.client.open(
            filled, method=method, data=b"{}", content_type="text/plain", headers={"X-CSRFToken": browser.csrf()}
        )
        assert answer.status_code == 415, name


def test_a_desk_that_is_closed_makes_no_account_and_tells_of_none(make_app: Any, clean: None) -> None:
    app = make_app(registration="closed")
    with app.app_context():
        make_user()
    fields = {"password": PASSWORD, "full_name": "New Example"}
    for email in ("alice@example.org", "nobody@example.org"):
        answer = Browser(app).post("/api/v1/auth/register", {**fields, "email": email})
        assert (answer.status_code, answer.json["code"]) == (403, "registration_closed")
        assert Browser(app).submit("/auth/register", **fields, email=email).status_code == 403
    assert app.test_client().get("/auth/register").status_code == 403
    for page in ("/", "/auth/sign-in"):
        assert "/auth/register" not in app.test_client().get(page).text
