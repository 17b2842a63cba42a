"""The JSON calls for managing accounts."""

from typing import Any
from uuid import UUID

from flask_login import current_user

from quietus.accounts import administration, searching
from quietus.accounts.models import User
from quietus.admin.schemas import ManagedUserSchema, ManagedUsersSchema, UserChangeSchema, UsersQuerySchema
from quietus.core.access import requires
from quietus.core.api import ApiBlueprint
from quietus.core.paging import Page

bp = ApiBlueprint("users", __name__, description="Accounts and their roles")


@bp.route("/users", methods=["GET"])
@bp.arguments(UsersQuerySchema, location="query")
@bp.response(200, ManagedUsersSchema)
@bp.leads_to(200, "users.list_users", cursor="next_cursor")
@bp.leads_to(200, "users.show_user", user_id="items/0/id")
@bp.leads_to(200, "users.change_user", user_id="items/0/id")
@bp.refuses(401, 403, 422, 503)
@requires("manage_users")
def list_users(query: dict[str, Any]) -> Page[User]:
    """Accounts by address; the search is audited."""
    limit, cursor = query.pop("limit"), query.pop("cursor", None)
    return searching.search_users(actor=current_user.id, filters=searching.Filters(**query), limit=limit, cursor=cursor)


@bp.route("/users/<uuid:user_id>", methods=["GET"])
@bp.response(200, ManagedUserSchema)
@bp.refuses(401, 403, 404, 503)
@requires("manage_users")
def show_user(user_id: UUID) -> User:
    """One account; that it was looked at is audited."""
    return searching.view_user(user_id, actor=current_user.id)


@bp.route("/users/<uuid:user_id>", methods=["PATCH"])
@bp.arguments(UserChangeSchema)
@bp.response(200, ManagedUserSchema)
@bp.refuses(400, 401, 403, 404, 409, 413, 415, 422, 503)
@requires("manage_users")
def change_user(body: dict[str, Any], user_id: UUID) -> User:
    """Set roles, deactivate or activate; the last active ADMIN stays one."""
    user = searching.view_user(user_id, actor=current_user.id)
    # first what can be refused: nothing is done by half
    if "is_active" in body:
        change = administration.activate if body["is_active"] else administration.deactivate
        user = change(user_id, actor=current_user.id)
    if "roles" in body:
        user = administration.set_roles(user_id, frozenset(body["roles"]), actor=current_user.id)
    return user
