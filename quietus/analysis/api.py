"""The JSON calls of analyses."""

import re
import threading
import time
from typing import Any
from uuid import UUID

import structlog
from flask import Response, jsonify, url_for
from flask_babel import gettext
from flask_login import current_user
from sqlalchemy.exc import SQLAlchemyError

from quietus.analysis import accepting, service
from quietus.analysis.explaining import explain_analysis
from quietus.analysis.exports import COLUMNS
from quietus.analysis.models import AnalysisRecord
from quietus.analysis.schemas import (
    AcceptedSchema,
    AcceptHeadersSchema,
    AnalysisSchema,
    BatchAnswerSchema,
    BatchSchema,
    ExplanationSchema,
    ListQuerySchema,
    ListSchema,
    OutcomeSchema,
    SubmissionSchema,
)
from quietus.core.access import requires
from quietus.core.api import ApiBlueprint
from quietus.core.errors import Invalid, Problem, flatten
from quietus.core.extensions import db
from quietus.textmodel.explain import Explanation

bp = ApiBlueprint("analyses", __name__, description="Texts and their review priorities")

log = structlog.get_logger(__name__)

WAIT = re.compile(r"\bwait=(\d{1,3})\b")
WAIT_MAX_SECONDS = 10
POLL_SECONDS = 0.05
# of the 8 threads of a web process (core/gunicorn_conf.py)
WAITERS = threading.BoundedSemaphore(4)

Answer = tuple[Any, int, dict[str, str]]


@bp.route("/analyses", methods=["POST"])
@bp.arguments(SubmissionSchema, example={"text": "I have not slept well this week and everything feels heavy."})
@bp.arguments(AcceptHeadersSchema, location="headers")
@bp.response(202, AcceptedSchema)
@bp.alt_response(200, schema=AnalysisSchema, description="With `Prefer: wait`, when the outcome came in time")
@bp.refuses(400, 401, 403, 409, 413, 415, 422, 503)
@bp.leads_to(202, "analyses.show", analysis_id="id")
@bp.leads_to(202, "analyses.explanation", analysis_id="id")
@bp.leads_to(202, "analyses.post_outcome", analysis_id="id")
@bp.leads_to(202, "analyses.retry", analysis_id="id")
@bp.leads_to(202, "analyses.delete", analysis_id="id")
@requires("submit", "submit_for")
def submit(body: dict[str, Any], headers: dict[str, Any]) -> Answer | Response:
    """Submit a text; it is stored before this answers, and read in the background."""
    key = headers.get("idempotency_key")
    if key and body.setdefault("request_id", key) != key:
        raise Invalid({"request_id": [gettext("Differs from the Idempotency-Key header; send one of them.")]})
    accepted = accepting.accept(accepting.Submission(**body), actor=current_user)
    record = accepted.record
    answer_headers = {"Location": _url(record)}
    if accepted.replayed:
        answer_headers["Idempotency-Replayed"] = "true"
    asked = WAIT.search(headers.get("prefer") or "")
    waited = _wait(record, min(int(asked[1]), WAIT_MAX_SECONDS)) if asked else None
    if asked and waited:
        answer_headers["Preference-Applied"] = f"wait={asked[1]}"
        answer = jsonify(AnalysisSchema().dump(waited))
        answer.headers.update(answer_headers)
        return answer
    return _accepted(record), 202, answer_headers


def _wait(record: AnalysisRecord, seconds: int) -> dict[str, Any] | None:
    """What to show of the record once it has an outcome; None when that took too long, or anything went wrong.

    The text is stored: whatever happens here, the answer stays 202.
    """
    # those who wait hold a thread each; the others' requests must still find one
    if not WAITERS.acquire(blocking=False):
        return None
    deadline = time.monotonic() + seconds
    try:
        while service.is_pending(record.id):
            if time.monotonic() >= deadline:
                return None
            time.sleep(POLL_SECONDS)
        return _shown(service.get_analysis(record.id, for_user=current_user))
    except (Problem, SQLAlchemyError) as error:
        db.session.rollback()
        log.warning("analysis.wait_ended", error=type(error).__name__)
        return None
    finally:
        WAITERS.release()


