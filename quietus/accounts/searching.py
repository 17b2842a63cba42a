"""Finds accounts for whoever manages them; that somebody looked is audited."""

from dataclasses import dataclass, fields
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select

from quietus.accounts.models import Role, User
from quietus.audit.service import record
from quietus.audit.tags import Action
from quietus.core.errors import Invalid, NotFound
from quietus.core.extensions import db
from quietus.core.paging import Page


@dataclass(frozen=True, slots=True)
class Filters:
    """What the list is narrowed to; `words` are part of the address or the name, or the whole id."""

    words: str | None = None
    role: str | None = None
    is_active: bool | None = None


def search_users(*, actor: UUID, filters: Filters, limit: int, cursor: UUID | None = None) -> Page[User]:
    """A page of accounts by address; `cursor` is the last account's id. Raises Invalid for a cursor of nobody."""
    query = select(User)
    if filters.words:
        query = query.where(_means(filters.words))
    if filters.role:
        query = query.where(User.roles.any(Role.name == filters.role))
    if filters.is_active is not None:
        query = query.where(User.is_active == filters.is_active)
    if cursor:
        # the id, not the address: a cursor stands in addresses, which proxies log
        last = db.session.scalar(select(User.email).where(User.id == cursor))
        if last is None:
            raise Invalid({"cursor": ["This is not a cursor of this list."]})
        query = query.where(User.email > last)
    found = list(db.session.scalars(query.order_by(User.email).limit(limit + 1)))
    items, more = found[:limit], len(found) > limit
    if not cursor:
        names = [each.name for each in fields(filters) if getattr(filters, each.name) is not None]
        record(Action.USERS_SEARCHED, actor=actor, resource_type="user", resource_id=None, metadata={"filters": names})
        db.session.commit()
    return Page(items, str(items[-1].id) if more else None)


def _means(words: str) -> ColumnElement[bool]:
    try:
        return User.id == UUID(words)
    except ValueError:
        return or_(User.email.icontains(words, autoescape=True), User.full_name.icontains(words, autoescape=True))


def view_user(user_id: UUID, *, actor: UUID) -> User:
    """One account, its looking-at audited. Raises NotFound."""
    user: User | None = db.session.get(User, user_id, populate_existing=True)
    if user is None:
        raise NotFound
    if user_id != actor:
        record(Action.USER_VIEWED, actor=actor, resource_type="user", resource_id=user_id)
        db.session.commit()
    return user
