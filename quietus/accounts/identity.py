"""Who is asking: what `current_user` is, and how a request's cookie or token becomes one."""

from dataclasses import dataclass
from typing import ClassVar, cast
from uuid import UUID

import structlog
from flask import g
from flask_login import current_user
from sqlalchemy.exc import SQLAlchemyError

from quietus.accounts import permissions, sessions, standing, tokens
from quietus.core.errors import Unauthenticated, Unavailable
from quietus.core.extensions import db

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Principal:
    """A signed-in account, as plain facts that outlive a rollback: error pages can still say who it is."""

    id: UUID
    email: str
    full_name: str
    role_names: frozenset[str]
    credential: UUID  # the id of the session or of the token
    scopes: frozenset[str] | None = None  # None: signed in by password, not bounded by scopes

    is_authenticated: ClassVar[bool] = True
    is_active: ClassVar[bool] = True
    is_anonymous: ClassVar[bool] = False

    @property
    def by_token(self) -> bool:
        return self.scopes is not None

    def get_id(self) -> str:
        return str(self.id)

    def can(self, permission: str) -> bool:
        return permissions.allows(self.role_names, permission, self.scopes)


class Nobody:
    """Someone who is not signed in."""

    is_authenticated = False
    is_active = False
    is_anonymous = True
    by_token = False
    role_names: frozenset[str] = frozenset()

    def get_id(self) -> None:
        return None

    def can(self, permission: str) -> bool:
        return False


def of(account: standing.Account, credential: UUID, scopes: frozenset[str] | None = None) -> Principal:
    return Principal(account.id, account.email, account.full_name, account.role_names, credential, scopes)


def become(who: Principal | Nobody) -> None:
    """Let the rest of this request see the sign-in or sign-out that just happened."""
    g._login_user = who


def signed_in() -> Principal:
    """The account behind this request. Raises Unauthenticated when there is none."""
    if not current_user.is_authenticated:
        raise Unauthenticated
    return cast(Principal, current_user._get_current_object())


def load() -> Principal | None:
    """Who the request's token or cookie stands for, by one query; None for nobody.

    Never raises for a database that is away: public pages show even then; `refuse_unknown` stops the rest.
    """
    try:
        return _by_token() if tokens.presented() is not None else _by_session()
    except SQLAlchemyError as error:
        db.session.rollback()
        log.warning("identity.unknown", error=type(error).__name__)
        g.identity_unknown = True
        return None


def refuse_unknown() -> None:
    """Raise Unavailable when the database could not be asked: a 401 would sign people out for nothing."""
    if g.get("identity_unknown"):
        raise Unavailable


def _by_session() -> Principal | None:
    claim = sessions.claim()
    if claim is None:
        return None
    account = standing.of_session(claim.user_id, claim.id)
    if account is None or not _alive(account, claim.generation):
        sessions.forget()
        return None
    return of(account, claim.id)


def _by_token() -> Principal | None:
    # never falls back to the cookie: a program that sends a dead token must hear so
    claim = tokens.claim()
    if claim is None:
        return None
    account = standing.of_token(claim.user_id, claim.id)
    if account is None or not _alive(account, claim.generation):
        return None
    return of(account, claim.id, claim.scopes)


def _alive(account: standing.Account, generation: int) -> bool:
    return account.is_active and not account.ended and account.generation <= generation
