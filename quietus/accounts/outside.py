"""Signs in whom somebody else vouches for: an OpenID Connect provider, a trusted proxy, or this machine's command line.

The rule, also in docs/integrating.md: the verified address names the account. An account is linked to one identity of
the provider at the first such sign-in; from then on another identity with the same address is refused until an admin
unlinks it. Whoever registered an address here never proved that it is theirs, so linking an account that was there
before ends everything given out under it: sessions, tokens, and its password.
"""

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID, uuid4

import structlog
from flask import Flask, current_app
from flask_babel import gettext
from sqlalchemy import select

from quietus.accounts import fields, passwords, service, signed, standing, throttle
from quietus.accounts.administration import add_user, find_user, hold, set_roles
from quietus.accounts.identity import Principal
from quietus.accounts.models import User
from quietus.accounts.permissions import ADMIN, SERVICE, USER
from quietus.accounts.standing import Account
from quietus.audit.models import AuditLog
from quietus.audit.service import record
from quietus.audit.tags import Action
from quietus.core import clock
from quietus.core.config import settings
from quietus.core.errors import Conflict, Invalid, Unauthenticated
from quietus.core.extensions import db
from quietus.core.languages import later

log = structlog.get_logger(__name__)

LINKS: Final = (Action.SIGNIN_LINKED.value, Action.SIGNIN_UNLINKED.value)
REFUSED: Final = later("This sign-in is not known here. Ask whoever runs this desk for an account.")


@dataclass(frozen=True, slots=True)
class Voucher:
    """Who somebody is, as another party says: `identity` is theirs for good, `roles` is None where it says nothing."""

    via: str
    identity: str
    email: str
    full_name: str
    may_register: bool
    roles: frozenset[str] | None = None


def init_app(app: Flask) -> None:
    if app.extensions["settings"].oidc_issuer:
        from quietus.accounts import oidc  # its cryptography takes time to load, and most desks have no provider

        oidc.init_app(app)


def sign_in(voucher: Voucher, *, address: str | None) -> Principal:
    """Start a session for whom a voucher names. Raises Unauthenticated or TooManyRequests."""
    try:
        email = fields.email_address(voucher.email)
    except ValueError:
        email = ""
    with throttle.failures_counted(email, address):
        account = standing.by_email(email)
        if account is None:
            account = _registered(voucher, email)
        if not account.is_active or SERVICE in account.role_names:
            raise _refused(account.id, "deactivated" if not account.is_active else "not_a_person")
        account = _linked(voucher, account)
        return service.start_session(_with_roles(voucher, account), via=voucher.via)


def _refused(user_id: UUID | None, reason: str) -> Unauthenticated:
    """Note why, and say no more than that it did not work."""
    db.session.rollback()
    record(Action.SIGNIN_FAILED, actor=None, resource_type="signin", resource_id=user_id, metadata={"reason": reason})
    db.session.commit()
    return Unauthenticated("not_known_here", REFUSED)


def _registered(voucher: Voucher, email: str) -> Account:
    if not email or not voucher.may_register:
        raise _refused(None, "unknown_account")
    try:
        name = fields.full_name(voucher.full_name)
    except ValueError:
        name = "New person"
    try:
        user = add_user(email=email, full_name=name, password=passwords.made_up(), roles=frozenset({USER}))
    except (Conflict, Invalid) as error:
        raise _refused(None, "not_registered") from error
    record(
        Action.USER_REGISTERED, actor=user.id, resource_type="user", resource_id=user.id, metadata={"via": voucher.via}
    )
    db.session.flush()
    return _again(user.id)


def _again(user_id: UUID) -> Account:
    account = standing.by_id(user_id)
    if account is None:
        raise Unauthenticated("not_known_here", REFUSED)
    return account


