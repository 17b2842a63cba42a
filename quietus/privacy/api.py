"""The JSON calls of /me."""

from typing import Any

from flask import Response, request
from flask_login import current_user

from quietus.accounts import service as accounts
from quietus.accounts.identity import signed_in
from quietus.core.access import requires
from quietus.core.api import ApiBlueprint
from quietus.core.paging import Page
from quietus.privacy import exporting, reading, waiting
from quietus.privacy.schemas import (
    AccessLogSchema,
    EraseSchema,
    ErasureSchema,
    GivenConsentListSchema,
    PageQuerySchema,
)
from quietus.video import consents

bp = ApiBlueprint("me", __name__, description="Your own data: export, erasure, readings, consents")

ZIP = {"type": "string", "format": "binary"}


@bp.route("/me/export", methods=["POST"])
@bp.response(200, ZIP, content_type="application/zip")
@bp.refuses(401, 403, 503)
@requires("own_data")
def export() -> Response:
    """Everything the desk holds about you, as a zip of JSON and CSV, made while it is sent."""
    answer = Response(exporting.export(current_user.id, actor=current_user.id), content_type="application/zip")
    answer.headers["Content-Disposition"] = 'attachment; filename="my-data.zip"'
    return answer


@bp.route("/me/erase", methods=["POST"])
@bp.doc(security=[{"session": []}])
@bp.arguments(EraseSchema)
@bp.response(202, ErasureSchema)
@bp.refuses(400, 401, 403, 409, 413, 415, 422, 429, 503)
@requires("erase_own")
def erase(body: dict[str, str]) -> waiting.Erasure:
    """Ask to be erased; it happens after a waiting time, and asking twice changes nothing."""
    account = accounts.prove_password(body["password"], address=request.remote_addr)
    return waiting.request_own(account.id)


@bp.route("/me/erase", methods=["DELETE"])
@bp.doc(security=[{"session": []}])
@bp.response(204)
@bp.refuses(401, 403, 503)
@requires("erase_own")
def keep() -> None:
    """Stay after all; also fine when no erasure waits."""
    waiting.cancel(current_user.id, actor=current_user.id)


@bp.route("/me/access-log", methods=["GET"])
@bp.arguments(PageQuerySchema, location="query")
@bp.response(200, AccessLogSchema)
@bp.leads_to(200, "me.access_log", cursor="next_cursor")
@bp.refuses(401, 403, 422, 503)
@requires("own_data")
def access_log(query: dict[str, Any]) -> Page[reading.Reading]:
    """Who read your words: when, in which role and for which reason."""
    return reading.access_log(current_user.id, limit=query["limit"], cursor=query.get("cursor"))


@bp.route("/me/consents", methods=["GET"])
@bp.response(200, GivenConsentListSchema)
@bp.refuses(401, 403, 503)
@requires("own_data")
def list_consents() -> dict[str, Any]:
    """What you agreed to, newest first."""
    return {"items": consents.listed(current_user.id), "next_cursor": None}


@bp.route("/me/consents/withdraw", methods=["POST"])
@bp.response(204)
@bp.refuses(401, 403, 503)
@requires("own_data")
def withdraw() -> None:
    """Take back the consent to video sessions; a session that runs ends. Twice is fine."""
    consents.withdraw(actor=signed_in())
