"""The pages of reports: what can be asked for, the form, the report on its way, one's own list."""

from collections.abc import Mapping
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user

from quietus.accounts.identity import signed_in
from quietus.analytics.parameters import PARAMETERS
from quietus.core.access import requires
from quietus.core.errors import Conflict, Invalid, NotFound, TooManyRequests, Unavailable
from quietus.reports import periods, service, summaries
from quietus.reports.catalogue import get_report, reports_for
from quietus.reports.downloads import as_answer
from quietus.reports.render import FORMATS
from quietus.reports.render.shown import heading, in_words

bp = Blueprint("reports", __name__, url_prefix="/reports")


@bp.get("")
@requires("build_reports")
def index() -> str:
    reports = reports_for(current_user)
    jobs: list[service.Job] | None
    try:
        jobs = service.my_jobs(for_user=current_user)
    except Unavailable:  # the catalogue is worth showing even while nothing can be built
        jobs = None
    return render_template("reports/index.html", reports=reports, jobs=jobs, parameters=PARAMETERS)


@bp.get("/new/<name>")
@requires("build_reports")
def new(name: str) -> ResponseReturnValue:
    return _form(name, request.args, {})


@bp.post("/new/<name>")
@requires("build_reports")
def order(name: str) -> ResponseReturnValue:
    report = get_report(name, for_user=current_user)
    try:
        # the parameters of this report only: the form carries a token and an address bar may carry anything
        raw = {key: request.form.get(key) for key in report.parameters}
        job = service.request_report(name, raw, actor=current_user)
    except Invalid as refusal:
        return _form(name, request.form, refusal.errors or {}), 422
    return redirect(url_for("reports.show", report_id=job.id), 303)


def _form(name: str, given: Mapping[str, str], errors: dict[str, list[str]]) -> str:
    report = get_report(name, for_user=current_user)
    return render_template("reports/new.html", report=report, parameters=PARAMETERS, given=given, errors=errors)


@bp.get("/<uuid:report_id>")
@requires("build_reports")
def show(report_id: UUID) -> str:
    return _show("reports/show.html", report_id)


@bp.get("/<uuid:report_id>/state")
@requires("build_reports")
def state(report_id: UUID) -> str:
    return _show("reports/_state.html", report_id)


def _show(template: str, report_id: UUID) -> str:
    job = service.get_job(report_id, for_user=current_user)
    return render_template(template, job=job, formats=FORMATS, parameters=PARAMETERS)


@bp.get("/<uuid:report_id>/download.<format_name>")
@requires("build_reports")
def download(report_id: UUID, format_name: str) -> ResponseReturnValue:
    if request.method == "HEAD":  # looking is not taking: nothing is read and nothing audited
        service.get_job(report_id, for_user=current_user)
        return Response()
    try:
        return as_answer(service.download(report_id, format_name, for_user=signed_in()))
    except Conflict as refusal:
        flash(refusal.detail, "warning")
        return redirect(url_for("reports.show", report_id=report_id), 303)


@bp.post("/<uuid:report_id>/delete")
@requires("build_reports")
def delete(report_id: UUID) -> ResponseReturnValue:
    was_live = service.get_job(report_id, for_user=current_user).live
    service.delete_report(report_id, actor=current_user)
    flash(gettext("The report is cancelled.") if was_live else gettext("The result is deleted."))
    return redirect(url_for("reports.index"), 303)


@bp.post("/<uuid:report_id>/again")
@requires("build_reports")
def again(report_id: UUID) -> ResponseReturnValue:
    job = service.run_again(report_id, actor=current_user)
    return redirect(url_for("reports.show", report_id=job.id), 303)


@bp.get("/summaries", endpoint="summaries")
@requires("build_reports")
def list_summaries() -> str:
    return render_template(
        "reports/summaries.html", summaries=summaries.summaries(), muted=summaries.is_muted(current_user.id)
    )


@bp.get("/summaries/<period_id>")
@requires("build_reports")
def summary(period_id: str) -> str:
    return render_template(
        "reports/summary.html",
        reading=summaries.read_summary(period_id, for_user=current_user),
        in_words=in_words,
        heading=heading,
        utc=ZoneInfo("UTC"),
    )


@bp.post("/summaries/send/<kind>")
@requires("build_reports")
def send_summary(kind: str) -> ResponseReturnValue:
    if kind not in periods.DAYS:
        raise NotFound
    try:
        period = summaries.send_me_one("daily" if kind == "daily" else "weekly", actor=current_user)
        flash(gettext("The summary is on its way to your address: %(period)s.", period=period.title))
    except TooManyRequests:
        flash(gettext("One was sent to you a moment ago."), "warning")
    return redirect(url_for("reports.summaries"), 303)


@bp.post("/summaries/mails/<wanted>")
@requires("build_reports")
def mute(wanted: str) -> ResponseReturnValue:
    if wanted not in ("on", "off"):
        raise NotFound
    summaries.mute(wanted == "off", actor=current_user)
    on = wanted == "on"
    flash(gettext("Summaries come to your address.") if on else gettext("No more summaries come to your address."))
    return redirect(url_for("reports.summaries"), 303)
