"""The JSON calls about webhooks."""

from typing import Any
from uuid import UUID

from flask_login import current_user
from sqlalchemy import RowMapping

from quietus.core.access import requires
from quietus.core.api import ApiBlueprint
from quietus.core.paging import Page
from quietus.webhooks import service
from quietus.webhooks.schemas import DeliveriesQuerySchema, DeliveriesSchema, EndpointsSchema

bp = ApiBlueprint("webhook-calls", __name__, description="Outgoing webhooks and their deliveries")


@bp.route("/webhooks", methods=["GET"])
@bp.response(200, EndpointsSchema)
@bp.refuses(401, 403, 503)
@requires("see_webhooks")
def list_endpoints() -> dict[str, Any]:
    """The endpoints of the settings, without their secrets."""
    return {"items": service.list_endpoints(), "next_cursor": None}


@bp.route("/webhooks/deliveries", methods=["GET"])
@bp.arguments(DeliveriesQuerySchema, location="query")
@bp.response(200, DeliveriesSchema)
@bp.refuses(401, 403, 422, 503)
@requires("see_webhooks")
def list_deliveries(query: dict[str, Any]) -> Page[RowMapping]:
    """Every try, newest first."""
    return service.list_deliveries(**query)


@bp.route("/webhooks/<string:name>/test", methods=["POST"])
@bp.doc(security=[{"session": []}])
@bp.response(204)
@bp.refuses(401, 403, 404, 503)
@requires("send_webhooks")
def test(name: str) -> None:
    """Have a test message sent; what comes of it stands in the list of deliveries."""
    service.ask_for_test(name)


@bp.route("/webhooks/<string:name>/deliveries/<uuid:about>/again", methods=["POST"])
@bp.doc(security=[{"session": []}])
@bp.response(204)
@bp.refuses(401, 403, 404, 409, 503)
@requires("send_webhooks")
def again(name: str, about: UUID) -> None:
    """Send again what was given up; it keeps its webhook-id."""
    service.send_again(name, about, actor=current_user.id)
