"""Where an admin begins: what to do next on a new desk, and once that is done how the desk is."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user

from quietus.accounts.identity import signed_in
from quietus.admin import first_steps
from quietus.core.access import requires

bp = Blueprint("start", __name__, url_prefix="/admin")


@bp.get("")
@requires("see_state")
def index() -> ResponseReturnValue:
    return redirect(url_for("start.show" if first_steps.are_open() else "admin.state"), 303)


@bp.get("/start")
@requires("see_state")
def show() -> str:
    steps = first_steps.first_steps()
    return render_template("admin/start.html", steps=steps, left=sum(step.state == "todo" for step in steps))


@bp.post("/start/close")
@requires("see_state")
def close() -> ResponseReturnValue:
    first_steps.close(actor=signed_in().id)
    flash(gettext("The list is closed. The State page still leads to it."))
    return redirect(url_for("admin.state"), 303)


@bp.post("/start/helplines")
@requires("see_state")
def helplines_checked() -> ResponseReturnValue:
    first_steps.note_helplines_checked(actor=signed_in().id)
    flash(gettext("Noted, with your name and today’s date."))
    return redirect(url_for("start.show"), 303)


@bp.before_app_request
def instead_of_an_empty_home() -> ResponseReturnValue | None:
    """A new desk's admin has nothing to read on the home page: they see what to do, until it is done or closed."""
    if request.endpoint != "home.index" or not current_user.is_authenticated or not current_user.can("see_state"):
        return None
    return redirect(url_for("start.show"), 303) if first_steps.are_open() else None
