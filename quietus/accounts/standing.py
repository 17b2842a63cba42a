"""How an account stands at this moment: active, its roles, and whether a session or token is still good."""

from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, String, bindparam, cast, exists, false, func, select
from sqlalchemy.sql.selectable import ScalarSelect

from quietus.accounts.models import Role, User, user_roles
from quietus.audit.models import AuditLog
from quietus.audit.tags import Action
from quietus.core.extensions import db

# each of these ends every sign-in, token and reset link that the account had before (D17)
ENDS_EVERYTHING: Final = (
    Action.PASSWORD_CHANGED,
    Action.PASSWORD_RESET,
    Action.USER_DEACTIVATED,
    Action.SIGNIN_ENDED_EVERYWHERE,
    Action.SIGNIN_LINKED,
)


@dataclass(frozen=True, slots=True)
class Account:
    """An account as it stood in one snapshot of the database.

    `generation` is the highest audit id of the acts that end everything: what was given out under a lower one
    is dead. `ended` says whether the one credential that was asked about was ended by itself.
    """

    id: UUID
    email: str
    full_name: str
    password_hash: str
    is_active: bool
    role_names: frozenset[str]
    generation: int
    ended: bool


def _roles() -> ScalarSelect[Any]:
    return (
        select(func.array_agg(Role.name))
        .join(user_roles, user_roles.c.role_id == Role.id)
        .where(user_roles.c.user_id == User.id)
        .correlate(User)
        .scalar_subquery()
    )


def _generation() -> ColumnElement[int]:
    newest = (
        select(func.max(AuditLog.id))
        .where(
            AuditLog.resource_type == "user",
            AuditLog.resource_id == cast(User.id, String),
            AuditLog.action.in_([action.value for action in ENDS_EVERYTHING]),
        )
        .correlate(User)
        .scalar_subquery()
    )
    return func.coalesce(newest, 0)


# built once: putting a statement together costs more than running it
_FACTS: Final = (
    User.id,
    User.email,
    User.full_name,
    User.password_hash,
    User.is_active,
    _roles(),
    _generation(),
)
_BY_EMAIL: Final = select(*_FACTS, false()).where(User.email == bindparam("email"))
_BY_ID: Final = select(*_FACTS, false()).where(User.id == bindparam("user_id"))
_OF_CREDENTIAL: Final = select(
    *_FACTS,
    exists().where(
        AuditLog.resource_type == bindparam("kind"),
        AuditLog.resource_id == bindparam("credential"),
        AuditLog.action == bindparam("ending"),
    ),
).where(User.id == bindparam("user_id"))


def _find(statement: Select[Any], **values: object) -> Account | None:
    # on the connection: the session's own way to it costs half as much again, and no object is made here
    row = db.session.connection().execute(statement, values).one_or_none()
    if row is None:
        return None
    user_id, email, full_name, password_hash, is_active, roles, generation, ended = row
    return Account(user_id, email, full_name, password_hash, is_active, frozenset(roles or ()), generation, ended)


def by_email(email: str) -> Account | None:
    """The password's hash and the generation come from one snapshot: no password change slips in between."""
    return _find(_BY_EMAIL, email=email)


def by_id(user_id: UUID) -> Account | None:
    return _find(_BY_ID, user_id=user_id)


def of_session(user_id: UUID, session_id: UUID) -> Account | None:
    ending = Action.SIGNIN_ENDED.value
    return _find(_OF_CREDENTIAL, user_id=user_id, kind="signin", credential=str(session_id), ending=ending)


def of_token(user_id: UUID, token_id: UUID) -> Account | None:
    ending = Action.TOKEN_REVOKED.value
    return _find(_OF_CREDENTIAL, user_id=user_id, kind="token", credential=str(token_id), ending=ending)