@bp.route("/analyses/batch", methods=["POST"])
@bp.arguments(BatchSchema)
@bp.response(207, BatchAnswerSchema)
@bp.refuses(400, 401, 403, 413, 415, 422, 503)
@requires("submit", "submit_for")
def submit_batch(body: dict[str, Any]) -> dict[str, Any]:
    """Submit up to 200 texts in one commit; each is accepted or refused on its own."""
    results: list[dict[str, Any]] = []
    submissions: list[accepting.Submission] = []
    for item in body["items"]:
        errors = SubmissionSchema().validate(item) if isinstance(item, dict) else {"_": [gettext("Not an object.")]}
        if errors:
            results.append(_refused(Invalid(flatten(errors))))
        else:
            submissions.append(accepting.Submission(**SubmissionSchema().load(item)))
            results.append({})
    answers = iter(accepting.accept_batch(submissions, actor=current_user) if submissions else [])
    return {"items": [result or _result(next(answers)) for result in results]}


def _result(answer: accepting.Accepted | Problem) -> dict[str, Any]:
    if isinstance(answer, Problem):
        return _refused(answer)
    return {"status": 202, "replayed": answer.replayed, "analysis": _accepted(answer.record)}


def _refused(problem: Problem) -> dict[str, Any]:
    told = {"status": problem.status, "code": problem.code, "detail": problem.detail}
    return told | ({"errors": problem.errors} if problem.errors else {})


def _url(record: AnalysisRecord) -> str:
    return url_for("analyses.show", analysis_id=record.id)


def _accepted(record: AnalysisRecord) -> dict[str, Any]:
    return {"id": record.id, "request_id": record.request_id, "status": record.status, "url": _url(record)}


def _shown(record: AnalysisRecord) -> dict[str, Any]:
    """The record's facts for AnalysisSchema, with the reason where it FAILED."""
    facts = {name: getattr(record, name) for name in (*COLUMNS, "status")}
    reason = service.failure_reason(record)
    return facts | ({"failure_reason": reason} if reason else {})


@bp.route("/analyses", methods=["GET"])
@bp.arguments(ListQuerySchema, location="query")
@bp.response(200, ListSchema)
@bp.leads_to(200, "analyses.list_analyses", cursor="next_cursor")
@bp.leads_to(200, "analyses.show", analysis_id="items/0/id")
@bp.refuses(401, 403, 422, 503)
@requires("see_own", "submit_for")
def list_analyses(query: dict[str, Any]) -> dict[str, Any]:
    """Your records, newest first; a SERVICE also finds what it submitted for others."""
    limit, cursor = query.pop("limit"), query.pop("cursor", None)
    page = service.list_analyses(for_user=current_user, filters=service.Filters(**query), limit=limit, cursor=cursor)
    return {"items": page.items, "next_cursor": page.next_cursor}


@bp.route("/analyses/<uuid:analysis_id>", methods=["GET"])
@bp.response(200, AnalysisSchema)
@bp.refuses(401, 403, 404, 503)
@requires("see_own", "submit_for")
def show(analysis_id: UUID) -> dict[str, Any]:
    """One record, with its outcome once it is there."""
    return _shown(service.get_analysis(analysis_id, for_user=current_user))


@bp.route("/analyses/<uuid:analysis_id>", methods=["DELETE"])
@bp.response(204)
@bp.refuses(401, 403, 404, 503)
@requires("see_own")
def delete(analysis_id: UUID) -> None:
    """Delete one of your own records for good."""
    service.delete_analysis(analysis_id, actor=current_user)


@bp.route("/analyses/<uuid:analysis_id>/retry", methods=["POST"])
@bp.response(202, AcceptedSchema)
@bp.refuses(401, 403, 404, 409, 503)
@requires("see_own", "see_failed")
def retry(analysis_id: UUID) -> dict[str, Any]:
    """Have a FAILED text read again."""
    return _accepted(service.retry_analysis(analysis_id, actor=current_user))


@bp.route("/analyses/<uuid:analysis_id>/outcome", methods=["POST"])
@bp.arguments(OutcomeSchema)
@bp.response(200, AnalysisSchema)
@bp.refuses(400, 401, 403, 404, 409, 413, 415, 422, 503)
@requires("post_outcome")
def post_outcome(body: dict[str, Any], analysis_id: UUID) -> dict[str, Any]:
    """Give a PENDING text its outcome, from a model of your own (QUIETUS_MODEL=external)."""
    return _shown(service.give_outcome(analysis_id, actor=current_user, **body))


@bp.route("/analyses/<uuid:analysis_id>/explanation", methods=["GET"])
@bp.response(200, ExplanationSchema)
@bp.refuses(401, 403, 404, 409, 503)
@requires("see_own", "submit_for")
def explanation(analysis_id: UUID) -> Explanation:
    """Which words and phrases moved the priority, computed again by the version that recorded it."""
    return explain_analysis(service.get_analysis(analysis_id, for_user=current_user))
