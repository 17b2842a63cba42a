"""The browsable API documentation: Swagger UI from local files over the OpenAPI document."""

from flask import Blueprint, render_template

from quietus.core.access import public

bp = Blueprint("api_docs", __name__)


@bp.get("/api/docs")
@public
def page() -> str:
    return render_template("api/docs.html")
