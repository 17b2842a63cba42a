"""The pages of a person's own texts: check-in, result, history."""

from uuid import UUID

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user

from quietus.analysis import accepting, exports, service
from quietus.analysis.explaining import explain_analysis, segments
from quietus.analysis.forms import CheckInForm, HistoryForm
from quietus.analysis.models import Source
from quietus.core.access import requires
from quietus.core.errors import Conflict, Invalid
from quietus.core.paging import LIMIT_DEFAULT
from quietus.textmodel.artefact import shipped_version

bp = Blueprint("analysis", __name__)


@bp.get("/check-in")
@requires("submit")
def check_in() -> ResponseReturnValue:
    return render_template("analysis/check_in.html", form=CheckInForm(formdata=None))


@bp.post("/check-in")
@requires("submit")
def submit() -> ResponseReturnValue:
    form = CheckInForm()
    if not form.validate():
        return render_template("analysis/check_in.html", form=form), 422
    submission = accepting.Submission(str(form.text.data), Source.WEB_FORM, UUID(form.request_id.data))
    accepted = accepting.accept(submission, actor=current_user)
    return redirect(url_for("analysis.result", analysis_id=accepted.record.id), 303)


@bp.get("/check-in/<uuid:analysis_id>")
@requires("see_own")
def result(analysis_id: UUID) -> str:
    return _show("analysis/result.html", analysis_id)


@bp.get("/check-in/<uuid:analysis_id>/state")
@requires("see_own")
def state(analysis_id: UUID) -> str:
    return _show("analysis/_state.html", analysis_id)


def _show(template: str, analysis_id: UUID) -> str:
    record = service.get_analysis(analysis_id, for_user=current_user)
    return render_template(
        template,
        record=record,
        reason=service.failure_reason(record),
        noticed=service.noticed(record),
        explainable=record.model_version == shipped_version(),
    )


@bp.get("/check-in/<uuid:analysis_id>/words")
@requires("see_own")
def words(analysis_id: UUID) -> str:
    """Which words moved the priority; a page of its own, since not everybody wants to see it."""
    record = service.get_analysis(analysis_id, for_user=current_user)
    found = explain_analysis(record)
    cut = segments(record.input_text, found.outcome.spans)
    return render_template("analysis/words.html", record=record, explanation=found, segments=cut)


@bp.post("/check-in/<uuid:analysis_id>/delete")
@requires("see_own")
def delete(analysis_id: UUID) -> ResponseReturnValue:
    service.delete_analysis(analysis_id, actor=current_user)
    flash(gettext("Your text is deleted."))
    return redirect(url_for("analysis.history"), 303)


@bp.post("/check-in/<uuid:analysis_id>/retry")
@requires("see_own")
def retry(analysis_id: UUID) -> ResponseReturnValue:
    try:
        service.retry_analysis(analysis_id, actor=current_user)
    except Conflict:  # a second click, or another tab was faster: the page shows how it stands
        flash(gettext("This text is not waiting for another try."))
    return redirect(url_for("analysis.result", analysis_id=analysis_id), 303)


@bp.get("/history")
@requires("see_own")
def history() -> ResponseReturnValue:
    form = HistoryForm(request.args)
    records, next_cursor, valid = [], None, form.validate()
    if valid:
        try:
            page = service.list_analyses(
                for_user=current_user,
                filters=form.filters(),
                limit=LIMIT_DEFAULT,
                cursor=request.args.get("cursor"),
            )
            records, next_cursor = page.items, page.next_cursor
        except Invalid:  # a damaged link to an older page: show the newest
            return redirect(url_for("analysis.history"), 303)
    shown = render_template(
        "analysis/history.html",
        records=records,
        next_cursor=next_cursor,
        filters={name: request.args.get(name, "") for name in ("predicted_label", "source", "from", "to")},
        errors=form.faults(),
    )
    return shown, 200 if valid else 422


@bp.get("/history.csv")
@requires("see_own")
def export_csv() -> Response:
    return _export("csv", "text/csv; charset=utf-8")


@bp.get("/history.json")
@requires("see_own")
def export_json() -> Response:
    return _export("json", "application/json")


def _export(kind: str, media_type: str) -> Response:
    form = HistoryForm(request.args)
    if not form.validate():
        raise Invalid(form.faults())
    if request.method == "HEAD":
        answer = Response(content_type=media_type)
    else:
        records = service.export_analyses(for_user=current_user, filters=form.filters())
        answer = Response(exports.WRITERS[kind](records), content_type=media_type)
    answer.headers["Content-Disposition"] = f'attachment; filename="check-ins.{kind}"'
    return answer
