"""The pages of signing in without a password: by a provider, by a proxy, or by a link of the command line."""

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from quietus.accounts import next_page, outside
from quietus.accounts.views import after_sign_in, sign_in_page
from quietus.core import proxy_user
from quietus.core.access import public
from quietus.core.config import settings
from quietus.core.errors import NotFound, Unauthenticated
from quietus.core.extensions import db

bp = Blueprint("outside", __name__, url_prefix="/auth")

NEXT = "after_oidc"


@bp.get("/oidc")
@public
def oidc_start() -> ResponseReturnValue:
    if not settings().oidc_issuer:
        raise NotFound
    from quietus.accounts import oidc

    answer = oidc.begin()
    session[NEXT] = next_page.within(request.args.get("next"), "")
    return answer


@bp.get("/oidc/back")
@public
def oidc_back() -> ResponseReturnValue:
    if not settings().oidc_issuer:
        raise NotFound
    target = session.pop(NEXT, None)
    try:
        from quietus.accounts import oidc

        voucher = oidc.finish()
        outside.sign_in(voucher, address=request.remote_addr)
    except Unauthenticated as refusal:
        db.session.rollback()
        return sign_in_page(refusal)
    return after_sign_in(target)


@bp.post("/proxy")
@public
def proxy() -> ResponseReturnValue:
    named = proxy_user.named()
    if named is None:
        raise NotFound
    voucher = outside.Voucher("proxy", named.strip().lower(), named, "", settings().proxy_register)
    try:
        outside.sign_in(voucher, address=request.remote_addr)
    except Unauthenticated as refusal:
        return sign_in_page(refusal)
    return after_sign_in(request.form.get("next"))


@bp.route("/let-in/<token>", methods=["GET", "POST"])
@public
def let_in(token: str) -> ResponseReturnValue:
    if request.method == "GET":  # looking uses nothing up
        return render_template("accounts/let_in.html")
    try:
        outside.use_let_in_link(token)
    except Unauthenticated as refusal:
        return sign_in_page(refusal)
    flash(gettext("You are signed in by a link of this machine's command line. It worked this once."))
    return redirect(url_for("admin.state"), 303)
