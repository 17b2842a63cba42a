"""The pages of My data: see, download, erase, who read it, what was agreed to."""

from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user

from quietus.accounts import service as accounts
from quietus.accounts.identity import signed_in
from quietus.core.access import requires
from quietus.core.config import settings
from quietus.core.errors import Conflict, Invalid
from quietus.core.paging import LIMIT_DEFAULT
from quietus.privacy import exporting, reading, waiting
from quietus.privacy.forms import REASON_WORDS, EraseForm
from quietus.video import consents

bp = Blueprint("privacy", __name__, url_prefix="/me")


@bp.get("")
@requires("own_data")
def me() -> ResponseReturnValue:
    return _page(EraseForm(formdata=None))


def _page(form: Any) -> ResponseReturnValue:
    page = render_template(
        "privacy/me.html",
        form=form,
        held=exporting.my_data(current_user.id),
        erasure=waiting.erasure_of(current_user.id),
        consents=consents.listed(current_user.id),
        wait_days=settings().erasure_wait_days,
    )
    return page, 422 if form.errors else 200


@bp.post("/export")
@requires("own_data")
def export() -> Response:
    answer = Response(exporting.export(current_user.id, actor=current_user.id), content_type="application/zip")
    answer.headers["Content-Disposition"] = 'attachment; filename="my-data.zip"'
    return answer


@bp.post("/erase")
@requires("erase_own")
def erase() -> ResponseReturnValue:
    form: Any = EraseForm()
    if not form.validate():
        return _page(form)
    try:
        account = accounts.prove_password(form.password.data, address=request.remote_addr)
        waiting.request_own(account.id)
    except Invalid as refusal:
        form.password.errors = (refusal.errors or {})["password"]
        return _page(form)
    except Conflict as refusal:
        form.form_errors.append(refusal.detail)
        return _page(form)
    if settings().erasure_wait_days:
        flash(gettext("Your erasure is noted. Until its day you can change your mind here."))
        return redirect(url_for("privacy.me"), 303)
    accounts.sign_out()
    flash(gettext("You are signed out, and what we hold of you is being erased now. It takes a moment."))
    return redirect(url_for("home.index"), 303)


@bp.post("/erase/cancel")
@requires("erase_own")
def keep() -> ResponseReturnValue:
    waiting.cancel(current_user.id, actor=current_user.id)
    flash(gettext("Nothing will be erased. Your account stays."))
    return redirect(url_for("privacy.me"), 303)


@bp.get("/access-log")
@requires("own_data")
def access_log() -> ResponseReturnValue:
    try:
        page = reading.access_log(current_user.id, limit=LIMIT_DEFAULT, cursor=request.args.get("cursor"))
    except Invalid:  # a damaged link to an older page: show the newest
        return redirect(url_for("privacy.access_log"), 303)
    reasons = {code.value: words for code, words in REASON_WORDS.items()}
    return render_template("privacy/access_log.html", page=page, reasons=reasons)


@bp.post("/consents/withdraw")
@requires("own_data")
def withdraw() -> ResponseReturnValue:
    consents.withdraw(actor=signed_in())
    flash(gettext("Your consent is taken back. A session that was running has ended."))
    return redirect(url_for("privacy.me"), 303)
