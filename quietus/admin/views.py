"""What admins see: the state of the desk, and on every page whether its background work stands still."""

from flask import Blueprint, render_template
from flask_login import current_user

from quietus.admin.service import desk_state
from quietus.core.access import requires
from quietus.core.health import beat_is_old

bp = Blueprint("admin", __name__, url_prefix="/admin")


@bp.get("/state")
@requires("see_state")
def state() -> str:
    return render_template("admin/state.html", state=desk_state())


@bp.app_context_processor
def heartbeat_for_admins() -> dict[str, bool]:
    """Whether the background work seems to stand still; asked for admins only, it costs a look at the broker."""
    if not current_user.is_authenticated or "ADMIN" not in current_user.role_names:
        return {"beat_is_old": False}
    return {"beat_is_old": beat_is_old()}
