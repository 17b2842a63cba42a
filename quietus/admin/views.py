"""What admins see on every page, and the browsable API documentation."""

from flask import Blueprint, render_template
from flask_login import current_user

from quietus.core.access import public
from quietus.core.health import HEARTBEAT_OLD_SECONDS, beat_age_seconds

bp = Blueprint("api_docs", __name__)


@bp.get("/api/docs")
@public
def page() -> str:
    """Swagger UI from local files over /api/v1/openapi.json."""
    return render_template("api/docs.html")


@bp.app_context_processor
def heartbeat_for_admins() -> dict[str, bool]:
    """Whether the background work seems to stand still; asked for admins only, it costs a look at the broker."""
    if not current_user.is_authenticated or "ADMIN" not in current_user.role_names:
        return {"beat_is_old": False}
    age = beat_age_seconds()
    return {"beat_is_old": age is None or age > HEARTBEAT_OLD_SECONDS}
