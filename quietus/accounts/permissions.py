"""Who may do what: one table, one function that answers, and nothing allowed that the table does not name."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

USER: Final = "USER"
CLINICIAN: Final = "CLINICIAN"
ANALYST: Final = "ANALYST"
AUDITOR: Final = "AUDITOR"
ADMIN: Final = "ADMIN"
SERVICE: Final = "SERVICE"

ROLES: Final = (USER, CLINICIAN, ANALYST, AUDITOR, ADMIN, SERVICE)
SCOPES: Final = ("analyses", "events", "video", "analytics", "reports", "review", "audit", "users", "me")

PEOPLE: Final = frozenset({USER, CLINICIAN, ANALYST, AUDITOR, ADMIN})
READERS_OF_FIGURES: Final = frozenset({CLINICIAN, ANALYST, AUDITOR, ADMIN})


@dataclass(frozen=True, slots=True)
class Rule:
    """The roles that hold a permission, and the token scope that lets a token use it (None: no token may)."""

    roles: frozenset[str]
    scope: str | None


TABLE: Final[dict[str, Rule]] = {
    # one's own account
    "see_account": Rule(PEOPLE | {SERVICE}, "me"),
    # never by token: a leaked token must not be able to lengthen its own life or shut its owner out
    "own_account": Rule(PEOPLE | {SERVICE}, None),
    # one's own texts, sessions and data
    "submit": Rule(PEOPLE, "analyses"),
    "see_own": Rule(PEOPLE, "analyses"),
    "see_own_sessions": Rule(PEOPLE, "video"),
    "hold_session": Rule(frozenset({USER}), "video"),
    "own_data": Rule(PEOPLE, "me"),
    # in person: a leaked token must not be able to destroy what its owner has here, nor to stop their erasure
    "erase_own": Rule(PEOPLE, None),
    # for others
    "submit_for": Rule(frozenset({CLINICIAN, SERVICE}), "analyses"),
    "post_events": Rule(frozenset({USER, SERVICE}), "events"),
    "hold_session_for": Rule(frozenset({SERVICE}), "video"),
    "post_outcome": Rule(frozenset({SERVICE}), "analyses"),
    # another's text: a clinician's work, or an admin who breaks the glass in person and gives a reason
    "read_text": Rule(frozenset({CLINICIAN}), "review"),
    "break_glass": Rule(frozenset({ADMIN}), None),
    "review": Rule(frozenset({CLINICIAN}), "review"),
    # figures without text and names
    "see_figures": Rule(READERS_OF_FIGURES, "analytics"),
    "build_reports": Rule(READERS_OF_FIGURES, "reports"),
    "search_audit": Rule(frozenset({AUDITOR, ADMIN}), "audit"),
    # running the desk
    "manage_users": Rule(frozenset({ADMIN}), "users"),
    "see_failed": Rule(frozenset({ADMIN}), "analyses"),
    "see_state": Rule(frozenset({ADMIN}), None),
    "erase_subject": Rule(frozenset({ADMIN}), None),
    "see_webhooks": Rule(frozenset({ADMIN}), "audit"),
    "send_webhooks": Rule(frozenset({ADMIN}), None),
}


def allows(roles: Collection[str], permission: str, scopes: Collection[str] | None = None) -> bool:
    """Whether `roles` may use `permission`; `scopes` are the token's, None when signed in by password."""
    rule = TABLE.get(permission)
    if rule is None or rule.roles.isdisjoint(roles):
        return False
    return scopes is None or (rule.scope is not None and rule.scope in scopes)


def held(roles: Collection[str], scopes: Collection[str] | None = None) -> list[str]:
    """Every permission that `allows` grants, in the order of the table."""
    return [permission for permission in TABLE if allows(roles, permission, scopes)]
