"""The JSON calls of video sessions and their events."""

from io import BufferedReader, RawIOBase
from typing import Any, Final, cast
from uuid import UUID

from flask import Response, request, url_for
from flask_login import current_user

from quietus.core.access import requires
from quietus.core.api import ApiBlueprint
from quietus.core.errors import UnsupportedMediaType
from quietus.video import consents, exports, importing, service
from quietus.video.models import VideoSession
from quietus.video.notice import Notice, notice
from quietus.video.schemas import (
    ConsentSchema,
    ConsentsSchema,
    EventListSchema,
    EventQuerySchema,
    EventsSchema,
    ImportSchema,
    NoticeSchema,
    SessionListSchema,
    SessionQuerySchema,
    SessionSchema,
    StartSchema,
    StoredSchema,
)
from quietus.video.starting import Wish
from quietus.video.starting import start_session as begin
from quietus.video.storing import Stored
from quietus.video.storing import store_events as store

NDJSON: Final = "application/x-ndjson"
TEXT: Final = {"schema": {"type": "string"}}

bp = ApiBlueprint("video", __name__, description="Video sessions and the review priorities of their windows")


@bp.route("/video/notice", methods=["GET"])
@bp.response(200, NoticeSchema)
@bp.refuses(401, 403, 503)
@requires("hold_session", "hold_session_for", "see_own_sessions")
def show_notice() -> Notice:
    """What a person must have read before consenting."""
    return notice()


@bp.route("/video/consents", methods=["GET"])
@bp.response(200, ConsentsSchema)
@bp.refuses(401, 403, 503)
@requires("see_own_sessions")
def list_consents() -> dict[str, Any]:
    """Your consents, newest first."""
    return {"items": consents.listed(current_user.id)}


@bp.route("/video/consents", methods=["POST"])
@bp.arguments(ConsentSchema)
@bp.response(204)
@bp.refuses(400, 401, 403, 413, 415, 503)
@requires("hold_session")
def give_consent(body: dict[str, Any]) -> None:
    """Consent without starting a session, so that an agent may open one for you."""
    consents.give(actor=current_user, **body)


@bp.route("/video/consents", methods=["DELETE"])
@bp.response(204)
@bp.refuses(401, 403, 503)
@requires("see_own_sessions")
def withdraw_consent() -> None:
    """Withdraw your consent; your running sessions end, and nothing more of them is stored."""
    consents.withdraw(actor=current_user)


@bp.route("/video/sessions", methods=["POST"])
@bp.arguments(StartSchema)
@bp.response(201, SessionSchema)
@bp.alt_response(200, schema=SessionSchema, description="The session that this stream_session_id names already")
@bp.leads_to(201, "video.show_session", session_id="id")
@bp.leads_to(201, "video.store_events", session_id="id")
@bp.leads_to(201, "video.import_events", session_id="id")
@bp.leads_to(201, "video.list_events", session_id="id")
@bp.leads_to(201, "video.end_session", session_id="id")
@bp.leads_to(201, "video.delete_session", session_id="id")
@bp.refuses(400, 401, 403, 409, 413, 415, 503)
@requires("hold_session", "hold_session_for")
def start_session(body: dict[str, Any]) -> tuple[VideoSession, int, dict[str, str]]:
    """Start a session with the person's consent, or find it again by its stream_session_id."""
    consent = body.pop("consent", None) or {}
    wish = Wish(**body, consent_version=consent.get("version"), consent_accepted=consent.get("accepted", False))
    started = begin(wish, actor=current_user)
    place = url_for("video.show_session", session_id=started.session.id)
    return started.session, 200 if started.replayed else 201, {"Location": place}


@bp.route("/video/sessions", methods=["GET"])
@bp.arguments(SessionQuerySchema, location="query")
@bp.response(200, SessionListSchema)
@bp.leads_to(200, "video.list_sessions", cursor="next_cursor")
@bp.leads_to(200, "video.show_session", session_id="items/0/id")
@bp.refuses(401, 403, 503)
@requires("see_own_sessions")
def list_sessions(query: dict[str, Any]) -> dict[str, Any]:
    """Your sessions, newest first."""
    limit, cursor = query.pop("limit"), query.pop("cursor", None)
    page = service.list_sessions(for_user=current_user, filters=service.Filters(**query), limit=limit, cursor=cursor)
    return {"items": page.items, "next_cursor": page.next_cursor}


@bp.route("/video/sessions/<uuid:session_id>", methods=["GET"])
@bp.response(200, SessionSchema)
@bp.refuses(401, 403, 404, 503)
@requires("see_own_sessions", "hold_session_for", "post_events")
def show_session(session_id: UUID) -> VideoSession:
    """One session of yours, or one that you as an agent opened or joined."""
    return service.get_session(session_id, for_user=current_user)


