"""The page about webhooks: who is told, what was delivered, a test, and sending again."""

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user

from quietus.core.access import requires
from quietus.core.errors import Conflict, Invalid, Unavailable
from quietus.core.paging import LIMIT_DEFAULT
from quietus.webhooks import service

bp = Blueprint("webhooks", __name__, url_prefix="/admin/webhooks")


@bp.get("")
@requires("see_webhooks")
def index() -> ResponseReturnValue:
    failed_only = request.args.get("show") == "failed"
    try:
        page = service.list_deliveries(failed_only=failed_only, limit=LIMIT_DEFAULT, cursor=request.args.get("cursor"))
    except Invalid:  # a damaged link to an older page: show the newest
        return redirect(url_for("webhooks.index"), 303)
    endpoints = service.list_endpoints()
    return render_template("webhooks/index.html", page=page, endpoints=endpoints, failed_only=failed_only)


@bp.post("/<string:name>/test")
@requires("send_webhooks")
def test(name: str) -> ResponseReturnValue:
    try:
        service.ask_for_test(name)
        flash(
            gettext("A test is on its way. What came of it stands in the list below in a moment: load the page again.")
        )
    except Unavailable as refusal:
        flash(refusal.detail, "error")
    return redirect(url_for("webhooks.index"), 303)


@bp.post("/<string:name>/deliveries/<uuid:about>/again")
@requires("send_webhooks")
def again(name: str, about: UUID) -> ResponseReturnValue:
    try:
        service.send_again(name, about, actor=current_user.id)
        flash(gettext("It is being sent again."))
    except Conflict as refusal:  # a second click, or another admin was faster
        flash(refusal.detail)
    return redirect(url_for("webhooks.index"), 303)
