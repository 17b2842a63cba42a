"""What people do with their own account: register, sign in and out, change and reset the password."""

from uuid import UUID, uuid4

from flask import current_app, g
from flask_babel import gettext
from flask_login import current_user
from flask_mailman import EmailMessage
from sqlalchemy import select, update

from quietus.accounts import fields, identity, passwords, reset_links, sessions, standing, throttle
from quietus.accounts.administration import add_user, ensure_first_admin
from quietus.accounts.identity import Principal
from quietus.accounts.models import User
from quietus.accounts.permissions import USER
from quietus.accounts.standing import Account
from quietus.audit.service import record
from quietus.audit.tags import Action
from quietus.core import clock
from quietus.core.celery import send
from quietus.core.config import settings
from quietus.core.errors import Conflict, Forbidden, Invalid, Unauthenticated, Unavailable
from quietus.core.extensions import db

__all__ = [
    "change_password",
    "ensure_first_admin",
    "mail_reset_link",
    "prove_password",
    "refuse_where_closed",
    "register",
    "request_reset",
    "reset_password",
    "sign_in",
    "sign_out",
    "sign_out_everywhere",
    "start_session",
]


def register(*, email: str, full_name: str, password: str, address: str | None) -> Principal:
    """Make an account with the role USER and sign in to it.

    Raises Forbidden (this desk makes its accounts itself), Invalid, Conflict (the address is taken) or
    TooManyRequests.
    """
    _refuse_without_passwords()
    refuse_where_closed()
    throttle.count_call("register", address)
    user = add_user(email=email, full_name=full_name, password=password, roles=frozenset({USER}))
    record(Action.USER_REGISTERED, actor=user.id, resource_type="user", resource_id=user.id)
    db.session.flush()
    return start_session(_account(user.id))


def refuse_where_closed() -> None:
    """Raise Forbidden, before anything is looked up, where nobody makes an account by themselves."""
    if settings().registration == "closed":
        words = gettext("The people who run this desk make its accounts. Please ask them.")
        raise Forbidden("registration_closed", words)


def sign_in(*, email: str, password: str, address: str | None) -> Principal:
    """Prove the password and start a session in this browser. Raises Unauthenticated or TooManyRequests."""
    _refuse_without_passwords()
    with throttle.failures_counted(_readable(email), address):
        account = standing.by_email(_readable(email))
        proven = _proven(account, password)
        _renew_hash(proven, password)
        return start_session(proven)


def _refuse_without_passwords() -> None:
    if not settings().password_sign_in:
        raise Forbidden(
            "password_sign_in_off",
            gettext("This desk takes no passwords for signing in. Use the other way to sign in."),
        )


def _readable(email: str) -> str:
    """The address as it is kept; what is no address is treated as one that nobody has."""
    try:
        return fields.email_address(email)
    except ValueError:
        return ""


def _proven(account: Account | None, password: str) -> Account:
    """The account, or Unauthenticated, in the same words and time for an unknown, a wrong and a shut one."""
    db.session.rollback()  # no connection is held while hashing
    right = passwords.matches(account.password_hash if account else None, password)
    if right and account is not None and account.is_active:
        return account
    reason = "unknown_account" if account is None else "deactivated" if right else "wrong_password"
    record(
        Action.SIGNIN_FAILED,
        actor=None,
        resource_type="signin",
        resource_id=account.id if account else None,
        metadata={"reason": reason},
    )
    db.session.commit()
    raise Unauthenticated("wrong_credentials", gettext("The e-mail address or the password is not right."))


def _renew_hash(account: Account, password: str) -> None:
    """Hash anew at today's cost; the settings may have changed since the password was stored."""
    if passwords.outdated(account.password_hash):
        renewed = passwords.hash_password(password)
        db.session.execute(
            update(User)
            .where(User.id == account.id, User.password_hash == account.password_hash)
            .values(password_hash=renewed)
        )


def start_session(account: Account, *, via: str = "password", session_id: UUID | None = None) -> Principal:
    """Sign this browser in to an account that was proven; commits with whatever the transaction holds."""
    session_id = session_id or uuid4()
    _end_this_session()
    facts = None if via == "password" else {"via": via}
    record(Action.SIGNIN_SUCCEEDED, actor=account.id, resource_type="signin", resource_id=session_id, metadata=facts)
    db.session.commit()
    sessions.start(account.id, session_id, account.generation)
    who = identity.of(account, session_id)
    identity.become(who)
    return who


def _end_this_session() -> None:
    if current_user.is_authenticated and not current_user.by_token:
        who = identity.signed_in()
        record(Action.SIGNIN_ENDED, actor=who.id, resource_type="signin", resource_id=who.credential)


