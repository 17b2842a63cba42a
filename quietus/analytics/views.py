"""The dashboard, each figure on a page of its own, and its CSV."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from flask import Blueprint, Response, redirect, render_template, request, stream_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from quietus.analytics import panels, service, showing
from quietus.analytics.parameters import PARAMETERS
from quietus.analytics.schemas import plain
from quietus.core.access import requires
from quietus.core.errors import Invalid
from quietus.core.exports import csv_lines

bp = Blueprint("analytics", __name__, url_prefix="/dashboard")

FILTERS: Final = ("from", "to", "tz", "granularity", "source", "client_platform", "session_type", "model_version")
# a whole line of the page at once, yet never a figure late
FLUSH_CHARACTERS: Final = 1024

bp.add_app_template_filter(showing.cell, "figure_cell")
bp.add_app_template_filter(showing.number, "figure_number")
bp.add_app_template_filter(showing.heat, "figure_heat")
bp.add_app_template_filter(showing.words, "figure_words")


@bp.get("")
@requires("see_figures")
def dashboard() -> ResponseReturnValue:
    """Streamed: each figure is on the page as soon as it is counted."""
    given = _given(FILTERS)
    try:
        asked = panels.prepare(given, for_user=current_user)
    except Invalid as invalid:
        return _page("analytics/dashboard.html", given, invalid), 422
    parts = _page_facts(given) | {"panels": panels.counted(asked, for_user=current_user), "params": asked[0].params}
    return Response(_in_lines(stream_template("analytics/dashboard.html", **parts)), mimetype="text/html")


@bp.get("/<name>")
@requires("see_figures")
def figure(name: str) -> ResponseReturnValue:
    found = service.get_figure(name, for_user=current_user)
    given = _given(found.parameters)
    if not all(given.get(needed) for needed in found.required) and not request.args:
        return _page("analytics/figure.html", given, figure=found)  # nobody has been named yet: only ask
    try:
        asked = [panels.prepare_one(found, given)]
    except Invalid as invalid:
        return _page("analytics/figure.html", given, invalid, figure=found), 422
    (panel,) = panels.counted(asked, for_user=current_user)
    return _page("analytics/figure.html", given, figure=found, panel=panel)


@bp.get("/<name>.csv")
@requires("see_figures")
def export_csv(name: str) -> ResponseReturnValue:
    """The rows as they came from PostgreSQL, under the names of their columns."""
    found = service.get_figure(name, for_user=current_user)
    if request.method == "HEAD":
        return Response(content_type="text/csv; charset=utf-8")
    answer = service.answer(name, service.read_params(name, _given(found.parameters)), for_user=current_user)
    rows = ([plain(value) for value in row] for row in answer.rows)
    # spreadsheets take UTF-8 for something else without the first character
    lines = ["\ufeff", *csv_lines(answer.columns, rows)]
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return Response(lines, content_type="text/csv; charset=utf-8", headers=headers)


@bp.get("/")
@requires("see_figures")
def with_slash() -> ResponseReturnValue:
    return redirect(url_for("analytics.dashboard"), 301)


def _given(names: Iterable[str]) -> dict[str, str]:
    return {name: request.args[name] for name in names if request.args.get(name)}


def _page_facts(given: Mapping[str, str]) -> dict[str, Any]:
    return {
        "given": given,
        "parameters": {name: PARAMETERS[name] for name in FILTERS},
        "errors": {},
        "periods": panels.periods(given),
        "figures": service.figures_for(current_user),
    }


def _page(template: str, given: Mapping[str, str], invalid: Invalid | None = None, **facts: Any) -> str:
    shown = _page_facts(given) | {
        "panel": None,
        "panels": (),
        "params": None,
        "errors": (invalid.errors if invalid else None) or {},
    }
    if "figure" in facts:
        shown["parameters"] = {name: PARAMETERS[name] for name in facts["figure"].parameters}
    return render_template(template, **shown | facts)


def _in_lines(pieces: Iterable[str]) -> Iterator[str]:
    """A template comes in thousands of pieces; this many characters are sent together."""
    waiting: list[str] = []
    for piece in pieces:
        waiting.append(piece)
        if sum(map(len, waiting)) > FLUSH_CHARACTERS:
            yield "".join(waiting)
            waiting.clear()
    yield "".join(waiting)
