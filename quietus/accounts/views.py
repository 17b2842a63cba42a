"""The account pages: register, sign in and out, forgotten password, account and tokens."""

from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user

from quietus.accounts import next_page, reset_links, service, tokens
from quietus.accounts.forms import (
    ForgotForm,
    PasswordForm,
    RegisterForm,
    ResetForm,
    SignInForm,
    TokenForm,
    show_errors,
)
from quietus.core import proxy_user
from quietus.core.access import public, requires
from quietus.core.config import settings
from quietus.core.errors import Conflict, Invalid, Unauthenticated

bp = Blueprint("accounts", __name__, url_prefix="/auth")


def after_sign_in(target: str | None) -> ResponseReturnValue:
    return redirect(next_page.within(target, _start()), code=303)


def _start() -> str:
    """Where somebody's work begins, when they did not ask for a page."""
    if current_user.can("see_state"):
        return url_for("start.index")
    return url_for("analysis.check_in") if current_user.can("submit") else url_for("home.index")


def sign_in_page(refusal: Unauthenticated | None = None, form: Any = None) -> ResponseReturnValue:
    """The page with every way to sign in that this desk has."""
    form = form or SignInForm(next=request.args.get("next", ""), formdata=None)
    if refusal:
        form.form_errors.append(refusal.detail)
    chosen = settings()
    page = render_template(
        "accounts/sign_in.html",
        form=form,
        oidc_name=chosen.oidc_name if chosen.oidc_issuer else None,
        proxy_person=proxy_user.named(),
    )
    return page, _status(form)


@bp.route("/sign-in", methods=["GET", "POST"])
@public
def sign_in() -> ResponseReturnValue:
    form: Any = SignInForm(next=request.args.get("next", ""))
    if form.validate_on_submit():
        try:
            service.sign_in(email=form.email.data, password=form.password.data, address=request.remote_addr)
        except Unauthenticated as refusal:
            return sign_in_page(refusal, form)
        else:
            return after_sign_in(form.next.data)
    return sign_in_page(form=form)


@bp.post("/sign-out")
@public
def sign_out() -> ResponseReturnValue:
    service.sign_out()
    return redirect(url_for("home.index"), code=303)


@bp.route("/register", methods=["GET", "POST"])
@public
def register() -> ResponseReturnValue:
    if not settings().password_sign_in:
        return redirect(url_for("accounts.sign_in"), code=303)
    service.refuse_where_closed()
    form: Any = RegisterForm()
    if form.validate_on_submit():
        try:
            service.register(
                email=form.email.data,
                full_name=form.full_name.data,
                password=form.password.data,
                address=request.remote_addr,
            )
        except Invalid as refusal:
            show_errors(form, refusal)
        except Conflict as refusal:
            form.email.errors = [refusal.detail]
        else:
            return after_sign_in(None)
    return render_template("accounts/register.html", form=form), _status(form)


@bp.route("/forgot", methods=["GET", "POST"])
@public
def forgot() -> ResponseReturnValue:
    form: Any = ForgotForm()
    sent = form.validate_on_submit()
    if sent:
        service.request_reset(email=form.email.data, address=request.remote_addr)
    return render_template("accounts/forgot.html", form=form, sent=sent), _status(form)


@bp.route("/reset/<token>", methods=["GET", "POST"])
@public
def reset(token: str) -> ResponseReturnValue:
    form: Any = ResetForm()
    try:
        if not form.is_submitted():
            # looking uses nothing up: mail programs open links to check them
            reset_links.read(token)
        elif form.validate():
            service.reset_password(link=token, password=form.password.data)
            flash(gettext("Your password is set. Please sign in with it."))
            return redirect(url_for("accounts.sign_in"), code=303)
    except Invalid as refusal:
        show_errors(form, refusal)
    except reset_links.LinkDead as refusal:
        another: Any = ForgotForm(formdata=None)
        another.form_errors.append(refusal.detail)
        return render_template("accounts/forgot.html", form=another, sent=False), refusal.status
    return render_template("accounts/reset.html", form=form), _status(form)


@bp.get("/account")
@requires("own_account")
def account() -> ResponseReturnValue:
    return _account_page()


@bp.post("/password")
@requires("own_account")
def change_password() -> ResponseReturnValue:
    form: Any = PasswordForm()
    if form.validate():
        try:
            service.change_password(
                current_password=form.current_password.data,
                new_password=form.new_password.data,
                address=request.remote_addr,
            )
            flash(gettext("Your password is changed. Every other device is signed out, and your tokens have ended."))
            return redirect(url_for("accounts.account"), code=303)
        except Invalid as refusal:
            show_errors(form, refusal)
    return _account_page(password_form=form)


@bp.post("/tokens")
@requires("own_account")
def issue_token() -> ResponseReturnValue:
    form: Any = TokenForm()
    if form.validate():
        try:
            issued = tokens.issue(
                current_user.id,
                name=form.name.data,
                scopes=form.scopes.data,
                days=form.days.data,
                actor=current_user.id,
            )
            # shown in this very answer: a redirect would have to carry it in the cookie, which is not secret
            return _account_page(new_token=issued.token)
        except Invalid as refusal:
            show_errors(form, refusal)
        except Conflict as refusal:
            form.form_errors.append(refusal.detail)
    return _account_page(token_form=form)


@bp.post("/tokens/<uuid:token_id>/revoke")
@requires("own_account")
def revoke_token(token_id: UUID) -> ResponseReturnValue:
    tokens.revoke(token_id, owner=current_user.id)
    flash(gettext("The token has ended."))
    return redirect(url_for("accounts.account"), code=303)


@bp.post("/sign-out-everywhere")
@requires("own_account")
def sign_out_everywhere() -> ResponseReturnValue:
    service.sign_out_everywhere()
    flash(gettext("You are signed out on every device, and your tokens have ended."))
    return redirect(url_for("accounts.sign_in"), code=303)


def _account_page(
    password_form: Any = None, token_form: Any = None, new_token: str | None = None
) -> ResponseReturnValue:
    # the other form of the page starts empty: it must not read the fields of the one that was sent
    password_form = password_form or PasswordForm(formdata=None)
    token_form = token_form or TokenForm(formdata=None)
    page = render_template(
        "accounts/account.html",
        password_form=password_form,
        token_form=token_form,
        tokens=tokens.live(current_user.id),
        new_token=new_token,
        roles=sorted(current_user.role_names),
    )
    return page, max(_status(password_form), _status(token_form))


def _status(form: Any) -> int:
    """422 for a form that was not accepted, so that programs and tests see it without reading the page."""
    return 422 if form.errors else 200