def sign_out() -> None:
    """End this session for good: a copy of its cookie is dead too. Signing out twice is fine."""
    try:
        _end_this_session()
        db.session.commit()
    finally:
        # whatever happens, the person at this browser is signed out
        sessions.forget()
    if g.get("identity_unknown"):
        raise Unavailable(
            gettext("You are signed out in this browser, but the desk could not note it. Please try once more later.")
        )
    identity.become(identity.Nobody())


def sign_out_everywhere() -> None:
    """End every session and API token of the account, this session included."""
    who = identity.signed_in()
    _lock(who.id)
    record(Action.SIGNIN_ENDED_EVERYWHERE, actor=who.id, resource_type="user", resource_id=who.id)
    db.session.commit()
    sessions.forget()
    identity.become(identity.Nobody())


def change_password(*, current_password: str, new_password: str, address: str | None) -> None:
    """Change one's own password; this session goes on under a new id, every other and all tokens end.

    Raises Invalid, TooManyRequests, or Conflict when the account changed meanwhile.
    """
    account = prove_password(current_password, address=address, field="current_password")
    if passwords.normal(new_password) == passwords.normal(current_password):
        raise Invalid({"new_password": [gettext("This is the password you have now.")]})
    generation = _set_password(account, new_password, "new_password", Action.PASSWORD_CHANGED)
    session_id = uuid4()
    sessions.start(account.id, session_id, generation)
    identity.become(identity.of(account, session_id))


def prove_password(password: str, *, address: str | None, field: str = "password") -> Account:
    """The signed-in account, once its password is proven anew. Raises Invalid for `field`, or TooManyRequests."""
    account = _account(identity.signed_in().id)
    try:
        with throttle.failures_counted(account.email, address):
            return _proven(account, password)
    except Unauthenticated as error:
        raise Invalid({field: [gettext("This is not your password.")]}) from error


def _account(user_id: UUID) -> Account:
    account = standing.by_id(user_id)
    if account is None:
        raise Unauthenticated
    return account


def _set_password(account: Account, password: str, field: str, action: Action) -> int:
    """Store a new password, end everything older, commit; returns the new generation."""
    if faults := passwords.faults(password, email=account.email, full_name=account.full_name):
        raise Invalid({field: faults})
    password_hash = passwords.hash_password(password)
    user = _lock(account.id)
    now = standing.by_id(account.id)
    if user is None or now is None or now.generation != account.generation or not now.is_active:
        db.session.rollback()
        raise Conflict("account_changed", gettext("This account changed a moment ago. Please start again."))
    user.password_hash = password_hash
    user.updated_at = clock.now()
    row = record(action, actor=account.id, resource_type="user", resource_id=account.id)
    db.session.flush()
    generation = row.id
    db.session.commit()
    return generation


def _lock(user_id: UUID) -> User | None:
    """One account's acts that end everything come one after the other, so that their audit ids ascend."""
    return db.session.scalar(select(User).where(User.id == user_id).with_for_update(key_share=True))


def request_reset(*, email: str, address: str | None) -> None:
    """Ask for a reset link by mail. Does and says the same for an address nobody has.

    Raises TooManyRequests, or Unavailable when the mail cannot be handed over: no sweep would send it later.
    """
    throttle.count_call("forgot", address)
    kept = _readable(email)
    may_mail = throttle.may_mail(kept)
    account = standing.by_email(kept)
    found = account is not None and account.is_active and may_mail
    # a task for nobody is sent as well: the broker's time would tell who has an account
    recipient = account.id if account is not None and found else uuid4()
    record(
        Action.PASSWORD_RESET_REQUESTED,
        actor=None,
        resource_type="password",
        resource_id=account.id if account else None,
    )
    db.session.commit()
    if not send("mail.send", "password_reset", str(recipient)):
        raise Unavailable(gettext("The mail could not be sent now. Please try again in a moment."))


def mail_reset_link(user_id: UUID) -> None:
    """Mail the account's owner a link that sets a new password; nothing for an account that is not there."""
    account = standing.by_id(user_id)
    if account is None or not account.is_active:
        return
    # not render_template: a page's context asks who is signed in
    text = current_app.jinja_env.get_template("accounts/mail_reset.txt")
    body = text.render(link=reset_links.write(account), minutes=settings().reset_minutes)
    EmailMessage(gettext("Set a new password"), body, settings().mail_sender, [account.email]).send()


def reset_password(*, link: str, password: str) -> None:
    """Set a new password by a mailed link, and end every session and token. Raises LinkDead or Invalid."""
    account = reset_links.read(link)
    try:
        _set_password(account, password, "password", Action.PASSWORD_RESET)
    except Conflict as error:
        raise reset_links.LinkDead from error