@bp.route("/video/sessions/<uuid:session_id>", methods=["DELETE"])
@bp.response(204)
@bp.refuses(401, 403, 404, 503)
@requires("see_own_sessions")
def delete_session(session_id: UUID) -> None:
    """Delete one of your own sessions and its events for good."""
    service.delete_session(session_id, actor=current_user)


@bp.route("/video/sessions/<uuid:session_id>/end", methods=["POST"])
@bp.response(200, SessionSchema)
@bp.refuses(401, 403, 404, 503)
@requires("see_own_sessions", "hold_session_for")
def end_session(session_id: UUID) -> VideoSession:
    """End a session; ending it again gives the same answer."""
    return service.end_session(session_id, actor=current_user)


@bp.route("/video/sessions/<uuid:session_id>/events", methods=["POST"])
@bp.arguments(EventsSchema)
@bp.response(200, StoredSchema)
@bp.refuses(400, 401, 403, 404, 409, 413, 415, 503)
@requires("post_events")
def store_events(body: dict[str, Any], session_id: UUID) -> Stored:
    """Store up to 500 events, all or none; they are on disk when this answers."""
    return store(session_id, body["events"], actor=current_user)


@bp.route("/video/sessions/<uuid:session_id>/events", methods=["GET"])
@bp.arguments(EventQuerySchema, location="query")
@bp.response(200, EventListSchema)
@bp.leads_to(200, "video.list_events", session_id="path.session_id", cursor="next_cursor")
@bp.refuses(401, 403, 404, 503)
@requires("see_own_sessions")
def list_events(query: dict[str, Any], session_id: UUID) -> dict[str, Any]:
    """The events of one of your own sessions, newest first."""
    limit, cursor = query.pop("limit"), query.pop("cursor", None)
    page = service.events_of(
        session_id, for_user=current_user, filters=service.EventFilters(**query), limit=limit, cursor=cursor
    )
    return {"items": page.items, "next_cursor": page.next_cursor}


@bp.route("/video/sessions/<uuid:session_id>/events.<any(csv, jsonl):kind>", methods=["GET"])
@bp.doc(responses={200: {"description": "The file", "content": {"text/csv": TEXT, NDJSON: TEXT}}})
@bp.refuses(401, 403, 404, 503)
@requires("see_own_sessions")
def export_events(session_id: UUID, kind: str) -> Response:
    """All events of one of your own sessions, oldest first: `events.csv` or `events.jsonl`."""
    media_type, writer = exports.WRITERS[kind]
    answer = Response(writer(service.export_events(session_id, for_user=current_user)), content_type=media_type)
    answer.headers["Content-Disposition"] = f'attachment; filename="session-{session_id}.{kind}"'
    return answer


@bp.route("/video/sessions/<uuid:session_id>/events/import", methods=["POST"])
@bp.doc(requestBody={"required": True, "content": {NDJSON: TEXT}})
@bp.response(202, ImportSchema)
@bp.leads_to(202, "video.show_import", session_id="session_id", job_id="id")
@bp.refuses(400, 401, 403, 404, 409, 413, 415, 503)
@requires("post_events")
def import_events(session_id: UUID) -> tuple[dict[str, Any], int, dict[str, str]]:
    """Import a file with one event a line, in the background; follow it at `url`."""
    if request.mimetype != NDJSON:
        raise UnsupportedMediaType(None, f"Send one event a line: Content-Type: {NDJSON}.")
    file = BufferedReader(cast(RawIOBase, request.stream))
    shown = _import(importing.accept(session_id, file, actor=current_user))
    return shown, 202, {"Location": shown["url"]}


@bp.route("/video/sessions/<uuid:session_id>/events/import/<uuid:job_id>", methods=["GET"])
@bp.response(200, ImportSchema)
@bp.refuses(401, 403, 404, 503)
@requires("see_own_sessions", "post_events")
def show_import(session_id: UUID, job_id: UUID) -> dict[str, Any]:
    """How far an import has come, and which lines were bad."""
    return _import(importing.progress(session_id, job_id, for_user=current_user))


def _import(found: importing.Progress) -> dict[str, Any]:
    job, counts = found.job, found.counts
    return {
        "id": job.id,
        "session_id": job.session_id,
        "status": found.status,
        "progress": round(counts.pieces / job.pieces, 4) if job.pieces else 1.0,
        "lines": job.lines,
        "stored": counts.stored,
        "duplicates": counts.duplicates,
        "bad": counts.bad,
        "bad_lines": [{"line": line, "detail": detail} for line, detail in found.bad_lines],
        "failure_reason": job.failure,
        "created_at": job.created_at,
        "url": url_for("video.show_import", session_id=job.session_id, job_id=job.id),
    }
