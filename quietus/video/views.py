"""The pages of live sessions: the camera page, the list of one's sessions, one session."""

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user

from quietus.core import clock
from quietus.core.access import asked_by_itself, requires
from quietus.core.errors import Invalid
from quietus.core.headers import allow_camera
from quietus.core.languages import language
from quietus.core.paging import LIMIT_DEFAULT
from quietus.video import consents, exports, service
from quietus.video.notice import notice, notice_in
from quietus.video.starting import sessions_allowed
from quietus.video.timeline import measured, timeline

bp = Blueprint("sessions", __name__)

WINDOWS_PER_PAGE = 120  # ten minutes of the live page


@bp.get("/live")
@requires("hold_session")
def live() -> Response:
    page = render_template(
        "video/live.html", notice=notice_in(language()), binding=notice(), allowed=sessions_allowed()
    )
    return allow_camera(make_response(page))


@bp.get("/sessions")
@requires("see_own_sessions")
def index() -> ResponseReturnValue:
    try:
        page = service.list_sessions(
            for_user=current_user,
            filters=service.Filters(),
            limit=LIMIT_DEFAULT,
            cursor=request.args.get("cursor"),
        )
    except Invalid:  # a damaged link to an older page: show the newest
        return redirect(url_for("sessions.index"), 303)
    return render_template(
        "video/sessions.html",
        page=page,
        now=clock.now(),
        consent=consents.standing(current_user.id),
    )


@bp.get("/sessions/<uuid:session_id>")
@requires("see_own_sessions")
def show(session_id: UUID) -> ResponseReturnValue:
    try:
        return render_template("video/session.html", **_shown(session_id, request.args.get("cursor")))
    except Invalid:  # as above
        return redirect(url_for("sessions.show", session_id=session_id), 303)


@bp.get("/sessions/<uuid:session_id>/state")
@asked_by_itself
@requires("see_own_sessions")
def state(session_id: UUID) -> ResponseReturnValue:
    """What the open page of a running session asks for; nothing at all while it is as that page shows it."""
    shown = _shown(session_id)
    if shown["seen"] == request.args.get("now"):
        return "", 204
    return render_template("video/_session.html", **shown)


def _shown(session_id: UUID, cursor: str | None = None) -> dict[str, Any]:
    """A session and a page of its windows. Raises NotFound, Invalid for a foreign cursor."""
    session = service.get_session(session_id, for_user=current_user)
    page = service.events_of(
        session_id, for_user=current_user, filters=service.EventFilters(), limit=WINDOWS_PER_PAGE, cursor=cursor
    )
    return {
        "session": session,
        "timeline": timeline(page.items),
        "measured": measured,
        "next_cursor": page.next_cursor,
        "now": clock.now(),
        "seen": f"{session.status}-{page.items[0].id if page.items else 'none'}",
        "by_itself": session.status == "ACTIVE" and not cursor,
    }


@bp.get("/sessions/<uuid:session_id>.<any(csv, jsonl):kind>")
@requires("see_own_sessions")
def export(session_id: UUID, kind: str) -> Response:
    media_type, writer = exports.WRITERS[kind]
    if request.method == "HEAD":
        service.get_session(session_id, for_user=current_user)
        answer = Response(content_type=media_type)
    else:
        answer = Response(writer(service.export_events(session_id, for_user=current_user)), content_type=media_type)
    answer.headers["Content-Disposition"] = f'attachment; filename="session-{session_id}.{kind}"'
    return answer


@bp.post("/sessions/<uuid:session_id>/end")
@requires("see_own_sessions")
def end(session_id: UUID) -> ResponseReturnValue:
    service.end_session(session_id, actor=current_user)
    flash(gettext("The session has ended."))
    return redirect(url_for("sessions.show", session_id=session_id), 303)


@bp.post("/sessions/<uuid:session_id>/delete")
@requires("see_own_sessions")
def delete(session_id: UUID) -> ResponseReturnValue:
    service.delete_session(session_id, actor=current_user)
    flash(gettext("The session and its results are deleted."))
    return redirect(url_for("sessions.index"), 303)


@bp.post("/sessions/withdraw")
@requires("see_own_sessions")
def withdraw() -> ResponseReturnValue:
    consents.withdraw(actor=current_user)
    flash(gettext("Your consent is withdrawn. No session of yours is running."))
    return redirect(url_for("sessions.index"), 303)