def _digest(voucher: Voucher) -> str:
    # keyed: an address could be found by trying
    key = current_app.config["SECRET_KEY"].encode()[:64]
    return hashlib.blake2b(f"{voucher.via}\0{voucher.identity}".encode(), key=key, digest_size=16).hexdigest()


def _link(user_id: UUID) -> str | None:
    """The identity that the account is linked to."""
    row = db.session.scalar(
        select(AuditLog)
        .where(AuditLog.resource_type == "user", AuditLog.resource_id == str(user_id), AuditLog.action.in_(LINKS))
        .order_by(AuditLog.id.desc())
        .limit(1)
    )
    return str((row.details or {})["identity"]) if row and row.action == Action.SIGNIN_LINKED else None


def _linked(voucher: Voucher, account: Account) -> Account:
    """The account once it is linked to this identity; another one's is refused."""
    hold(account.id)  # two first sign-ins at once link one after the other
    digest, known = _digest(voucher), _link(account.id)
    if known == digest:
        return account
    if known is not None:
        raise _refused(account.id, "linked_to_another")
    user = db.session.get(User, account.id, populate_existing=True)
    if user is None or not user.is_active:
        raise _refused(account.id, "deactivated")
    user.password_hash = passwords.hash_password(passwords.made_up())
    user.updated_at = clock.now()
    record(
        Action.SIGNIN_LINKED,
        actor=account.id,
        resource_type="user",
        resource_id=account.id,
        metadata={"via": voucher.via, "identity": digest},
    )
    db.session.flush()
    return _again(account.id)


def _with_roles(voucher: Voucher, account: Account) -> Account:
    """The account with the roles that the provider names; the last ADMIN stays one whatever it says."""
    if voucher.roles is None or voucher.roles == account.role_names:
        return account
    db.session.commit()
    try:
        set_roles(account.id, voucher.roles, actor=None)
    except Conflict as error:
        log.warning("signin.roles_kept", code=error.code)
    return _again(account.id)


def unlink(email: str) -> None:
    """Let another identity of the provider be linked to the account at its next sign-in. Raises NotFound."""
    user = find_user(email)
    record(Action.SIGNIN_UNLINKED, actor=None, resource_type="user", resource_id=user.id)
    db.session.commit()


def let_in_link(email: str) -> str:
    """A link that signs in to an ADMIN account once, for whoever has the command line. Raises NotFound or Conflict."""
    user = find_user(email)
    if ADMIN not in user.role_names or not user.is_active:
        raise Conflict("not_an_admin", gettext("Only an active ADMIN is let in this way."))
    session_id = uuid4()
    expires_at = int((clock.now() + timedelta(minutes=settings().reset_minutes)).timestamp())
    record(Action.SIGNIN_LET_IN, actor=None, resource_type="user", resource_id=user.id)
    db.session.commit()
    text = signed.write("let-in", [user.id.hex, session_id.hex, expires_at])
    path = current_app.url_map.bind("localhost").build("outside.let_in", {"token": text})
    return settings().public_url.rstrip("/") + path


def use_let_in_link(link: str) -> Principal:
    """Sign in by such a link, once. Raises Unauthenticated."""
    dead = Unauthenticated("link_dead", gettext("This link was used already, or is too old. Make a new one."))
    try:
        facts = signed.read("let-in", link) or []
        user_id, session_id, expires_at = UUID(facts[0]), UUID(facts[1]), int(facts[2])
    except (IndexError, TypeError, ValueError, AttributeError):
        raise dead from None
    account = standing.by_id(user_id)
    if account is None or expires_at < clock.now().timestamp():
        raise dead
    hold(user_id)  # two clicks at once come one after the other
    used = select(AuditLog.id).where(AuditLog.resource_type == "signin", AuditLog.resource_id == str(session_id))
    account = _again(user_id)
    if db.session.scalar(used.limit(1)) or not account.is_active or ADMIN not in account.role_names:
        db.session.rollback()
        raise dead
    return service.start_session(account, via="command_line", session_id=session_id)
