"""The JSON calls of the audit trail."""

from typing import Any

from flask_login import current_user
from sqlalchemy import Row

from quietus.audit import searching
from quietus.audit.schemas import AuditPageSchema, AuditSearchSchema, VerificationSchema, VerifyQuerySchema
from quietus.audit.verifying import Verification, verify
from quietus.core.access import requires
from quietus.core.api import ApiBlueprint
from quietus.core.paging import Page

bp = ApiBlueprint("audits", __name__, description="Who did and read what")


@bp.route("/audit", methods=["GET"])
@bp.arguments(AuditSearchSchema, location="query")
@bp.response(200, AuditPageSchema)
@bp.leads_to(200, "audits.search", cursor="next_cursor")
@bp.refuses(401, 403, 422, 503)
@requires("search_audit")
def search(query: dict[str, Any]) -> Page[Row[Any]]:
    """Search the audit trail, newest first; the search is audited too."""
    limit, cursor = query.pop("limit"), query.pop("cursor", None)
    return searching.search(actor=current_user.id, filters=searching.Filters(**query), limit=limit, cursor=cursor)


@bp.route("/audit/verify", methods=["GET"])
@bp.arguments(VerifyQuerySchema, location="query")
@bp.response(200, VerificationSchema)
@bp.refuses(401, 403, 422, 503)
@requires("search_audit")
def check(query: dict[str, Any]) -> Verification:
    """Compare the newest sealed days with their seals, row by row."""
    return verify(actor=current_user.id, newest_days=query["days"])
