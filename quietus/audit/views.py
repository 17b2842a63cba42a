"""The pages of the audit trail: search, download, check the seals."""

import json
from collections.abc import Iterator
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from quietus.audit import searching
from quietus.audit.forms import SearchForm
from quietus.audit.verifying import WORDS, verify
from quietus.core.access import requires
from quietus.core.errors import Invalid
from quietus.core.exports import csv_lines
from quietus.core.pages import rfc3339
from quietus.core.paging import LIMIT_DEFAULT

bp = Blueprint("audit", __name__, url_prefix="/audit")

CHECKED_DAYS = 31


@bp.get("")
@requires("search_audit")
def search() -> ResponseReturnValue:
    form = SearchForm(request.args)
    rows: list[Any] = []
    next_cursor, valid = None, form.validate()
    if valid:
        try:
            page = searching.search(
                actor=current_user.id,
                filters=form.filters(),
                limit=LIMIT_DEFAULT,
                cursor=request.args.get("cursor"),
            )
            rows, next_cursor = page.items, page.next_cursor
        except Invalid:  # a damaged link to an older page: show the newest
            return redirect(url_for("audit.search"), 303)
    shown = render_template("audit/search.html", form=form, rows=rows, next_cursor=next_cursor, kept=_kept(form))
    return shown, 200 if valid else 422


@bp.get("/rows.csv")
@requires("search_audit")
def export_csv() -> Response:
    form = SearchForm(request.args)
    if not form.validate():
        raise Invalid({field.name: [str(text) for text in field.errors] for field in form if field.errors})
    answer = Response(content_type="text/csv; charset=utf-8")
    if request.method != "HEAD":
        answer.response = _csv(searching.export(actor=current_user.id, filters=form.filters()))
    answer.headers["Content-Disposition"] = 'attachment; filename="audit.csv"'
    return answer


@bp.get("/verify")
@requires("search_audit")
def check() -> str:
    found = verify(actor=current_user.id, newest_days=CHECKED_DAYS)
    return render_template("audit/verify.html", found=found, words=WORDS, days=CHECKED_DAYS)


def _kept(form: SearchForm) -> dict[str, str]:
    return {field.name: field.data for field in form if field.data}


def _csv(rows: Iterator[Any]) -> Iterator[str]:
    yield "\ufeff"  # spreadsheets take UTF-8 for something else without it
    yield from csv_lines(searching.COLUMNS, (_cells(row) for row in rows))


def _cells(row: Any) -> list[object]:
    facts = None if row.metadata is None else json.dumps(row.metadata, ensure_ascii=False, sort_keys=True)
    return [row.id, row.user_id, row.action, row.resource_type, row.resource_id, facts, rfc3339(row.created_at)]
