"""The one gate in front of every view: who may call it, and whether a write comes from our own pages."""

from typing import Any, Final

from flask import Flask, Response, current_app, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user
from flask_wtf.csrf import CSRFError
from werkzeug.urls import iri_to_uri

from quietus.accounts import identity, sessions, tokens
from quietus.core.access import PUBLIC
from quietus.core.errors import Forbidden, NotFound, Unauthenticated
from quietus.core.extensions import csrf, login_manager, wants_json
from quietus.core.forms import refuse_undecodable

# made by Flask and flask-smorest, which cannot carry a marker: page assets and the OpenAPI document
OPEN_ENDPOINTS: Final = frozenset({"static", "api-docs.openapi_json"})
SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})


def init_app(app: Flask) -> None:
    app.before_request(_begin_as_nobody)
    app.before_request(check)


def _begin_as_nobody() -> None:
    """An application context may serve several requests in a row (a command, a test): nothing stays."""
    for name in ("_login_user", "identity_unknown", "csrf_token", "csrf_valid"):
        g.pop(name, None)


def check() -> ResponseReturnValue | None:
    """Refuse what the view's marker does not allow; a view without a marker does not exist for anybody."""
    if request.endpoint is None or request.endpoint in OPEN_ENDPOINTS:
        return None  # no such address (404, 405 come from the router), or open by nature
    view = current_app.view_functions[request.endpoint]
    access: Any = getattr(view, "access", ())
    if not access:
        raise NotFound
    if access != PUBLIC and not current_user.is_authenticated:
        return _ask_to_sign_in()
    if request.method not in SAFE_METHODS:
        refuse_undecodable()
        _refuse_forged_writes()
    if access == PUBLIC:
        return None
    if not any(current_user.can(permission) for permission in access):
        raise _lacks_the_right()
    if not current_user.by_token and not getattr(view, "by_itself", False):
        sessions.touch()
    return None


def _ask_to_sign_in() -> ResponseReturnValue:
    identity.refuse_unknown()
    if wants_json():
        if tokens.presented() is None:
            raise Unauthenticated
        raise Unauthenticated("token_dead", gettext("This token is unknown, expired or revoked."))
    # only a page can be come back to; a form's content is gone either way
    back = iri_to_uri(request.full_path.rstrip("?")) if request.method in SAFE_METHODS else None
    if request.headers.get("HX-Request"):
        # htmx would put the sign-in page into a fragment of this one: it goes there as a whole instead
        return Response(status=401, headers={"HX-Redirect": url_for("accounts.sign_in")})
    return redirect(url_for("accounts.sign_in", next=back), code=303)


def _refuse_forged_writes() -> None:
    """Any browser sends the cookie with a form that another site made; only our pages know the CSRF token.

    Also for signing in and registering: else another site could sign its visitor in to an account of its own
    and read what they write there. A token in a header is never sent by a browser unasked.
    """
    if tokens.presented() is not None and current_user.is_authenticated:
        return
    try:
        csrf.protect()
    except CSRFError as error:
        raise Forbidden(
            "csrf_failed",
            gettext("This form is no longer valid: please load the page again. Programs send X-CSRFToken."),
        ) from error


def _lacks_the_right() -> Forbidden:
    if not current_user.by_token:
        return Forbidden()
    return Forbidden("token_forbidden", gettext("This token's scopes, or its owner's roles, do not allow this."))


login_manager.anonymous_user = identity.Nobody


@login_manager.request_loader
def _load(_: Any) -> identity.Principal | None:
    return identity.load()
