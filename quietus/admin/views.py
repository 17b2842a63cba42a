"""What admins see: the state of the desk, and on every page whether its background work stands still."""

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from quietus.accounts.identity import signed_in
from quietus.admin.service import desk_state
from quietus.analysis.failed import list_failed
from quietus.analysis.service import retry_analysis
from quietus.core.access import requires
from quietus.core.errors import Conflict, Invalid
from quietus.core.health import beat_is_old
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
        flash("It is being read again.")
    except Conflict:  # a second click, or another admin was faster
        flash("This text is not waiting for another try.")
    return redirect(url_for("admin.failed"), 303)


@bp.app_context_processor
def heartbeat_for_admins() -> dict[str, bool]:
    """Whether the background work seems to stand still; asked for admins only, it costs a look at the broker."""
    if not current_user.is_authenticated or "ADMIN" not in current_user.role_names:
        return {"beat_is_old": False}
    return {"beat_is_old": beat_is_old()}
