"""Accounts as an admin or a command sees them: make one, set its roles, shut and open it."""

from uuid import UUID

from flask_babel import gettext
from sqlalchemy import delete, exists, select
from sqlalchemy.exc import IntegrityError

from quietus.accounts import fields, passwords
from quietus.accounts.models import Role, User
from quietus.accounts.permissions import ADMIN
from quietus.audit.service import record
from quietus.audit.tags import Action
from quietus.core import clock
from quietus.core.config import ConfigurationError
from quietus.core.errors import Conflict, Invalid, NotFound
from quietus.core.extensions import db


def add_user(*, email: str, full_name: str, password: str, roles: frozenset[str]) -> User:
    """Add an account to the current transaction; the caller records why and commits.

    Raises Invalid with every fault of every field, or Conflict when the address has an account.
    """
    errors: dict[str, list[str]] = {}
    kept_email = kept_name = ""
    try:
        kept_email = fields.email_address(email)
    except ValueError as error:
        errors["email"] = [str(error)]
    try:
        kept_name = fields.full_name(full_name)
    except ValueError as error:
        errors["full_name"] = [str(error)]
    if wrong := passwords.faults(password, email=kept_email, full_name=kept_name):
        errors["password"] = wrong
    if errors:
        raise Invalid(errors)
    taken = Conflict("email_taken", gettext("There is already an account with this e-mail address."))
    if db.session.scalar(select(exists().where(User.email == kept_email))):
        raise taken
    db.session.rollback()  # no connection is held while hashing
    password_hash = passwords.hash_password(password)
    user = User(email=kept_email, full_name=kept_name, password_hash=password_hash, roles=_roles(roles))
    db.session.add(user)
    try:
        db.session.flush()
    except IntegrityError as error:  # someone else was faster with the same address
        db.session.rollback()
        raise taken from error
    return user


def create_user(*, email: str, full_name: str, password: str, roles: frozenset[str], actor: UUID | None) -> User:
    """Make an account with any roles. Raises Invalid or Conflict."""
    user = add_user(email=email, full_name=full_name, password=password, roles=roles)
    record(
        Action.USER_CREATED,
        actor=actor,
        resource_type="user",
        resource_id=user.id,
        metadata={"roles": sorted(roles)},
    )
    db.session.commit()
    return user


def find_user(email: str) -> User:
    """The account of an address, however it is written. Raises NotFound."""
    try:
        kept = fields.email_address(email)
    except ValueError:
        kept = ""
    user: User | None = db.session.scalar(select(User).where(User.email == kept))
    if user is None:
        raise NotFound("no_such_account", gettext("No account has this e-mail address."))
    return user


def all_users() -> list[User]:
    return list(db.session.scalars(select(User).order_by(User.email)))


def set_roles(user_id: UUID, roles: frozenset[str], *, actor: UUID | None) -> User:
    """Replace the account's roles; they hold from its next request. Raises Invalid, NotFound or Conflict."""
    try:
        fields.role_names(roles)
    except ValueError as error:
        raise Invalid({"roles": [str(error)]}) from error
    if ADMIN not in roles:
        refuse_last_admin(user_id)
    user = _locked(user_id)
    before = user.role_names
    if before == roles:
        db.session.rollback()
        return user
    user.roles = _roles(roles)
    user.updated_at = clock.now()
    record(
        Action.USER_ROLES_SET,
        actor=actor,
        resource_type="user",
        resource_id=user_id,
        metadata={"before": sorted(before), "after": sorted(roles)},
    )
    db.session.commit()
    return user


def deactivate(user_id: UUID, *, actor: UUID | None) -> User:
    """Shut the account: sessions and tokens are dead from the next request. Raises NotFound or Conflict."""
    refuse_last_admin(user_id)
    return _set_active(user_id, False, Action.USER_DEACTIVATED, actor)


def activate(user_id: UUID, *, actor: UUID | None) -> User:
    """Open the account again; its owner signs in anew, old sessions stay dead. Raises NotFound."""
    return _set_active(user_id, True, Action.USER_ACTIVATED, actor)


def hold(user_id: UUID, *, against_new_rows: bool = False) -> None:
    """Keep the account's row until this transaction ends, so that acts on it come one after the other.

    `against_new_rows` also makes whoever stores a row of this person's wait. Raises NotFound.
    """
    found = select(User.id).where(User.id == user_id).with_for_update(key_share=not against_new_rows)
    if db.session.scalar(found) is None:
        db.session.rollback()
        raise NotFound


def remove(user_id: UUID) -> None:
    """Delete the account's row, and with it all that refers to it, in the current transaction; the caller commits.

    Raises Conflict for the last active ADMIN.
    """
    refuse_last_admin(user_id)
    db.session.execute(delete(User).where(User.id == user_id))


def _set_active(user_id: UUID, active: bool, action: Action, actor: UUID | None) -> User:
    user = _locked(user_id)
    if user.is_active != active:
        user.is_active = active
        user.updated_at = clock.now()
        record(action, actor=actor, resource_type="user", resource_id=user_id)
    db.session.commit()
    return user


def refuse_last_admin(user_id: UUID) -> None:
    """Raise Conflict when the account is the last active ADMIN.

    Locks every admin's row first, always in the same order, and looks again afterwards: of two admins who
    demote each other at the same time, the second waits here and then sees that it is the last.
    """
    admins = select(User.id).where(User.is_active, User.roles.any(Role.name == ADMIN)).order_by(User.id)
    db.session.execute(admins.with_for_update(key_share=True, of=User))
    if list(db.session.scalars(admins)) == [user_id]:
        db.session.rollback()
        raise Conflict("last_admin", gettext("This is the last admin. Make another account ADMIN first."))


def _locked(user_id: UUID) -> User:
    # key_share: other transactions may still store this person's texts, which only refer to the row
    user: User | None = db.session.scalar(
        select(User).where(User.id == user_id).with_for_update(key_share=True).execution_options(populate_existing=True)
    )
    if user is None:
        db.session.rollback()
        raise NotFound
    return user


def _roles(names: frozenset[str]) -> list[Role]:
    found = list(db.session.scalars(select(Role).where(Role.name.in_(names)).order_by(Role.name)))
    if len(found) != len(names):
        raise Invalid({"roles": [gettext("There is no such role.")]})
    return found


def ensure_first_admin(email: str, password: str | None) -> str | None:
    """Make the first ADMIN where there is none, and return its password; None when there is one already.

    Two programs may start at the same time: one makes it. Raises ConfigurationError, one sentence.
    """
    if _has_admin():
        return None
    chosen = password or passwords.made_up()
    try:
        create_user(email=email, full_name="First admin", password=chosen, roles=frozenset({ADMIN}), actor=None)
    except Conflict as error:
        if _has_admin():
            return None  # another start was faster
        # not promoted silently: whoever registered this address first would become the admin
        raise ConfigurationError(
            "The first admin's address has an account already: choose another QUIETUS_ADMIN_EMAIL."
        ) from error
    except Invalid as error:
        faults = " ".join(text for texts in (error.errors or {}).values() for text in texts)
        raise ConfigurationError(f"QUIETUS_ADMIN_EMAIL or QUIETUS_ADMIN_PASSWORD: {faults}") from error
    return chosen


def active_with(role: str, *, at_most: int) -> int:
    """How many active accounts hold the role, counted no further than `at_most`."""
    found = select(User.id).where(User.is_active, User.roles.any(Role.name == role)).limit(at_most)
    return len(db.session.scalars(found).all())


def _has_admin() -> bool:
    return bool(db.session.scalar(select(exists(User.id).where(User.roles.any(Role.name == ADMIN)))))
