"""What admins see: the state of the desk, and on every page whether its background work stands still."""

from datetime import timedelta
from uuid import UUID

from babel.dates import format_timedelta
from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user

from quietus.accounts.identity import signed_in
from quietus.admin.service import desk_state
from quietus.analysis.failed import list_failed
from quietus.analysis.service import retry_analysis
from quietus.core.access import requires
from quietus.core.errors import Conflict, Invalid
from quietus.core.health import beat_is_old
from quietus.core.languages import language
from quietus.core.paging import LIMIT_DEFAULT

bp = Blueprint("admin", __name__, url_prefix="/admin")


@bp.get("/state")
@requires("see_state")
def state() -> str:
    return render_template("admin/state.html", state=desk_state())


@bp.get("/failed")
@requires("see_failed")
def failed() -> ResponseReturnValue:
    try:
        page = list_failed(limit=LIMIT_DEFAULT, cursor=request.args.get("cursor"))
    except Invalid:  # a damaged link to an older page: show the newest
        return redirect(url_for("admin.failed"), 303)
    return render_template("admin/failed.html", page=page)


@bp.post("/failed/<uuid:analysis_id>/retry")
@requires("see_failed")
def retry(analysis_id: UUID) -> ResponseReturnValue:
    try:
        retry_analysis(analysis_id, actor=signed_in())
        flash(gettext("It is being read again."))
    except Conflict:  # a second click, or another admin was faster
        flash(gettext("This text is not waiting for another try."))
    return redirect(url_for("admin.failed"), 303)


@bp.app_template_filter("lasting")
def lasting(seconds: float) -> str:
    """3 minutes; a larger unit from two of it on."""
    return format_timedelta(timedelta(seconds=seconds), threshold=2, locale=language())


@bp.app_template_filter("ago")
def ago(seconds: float) -> str:
    """3 minutes ago."""
    past = timedelta(seconds=-max(1.0, seconds))  # nothing at all would lie ahead: in 0 seconds
    return format_timedelta(past, threshold=2, add_direction=True, locale=language())


@bp.app_context_processor
def heartbeat_for_admins() -> dict[str, bool]:
    """Whether the background work seems to stand still; asked for admins only, it costs a look at the broker."""
    if not current_user.is_authenticated or "ADMIN" not in current_user.role_names:
        return {"beat_is_old": False}
    return {"beat_is_old": beat_is_old()}
