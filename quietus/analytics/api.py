"""The JSON calls of figures."""

from typing import Any

from flask_login import current_user

from quietus.analytics import service
from quietus.analytics.schemas import AnswerSchema, CatalogueSchema, ParamsSchema, columns, plain
from quietus.core.access import requires
from quietus.core.api import ApiBlueprint

bp = ApiBlueprint("figures", __name__, description="Figures, each with the SQL that gave it")


@bp.route("/analytics", methods=["GET"])
@bp.response(200, CatalogueSchema)
@bp.leads_to(200, "figures.show", name="items/0/name")
@bp.refuses(401, 403, 503)
@requires("see_figures")
def catalogue() -> dict[str, Any]:
    """The figures you may ask for."""
    return {"items": service.figures_for(current_user)}


@bp.route("/analytics/<name>", methods=["GET"])
@bp.arguments(ParamsSchema, location="query")
@bp.response(200, AnswerSchema)
@bp.refuses(401, 403, 404, 422, 503)
@requires("see_figures")
def show(query: dict[str, Any], name: str) -> dict[str, Any]:
    """A figure's rows, beside the SQL, its values, and the time it took."""
    figure = service.get_figure(name, for_user=current_user)
    answer = service.answer(name, service.read_params(name, query), for_user=current_user)
    return {
        "name": name,
        "title": figure.title,
        "columns": columns(figure),
        "rows": [[plain(value) for value in row] for row in answer.rows],
        "query": {
            "sql": answer.query.sql,
            "params": {key: plain(value) for key, value in answer.query.params.items()},
            "psql": answer.query.psql,
            "row_count": answer.query.row_count,
            "elapsed_ms": answer.query.elapsed_ms,
        },
        "note": answer.note,
        "data": {
            "server": answer.origin.server,
            "watermark": answer.origin.watermark,
            "lag_seconds": answer.origin.lag_seconds,
            "note": answer.origin.note,
        },
    }
