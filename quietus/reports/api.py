"""The JSON calls of reports."""

from typing import Any
from uuid import UUID

from flask import Response, request
from flask_login import current_user

from quietus.accounts.identity import signed_in
from quietus.core.access import requires
from quietus.core.api import ApiBlueprint
from quietus.reports import service
from quietus.reports.catalogue import reports_for
from quietus.reports.downloads import as_answer
from quietus.reports.render import FORMATS
from quietus.reports.schemas import (
    MyReportsSchema,
    ReportCatalogueSchema,
    ReportFormatSchema,
    ReportJobSchema,
    ReportOrderSchema,
)

bp = ApiBlueprint("report-jobs", __name__, description="Reports: files made of figures, built in the background")


@bp.route("/reports/catalogue", methods=["GET"])
@bp.response(200, ReportCatalogueSchema)
@bp.refuses(401, 403, 503)
@requires("build_reports")
def catalogue() -> dict[str, Any]:
    """The reports you may ask for."""
    return {"items": reports_for(current_user), "formats": list(FORMATS)}


@bp.route("/reports", methods=["GET"])
@bp.response(200, MyReportsSchema)
@bp.refuses(401, 403, 503)
@requires("build_reports")
def mine() -> dict[str, Any]:
    """Your own newest reports."""
    return {"items": service.my_jobs(for_user=current_user)}


@bp.route("/reports", methods=["POST"])
@bp.arguments(ReportOrderSchema)
@bp.response(202, ReportJobSchema, headers={"Location": {"schema": {"type": "string"}}})
@bp.leads_to(202, "report-jobs.show", report_id="id")
@bp.leads_to(202, "report-jobs.download", report_id="id")
@bp.leads_to(202, "report-jobs.delete", report_id="id")
@bp.refuses(400, 401, 403, 404, 413, 415, 422, 503)
@requires("build_reports")
def order(body: dict[str, Any]) -> tuple[service.Job, int, dict[str, str]]:
    """Ask for a report; one of yours that asks the same and is still on its way is returned instead."""
    job = service.request_report(body["name"], body["params"], actor=current_user)
    return job, 202, {"Location": f"{request.path}/{job.id}"}


@bp.route("/reports/<uuid:report_id>", methods=["GET"])
@bp.response(200, ReportJobSchema)
@bp.refuses(401, 403, 404, 503)
@requires("build_reports")
def show(report_id: UUID) -> service.Job:
    """How a report of yours stands."""
    return service.get_job(report_id, for_user=current_user)


@bp.route("/reports/<uuid:report_id>/download", methods=["GET"])
@bp.arguments(ReportFormatSchema, location="query")
@bp.response(200, {"type": "string", "format": "binary"}, content_type="application/octet-stream")
@bp.refuses(401, 403, 404, 409, 422, 503)
@requires("build_reports")
def download(query: dict[str, Any], report_id: UUID) -> Response:
    """A READY report as a file."""
    if request.method == "HEAD":  # looking is not taking: nothing is read and nothing audited
        service.get_job(report_id, for_user=current_user)
        return Response(content_type=FORMATS[query["format_name"]].media_type)
    return as_answer(service.download(report_id, query["format_name"], for_user=signed_in()))


@bp.route("/reports/<uuid:report_id>", methods=["DELETE"])
@bp.response(204)
@bp.refuses(401, 403, 404, 503)
@requires("build_reports")
def delete(report_id: UUID) -> None:
    """Cancel a report on its way, or delete the result of one that is ready."""
    service.delete_report(report_id, actor=current_user)
