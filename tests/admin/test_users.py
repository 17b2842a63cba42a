"""Admins find accounts, set their roles, shut and open them; the last admin stays, and erasing takes two."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from tests.privacy.conftest import Caller

API = "/api/v1/users"


def emails(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [item["email"] for item in answer.json["items"]]


@pytest.fixture
def people(caller: Callable[..., Caller]) -> dict[str, Caller]:
    return {name: caller(f"{name}@example.org", role) for name, role in (("ada", "AUDITOR"), ("bob", "CLINICIAN"))}


def test_it_finds_by_words_role_and_state(root: Caller, alice: Caller, people: dict[str, Caller]) -> None:
    assert emails(root.get(API)) == [f"{name}@example.org" for name in ("ada", "alice", "bob", "root")]
    assert emails(root.get(f"{API}?words=BOB")) == ["bob@example.org"]
    assert emails(root.get(f"{API}?words=Alice Ex")) == ["alice@example.org"]
    assert emails(root.get(f"{API}?words={alice.user.id}")) == ["alice@example.org"]
    assert emails(root.get(f"{API}?role=AUDITOR")) == ["ada@example.org"]
    assert emails(root.get(f"{API}?is_active=false")) == []
    assert emails(root.get(f"{API}?words=%25")) == [], "a sign, not a pattern"


def test_pages_follow_each_other(root: Caller, alice: Caller, people: dict[str, Caller]) -> None:
    first = root.get(f"{API}?limit=3").json
    rest = root.get(f"{API}?limit=3&cursor={first['next_cursor']}").json
    assert len(first["items"]) == 3
    assert [item["email"] for item in rest["items"]] == ["root@example.org"]
    assert rest["next_cursor"] is None
    assert root.get(f"{API}?cursor={uuid4()}").status_code == 422


@pytest.mark.parametrize(
    "query", ["cursor=x", "role=KING", "is_active=maybe", "limit=0", "words=%00", "words=", "who=1"]
)
def test_it_refuses_what_makes_no_filter(root: Caller, query: str) -> None:
    assert root.get(f"{API}?{query}").status_code == 422


def test_a_change_holds_at_once_and_is_audited(root: Caller, alice: Caller, rows: Any) -> None:
    path = f"{API}/{alice.user.id}"
    changed = root.call("PATCH", path, {"roles": ["USER", "ANALYST"]})
    assert changed.status_code == 200, changed.text
    assert changed.json["roles"] == ["ANALYST", "USER"]
    assert "see_figures" in alice.get("/api/v1/auth/me").json["permissions"]
    assert root.call("PATCH", path, {"is_active": False}).json["is_active"] is False
    assert alice.get("/api/v1/auth/me").status_code == 401
    assert root.call("PATCH", path, {"is_active": True, "roles": ["USER"]}).json["roles"] == ["USER"]
    acts = rows(
        "SELECT action FROM audit_logs WHERE user_id = :id AND resource_type = 'user' ORDER BY id", id=root.user.id
    )
    assert [row["action"] for row in acts if row["action"] != "user:viewed"] == [
        "user:roles_set", "user:deactivated", "user:activated", "user:roles_set",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "body",
    [{}, {"roles": []}, {"roles": ["KING"]}, {"roles": "USER"}, {"is_active": "no"}, {"is_active": 0},
     {"is_active": None}, {"email": "a@b.c"}],
)  # fmt: skip
def test_a_change_that_makes_no_sense_is_refused(root: Caller, alice: Caller, body: dict[str, Any]) -> None:
    assert root.call("PATCH", f"{API}/{alice.user.id}", body).status_code == 422


def test_the_last_admin_stays(root: Caller, alice: Caller) -> None:
    for body in ({"roles": ["USER"]}, {"is_active": False}, {"is_active": False, "roles": ["USER"]}):
        assert root.call("PATCH", f"{API}/{root.user.id}", body).json["code"] == "last_admin"
    page = root.client.get(root.form(f"/admin/users/{root.user.id}/deactivate").headers["Location"])
    assert "This is the last admin" in page.text
    assert root.get("/admin/state").status_code == 200


def test_an_account_that_is_not_there_is_404(root: Caller) -> None:
    for call in (("GET", None), ("PATCH", {"is_active": False})):
        assert root.call(call[0], f"{API}/{uuid4()}", call[1]).status_code == 404
    assert root.get(f"/admin/users/{uuid4()}").status_code == 404
    for act in ("roles", "deactivate", "activate", "erasure", "erasure/confirm", "erasure/cancel"):
        assert root.form(f"/admin/users/{uuid4()}/{act}", roles="USER").status_code == 404, act


def test_looking_at_an_account_is_audited(root: Caller, alice: Caller, rows: Any) -> None:
    root.get(f"/admin/users/{alice.user.id}")
    root.get("/admin/users?words=alice")
    assert rows("SELECT resource_id FROM audit_logs WHERE action = 'user:viewed'") == [
        {"resource_id": str(alice.user.id)}
    ]
    assert rows("SELECT metadata FROM audit_logs WHERE action = 'users:searched'") == [
        {"metadata": {"filters": ["words"]}}
    ]


def test_the_pages_do_the_same(root: Caller, alice: Caller) -> None:
    assert "alice@example.org" in root.get("/admin/users?words=alice&role=USER&state=active").text
    assert "Nobody fits" in root.get("/admin/users?state=shut").text
    assert root.get("/admin/users?words=%00").status_code == 422
    assert root.get("/admin/users?cursor=x").headers["Location"] == "/admin/users"
    path = f"/admin/users/{alice.user.id}"
    assert root.form(f"{path}/roles").status_code == 422
    assert "The roles are set" in root.client.get(root.form(f"{path}/roles", roles="AUDITOR").headers["Location"]).text
    assert "Activate again" in root.client.get(root.form(f"{path}/deactivate").headers["Location"]).text
    assert "The account is active" in root.client.get(root.form(f"{path}/activate").headers["Location"]).text


def test_an_erasure_takes_two_admins_on_the_pages(root: Caller, alice: Caller, caller: Any) -> None:
    second, path = caller("second@example.org", "ADMIN"), f"/admin/users/{alice.user.id}"
    root.form(f"{path}/erasure")
    assert "Another admin has to confirm it" in root.get(path).text
    refused = root.client.get(root.form(f"{path}/erasure/confirm").headers["Location"]).text
    assert "Another admin has to confirm what you asked for" in refused
    assert str(alice.user.id) in second.get("/admin/users").text
    assert "Confirmed" in second.client.get(second.form(f"{path}/erasure/confirm").headers["Location"]).text
    assert "will be erased on" in root.get(path).text
    assert "The account stays" in root.client.get(root.form(f"{path}/erasure/cancel").headers["Location"]).text


@pytest.mark.parametrize("role", ["USER", "CLINICIAN", "ANALYST", "AUDITOR", "SERVICE"])
def test_it_is_closed_to_everybody_else(alice: Caller, caller: Any, role: str) -> None:
    other = caller("other@example.org", role)
    for path in (API, f"{API}/{alice.user.id}", "/admin/users", f"/admin/users/{alice.user.id}", "/admin/failed"):
        assert other.get(path).status_code == 403
    assert other.call("PATCH", f"{API}/{other.user.id}", {"roles": ["ADMIN"]}).status_code == 403
