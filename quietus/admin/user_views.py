"""The pages for managing accounts: search, roles, deactivation, and erasure by two admins."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user

from quietus.accounts import administration, searching
from quietus.admin.forms import ROLE_LABELS, RolesForm, UsersForm, cursor_of
from quietus.core.access import requires
from quietus.core.errors import Conflict, Invalid
from quietus.core.paging import LIMIT_DEFAULT
from quietus.privacy import waiting

bp = Blueprint("users_admin", __name__, url_prefix="/admin/users")


@bp.get("")
@requires("manage_users")
def search() -> ResponseReturnValue:
    form = UsersForm(request.args)
    users: list[Any] = []
    next_cursor, valid = None, form.validate()
    if valid:
        try:
            page = searching.search_users(
                actor=current_user.id,
                filters=form.filters(),
                limit=LIMIT_DEFAULT,
                cursor=cursor_of(request.args.get("cursor")),
            )
            users, next_cursor = page.items, page.next_cursor
        except (Invalid, ValueError):  # a damaged link to a later page: show the first
            return redirect(url_for("users_admin.search"), 303)
    shown = render_template(
        "admin/users.html",
        form=form,
        users=users,
        next_cursor=next_cursor,
        kept={field.name: field.data for field in form if field.data},
        proposals=waiting.open_proposals(),
    )
    return shown, 200 if valid else 422


@bp.get("/<uuid:user_id>")
@requires("manage_users")
def show(user_id: UUID) -> ResponseReturnValue:
    return _page(user_id)


def _page(user_id: UUID, form: Any = None) -> ResponseReturnValue:
    user = searching.view_user(user_id, actor=current_user.id)
    page = render_template(
        "admin/user.html",
        user=user,
        form=form or RolesForm(formdata=None, roles=sorted(user.role_names)),
        labels=ROLE_LABELS,
        erasure=waiting.erasure_of(user_id),
    )
    return page, 422 if form else 200


@bp.post("/<uuid:user_id>/roles")
@requires("manage_users")
def set_roles(user_id: UUID) -> ResponseReturnValue:
    form: Any = RolesForm()
    if not form.validate():
        return _page(user_id, form)

    def change() -> None:
        administration.set_roles(user_id, frozenset(form.roles.data), actor=current_user.id)

    return _done(user_id, change, gettext("The roles are set. They hold from the account’s next request."))


@bp.post("/<uuid:user_id>/deactivate")
@requires("manage_users")
def deactivate(user_id: UUID) -> ResponseReturnValue:
    return _done(
        user_id,
        lambda: administration.deactivate(user_id, actor=current_user.id),
        gettext("The account is deactivated. It is signed out everywhere."),
    )


@bp.post("/<uuid:user_id>/activate")
@requires("manage_users")
def activate(user_id: UUID) -> ResponseReturnValue:
    return _done(
        user_id,
        lambda: administration.activate(user_id, actor=current_user.id),
        gettext("The account is active. Its owner can sign in again."),
    )


@bp.post("/<uuid:user_id>/erasure")
@requires("erase_subject")
def propose(user_id: UUID) -> ResponseReturnValue:
    return _done(
        user_id,
        lambda: waiting.propose(user_id, actor=current_user.id),
        gettext("Noted. Nothing is erased until another admin confirms it within seven days."),
    )


@bp.post("/<uuid:user_id>/erasure/confirm")
@requires("erase_subject")
def confirm(user_id: UUID) -> ResponseReturnValue:
    return _done(
        user_id,
        lambda: waiting.confirm(user_id, actor=current_user.id),
        gettext("Confirmed. The account will be erased when its waiting time is over."),
    )


@bp.post("/<uuid:user_id>/erasure/cancel")
@requires("erase_subject")
def cancel(user_id: UUID) -> ResponseReturnValue:
    return _done(
        user_id,
        lambda: waiting.cancel(user_id, actor=current_user.id),
        gettext("Nothing will be erased. The account stays."),
    )


def _done(user_id: UUID, act: Callable[[], object], words: str) -> ResponseReturnValue:
    """Do it and say so, or say why not; either way back to the account's page."""
    try:
        act()
    except Conflict as refusal:
        flash(refusal.detail, "error")
    else:
        flash(words)
    return redirect(url_for("users_admin.show", user_id=user_id), 303)
