"""The permission table, held against design.md cell by cell."""

import pytest

from quietus.accounts.permissions import ROLES, SCOPES, TABLE, allows, held

ALL = set(ROLES)
PEOPLE = ALL - {"SERVICE"}
# the rows of design.md, in its words
DESIGN = {
    "submit": PEOPLE,
    "see_own": PEOPLE,
    "see_own_sessions": PEOPLE,
    "own_data": PEOPLE,
    "erase_own": PEOPLE,
    "submit_for": {"CLINICIAN", "SERVICE"},
    "read_text": {"CLINICIAN"},
    "break_glass": {"ADMIN"},
    "hold_session": {"USER"},
    "hold_session_for": {"SERVICE"},
    "post_events": {"USER", "SERVICE"},
    "post_outcome": {"SERVICE"},
    "review": {"CLINICIAN"},
    "see_figures": {"CLINICIAN", "ANALYST", "AUDITOR", "ADMIN"},
    "build_reports": {"CLINICIAN", "ANALYST", "AUDITOR", "ADMIN"},
    "search_audit": {"AUDITOR", "ADMIN"},
    "manage_users": {"ADMIN"},
    "see_failed": {"ADMIN"},
    "see_state": {"ADMIN"},
    "erase_subject": {"ADMIN"},
    "see_webhooks": {"ADMIN"},
    "send_webhooks": {"ADMIN"},
    "see_account": ALL,
    "own_account": ALL,
}


def test_every_permission_is_one_that_the_design_names() -> None:
    assert set(TABLE) == set(DESIGN)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("permission", DESIGN)
def test_each_role_holds_what_the_design_gives_it_and_no_more(permission: str, role: str) -> None:
    assert allows({role}, permission) == (role in DESIGN[permission])


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("permission", DESIGN)
def test_a_token_adds_nothing_to_its_owners_roles(permission: str, role: str) -> None:
    for scope in SCOPES:
        granted = allows({role}, permission, {scope})
        assert granted == (role in DESIGN[permission] and TABLE[permission].scope == scope)


def test_it_refuses_what_it_does_not_know() -> None:
    assert not allows(ROLES, "fly")
    assert not allows({"OWNER"}, "submit")
    assert not allows(set(), "see_account")
    assert held(ROLES, set()) == []


@pytest.mark.parametrize("permission", ["own_account", "break_glass", "see_state", "erase_subject"])
def test_some_things_are_done_in_person_or_not_at_all(permission: str) -> None:
    assert not allows(ROLES, permission, set(SCOPES))
