"""The JSON calls under /api/v1/auth."""

from typing import Any
from uuid import UUID

from flask import request
from flask_login import current_user
from flask_wtf.csrf import generate_csrf

from quietus.accounts import permissions, service, tokens
from quietus.accounts.identity import signed_in
from quietus.accounts.schemas import (
    CredentialsSchema,
    CsrfSchema,
    IssuedTokenSchema,
    MeSchema,
    PasswordChangeSchema,
    RegisteredSchema,
    RegistrationSchema,
    SignedInSchema,
    TokenListSchema,
    TokenRequestSchema,
)
from quietus.core.access import public, requires
from quietus.core.api import ApiBlueprint

bp = ApiBlueprint("auth", __name__, description="Accounts, sign-in and API tokens")


@bp.route("/auth/csrf")
@bp.doc(security=[])
@bp.response(200, CsrfSchema)
@public
def csrf() -> dict[str, str]:
    """The CSRF token of this browser session, for X-CSRFToken"""
    return {"csrf_token": generate_csrf()}


@bp.route("/auth/register", methods=["POST"])
@bp.doc(security=[])
@bp.arguments(RegistrationSchema)
@bp.response(201, RegisteredSchema)
@bp.refuses(400, 403, 409, 413, 415, 422, 429, 503)
@public
def register(body: dict[str, str]) -> dict[str, Any]:
    """Make an account with the role USER and sign in to it with a cookie"""
    return {"user": service.register(**body, address=request.remote_addr)}


@bp.route("/auth/login", methods=["POST"])
@bp.doc(security=[])
@bp.arguments(CredentialsSchema)
@bp.response(200, SignedInSchema)
@bp.refuses(400, 401, 403, 413, 415, 422, 429, 503)
@public
def login(body: dict[str, str]) -> dict[str, Any]:
    """Sign in with a cookie; the CSRF token changes with it"""
    who = service.sign_in(**body, address=request.remote_addr)
    return {"user": who, "csrf_token": generate_csrf()}


@bp.route("/auth/logout", methods=["POST"])
@bp.doc(security=[])
@bp.response(204)
@bp.refuses(403, 503)
@public
def logout() -> None:
    """End this session; also fine when there is none"""
    service.sign_out()


@bp.route("/auth/me")
@bp.response(200, MeSchema)
@bp.refuses(401, 403, 503)
@requires("see_account")
def me() -> dict[str, Any]:
    """Who this sign-in or token is, and what it may do"""
    who = signed_in()
    return {
        "user": who,
        "roles": sorted(who.role_names),
        "permissions": permissions.held(who.role_names, who.scopes),
    }


@bp.route("/auth/password", methods=["POST"])
@bp.doc(security=[{"session": []}])
@bp.arguments(PasswordChangeSchema)
@bp.response(204)
@bp.refuses(400, 401, 403, 409, 413, 415, 422, 429, 503)
@requires("own_account")
def change_password(body: dict[str, str]) -> None:
    """Change one's password; every other session and every token ends"""
    service.change_password(**body, address=request.remote_addr)


@bp.route("/auth/tokens", methods=["POST"])
@bp.doc(security=[{"session": []}])
@bp.arguments(TokenRequestSchema)
@bp.response(201, IssuedTokenSchema)
@bp.leads_to(201, "auth.revoke_token", token_id="token_id")  # noqa: S106 - the name of a field  # nosec B106
@bp.refuses(400, 401, 403, 409, 413, 415, 422, 503)
@requires("own_account")
def issue_token(body: dict[str, Any]) -> tokens.Issued:
    """Make an API token; its text is shown this once"""
    return tokens.issue(current_user.id, **body, actor=current_user.id)


@bp.route("/auth/tokens")
@bp.doc(security=[{"session": []}])
@bp.response(200, TokenListSchema)
@bp.refuses(401, 403, 503)
@requires("own_account")
def list_tokens() -> dict[str, Any]:
    """One's tokens that still work, newest first"""
    return {"items": tokens.live(current_user.id), "next_cursor": None}


@bp.route("/auth/tokens/<uuid:token_id>", methods=["DELETE"])
@bp.doc(security=[{"session": []}])
@bp.response(204)
@bp.refuses(401, 403, 404, 503)
@requires("own_account")
def revoke_token(token_id: UUID) -> None:
    """End a token; ending it twice is fine"""
    tokens.revoke(token_id, owner=current_user.id)
