"""Every refusal the product gives, as one exception family and two renderings (RFC 9457 problem+json, page)."""

from http import HTTPStatus

import psycopg
import structlog
from flask import Flask, Response, g, jsonify, make_response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException, InternalServerError

from quietus.core import logs
from quietus.core.extensions import db, wants_json
from quietus.core.languages import later

log = structlog.get_logger(__name__)

RETRY_DATABASE_SECONDS = 5
# foreign_key_violation: whoever is erased while their request runs
GONE = "23503"


class Problem(Exception):
    """A refusal with an HTTP status, a stable `code` for programs and a sentence for people."""

    status = 500
    code = "internal_error"
    detail = later("Something went wrong on our side. Nothing you sent was lost on purpose; please try again.")

    def __init__(
        self,
        code: str | None = None,
        detail: str | None = None,
        *,
        errors: dict[str, list[str]] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        self.code = code or self.code
        self.detail = str(detail or self.detail)
        self.errors = errors
        self.headers = headers or {}
        super().__init__(self.code)


class BadRequest(Problem):
    status, code, detail = 400, "bad_request", later("The request could not be read.")


class Unauthenticated(Problem):
    status, code, detail = 401, "unauthenticated", later("Please sign in.")

    def __init__(self, code: str | None = None, detail: str | None = None) -> None:
        super().__init__(code, detail, headers={"WWW-Authenticate": "Bearer"})


class Forbidden(Problem):
    status, code, detail = 403, "forbidden", later("Your account does not have the right to do this.")


class NotFound(Problem):
    # 404, not 403, also for another person's row: that a record exists is itself private
    status, code, detail = 404, "not_found", later("There is nothing at this address for you.")


class Conflict(Problem):
    status, code, detail = 409, "conflict", later("This does not fit what is already there.")


class UnsupportedMediaType(Problem):
    status, code, detail = 415, "unsupported_media_type", "Send JSON: Content-Type: application/json."


class Invalid(Problem):
    """Input that was read but cannot be accepted; `errors` names each field and what is wrong with it."""

    status, code, detail = 422, "invalid", later("Some of what was sent cannot be accepted.")

    def __init__(self, errors: dict[str, list[str]], detail: str | None = None) -> None:
        super().__init__(None, detail, errors=errors)


class TooManyRequests(Problem):
    status, code = 429, "too_many_requests"
    detail = later("That was too often. Please wait a moment and try again.")

    def __init__(self, retry_after: int) -> None:
        super().__init__(headers={"Retry-After": str(max(1, retry_after))})


class Unavailable(Problem):
    status, code = 503, "unavailable"
    detail = later("The desk cannot store anything right now. Nothing was accepted. Please try again in a moment.")

    def __init__(self, detail: str | None = None, retry_after: int = RETRY_DATABASE_SECONDS) -> None:
        super().__init__(None, detail, headers={"Retry-After": str(retry_after)})


def flatten(messages: object, path: str = "") -> dict[str, list[str]]:
    """Nested validation messages as {"items.0.text": ["…"]}; marshmallow nests by field and index."""
    if isinstance(messages, dict):
        flat: dict[str, list[str]] = {}
        for key, value in messages.items():
            name = path if key == "_schema" else f"{path}.{key}".lstrip(".")
            for field, texts in flatten(value, name).items():
                flat.setdefault(field, []).extend(texts)
        return flat
    found: list[object] = messages if isinstance(messages, list) else [messages]
    return {path or "_": [str(text) for text in found]}


def render(problem: Problem) -> Response:
    """The problem as an answer: RFC 9457 for programs, a page for people."""
    title = HTTPStatus(problem.status).phrase
    if wants_json():
        body: dict[str, object] = {
            "type": "about:blank",
            "title": title,
            "status": problem.status,
            "detail": problem.detail,
            "instance": request.path,
            "code": problem.code,
            "request_id": g.get("request_id", ""),
        }
        if problem.errors:
            body["errors"] = problem.errors
        answer = jsonify(body)
        answer.content_type = "application/problem+json"
    else:
        answer = make_response(
            render_template(
                "errors/error.html",
                status=problem.status,
                title=title,
                detail=problem.detail,
                request_id=g.get("request_id", ""),
            )
        )
    answer.status_code = problem.status
    answer.headers.update(problem.headers)
    return answer


def _from_http(error: HTTPException) -> ResponseReturnValue:
    if error.response is not None or (error.code or 500) < 400:
        return error.get_response()
    problem = Problem(HTTPStatus(error.code or 500).name.lower(), error.description)
    problem.status = error.code or 500
    # flask-smorest's abort() and webargs leave what was wrong in `data`
    data = getattr(error, "data", None) or {}
    if problem.status == HTTPStatus.UNPROCESSABLE_ENTITY and "messages" in data:
        messages = data["messages"]
        # webargs wraps by location: {"json": {...}}; the field is what a person looks for
        problem = Invalid(flatten({k: v for part in messages.values() for k, v in _fields(part).items()}))
    elif "message" in data:
        problem.detail = str(data["message"])
    # 405 must name what is allowed, 429 when to come back
    problem.headers = {k: v for k, v in error.get_headers() if k in ("Allow", "Retry-After", "WWW-Authenticate")}
    return render(problem)


def _fields(part: object) -> dict[object, object]:
    return part if isinstance(part, dict) else {"_schema": part}


def _from_database(error: Exception) -> ResponseReturnValue:
    """A database that is away, read-only or full is 503 with Retry-After, a row gone since is 409; else our bug."""
    db.session.rollback()
    if getattr(getattr(error, "orig", None), "sqlstate", None) == GONE:
        return render(Conflict("gone", gettext("What this belongs to was erased a moment ago. Nothing was stored.")))
    if unreachable(error):
        log.warning("database.unavailable", error=type(error).__name__)
        return render(Unavailable())
    return _from_bug(error)


def unreachable(error: Exception) -> bool:
    """Whether the error says that the database cannot take work now, rather than that the SQL is wrong."""
    if isinstance(error, PoolTimeout | InterfaceError | psycopg.OperationalError):
        return True
    if not isinstance(error, DBAPIError):
        return False
    state = getattr(error.orig, "sqlstate", None) or ""
    # 08 connection, 25006 read-only, 53 resources (disk full, too many connections), 57 shutdown and time-out
    return state[:2] in ("08", "53", "57") or state == "25006" or (isinstance(error, OperationalError) and not state)


def _from_bug(error: Exception) -> ResponseReturnValue:
    # the exception's words may quote a person's text: only its type and place are logged
    log.error("request.failed", error=type(error).__name__, where=logs.place(error))
    return render(Problem())


def init_app(app: Flask) -> None:
    app.register_error_handler(Problem, render)
    app.register_error_handler(HTTPException, _from_http)
    app.register_error_handler(DBAPIError, _from_database)
    app.register_error_handler(PoolTimeout, _from_database)
    app.register_error_handler(psycopg.Error, _from_database)
    app.register_error_handler(InternalServerError, lambda e: _from_bug(e.original_exception or e))
    app.register_error_handler(Exception, _from_bug)
