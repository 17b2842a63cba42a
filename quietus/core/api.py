"""How the JSON API reads requests and documents itself: strict bodies, strict schemas, problem+json in OpenAPI."""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import IO, Any, Final

import marshmallow as ma
from flask import Flask, Request, current_app, request
from flask_smorest import Blueprint
from webargs.core import missing
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import RequestEntityTooLarge

from quietus.core.errors import BadRequest, Invalid, UnsupportedMediaType
from quietus.core.extensions import api
from quietus.core.json_bodies import loads

PREFIX = "/api/v1"


_COME_BACK = {"Retry-After": {"description": "Seconds to wait", "schema": {"type": "integer", "minimum": 1}}}
REFUSAL_HEADERS: Final = {
    401: {"WWW-Authenticate": {"description": "`Bearer`", "schema": {"type": "string"}}},
    429: _COME_BACK,
    503: _COME_BACK,
}


class StrictSchema(ma.Schema):
    """Unknown fields are refused, so that a misspelt optional field is never silently ignored."""

    class Meta:
        unknown = ma.RAISE


class ProblemSchema(ma.Schema):
    """RFC 9457 problem details."""

    type = ma.fields.String(required=True)
    title = ma.fields.String(required=True)
    status = ma.fields.Integer(required=True)
    detail = ma.fields.String(required=True)
    instance = ma.fields.String(required=True)
    code = ma.fields.String(required=True, metadata={"description": "Stable name of the problem, for programs"})
    request_id = ma.fields.String(required=True, metadata={"description": "As in X-Request-ID; quote it when asking"})
    errors = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.List(ma.fields.String()))


class Text(ma.fields.String):
    """A string that PostgreSQL can store: no NUL, no lone surrogate (they may come in by the query too)."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text: str = super()._deserialize(value, attr, data, **kwargs)
        if "\x00" in text:
            raise ma.ValidationError("A NUL character cannot be stored.")
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise ma.ValidationError("Half of a character (a lone surrogate) cannot be stored.") from error
        return text


class StrictParser(FlaskParser):
    """Reads bodies by core/json_bodies.py and refuses any other media type."""

    DEFAULT_UNKNOWN_BY_LOCATION: dict[str, str | None] = {  # noqa: RUF012 - webargs declares it this way
        **FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION,
        "query": ma.RAISE,
        "json": ma.RAISE,
    }

    def _raw_load_json(self, req: Request) -> Any:
        body = req.get_data(cache=True)
        if not body and not req.mimetype:
            return missing
        charset = req.mimetype_params.get("charset", "utf-8").lower()
        if req.mimetype != "application/json" or charset not in ("utf-8", "utf8"):
            raise UnsupportedMediaType
        value = loads(body) if body else missing
        if value is not missing and not isinstance(value, dict):
            raise Invalid({"_": ["The body must be a JSON object."]})
        return value


def _for_good(schema: Any) -> Any:
    """A schema's class as one instance for the life of the process."""
    if isinstance(schema, type):
        schema = schema()
        # flask-smorest copies its notes with every decorator, and with them each field: a quarter of the time to start
        schema.__deepcopy__ = lambda _memo, itself=schema: itself
    return schema


class ApiBlueprint(Blueprint):
    """A flask-smorest blueprint under /api/v1 with the strict parser."""

    ARGUMENTS_PARSER = StrictParser()

    def __init__(self, name: str, import_name: str, **options: Any) -> None:
        super().__init__(name, import_name, url_prefix=PREFIX, **options)

    def route(self, rule: str, **options: Any) -> Any:
        """As flask-smorest's, with an operationId that names the endpoint: `analyses.show`."""
        put = super().route(rule, **options)
        return lambda view: put(self.doc(operationId=f"{self.name}.{view.__name__}")(view))

    def leads_to(self, status: int, operation: str, **arguments: str) -> Any:
        """Decorator: document that this answer's values are `arguments` of another call (an OpenAPI link).

        `leads_to(202, "analyses.show", analysis_id="id")`: the `id` of the body; `path.x`: this call's own x.
        """
        parameters = {
            name: f"$request.{place}" if place.startswith("path.") else f"$response.body#/{place}"
            for name, place in arguments.items()
        }
        link = {operation.replace(".", "_"): {"operationId": operation, "parameters": parameters}}
        return self.doc(responses={status: {"links": link}})

    def arguments(self, schema: Any, **options: Any) -> Any:
        """As flask-smorest's, with its 422 documented as the problem it is."""
        # webargs would build a class's schema anew for every request
        read, refused = super().arguments(_for_good(schema), **options), self.refuses(HTTPStatus.UNPROCESSABLE_ENTITY)
        return lambda view: refused(read(view))

    def response(self, status_code: Any, schema: Any = None, **options: Any) -> Any:
        return super().response(status_code, _for_good(schema), **options)

    def alt_response(self, status_code: Any, *, schema: Any = None, **options: Any) -> Any:
        return super().alt_response(status_code, schema=_for_good(schema), **options)

    def _prepare_arguments_doc(self, doc: Any, doc_info: Any, **options: Any) -> Any:
        # flask-smorest's own 422, in its own error format
        doc_info.get("arguments", {}).pop("responses", None)
        return super()._prepare_arguments_doc(doc, doc_info, **options)

    def refuses(self, *statuses: int) -> Any:
        """Decorator: document these problem+json answers of an endpoint."""

        def document(view: Any) -> Any:
            for status in statuses:
                documented = self.alt_response(
                    status,
                    schema=ProblemSchema,
                    content_type="application/problem+json",
                    success=False,
                    headers=REFUSAL_HEADERS.get(status),
                )(view)
                # the words only: ten wrappers around a view would be called with every request
                view._apidoc = documented._apidoc
            return view

        return document


class CappedStream:
    """A body of unknown length (chunked), refused when it goes past the cap; werkzeug would cut it there unsaid."""

    def __init__(self, stream: IO[bytes], cap: int) -> None:
        self._stream, self._left = stream, cap

    def read(self, size: int = -1) -> bytes:
        """At most `size` bytes. Raises RequestEntityTooLarge, and BadRequest for chunks that make no sense."""
        wanted = self._left if size < 0 else min(size, self._left)
        found = self._read(wanted)
        self._left -= len(found)
        if not self._left and self._read(1):
            raise RequestEntityTooLarge
        return found

    def _read(self, size: int) -> bytes:
        try:
            return self._stream.read(size)
        except Exception as error:
            # by name, so that any other WSGI server serves the app too
            if type(error).__module__ != "gunicorn.http.errors" or isinstance(error, OSError):
                raise  # an OSError is a client that left: werkzeug's 400
            raise BadRequest from error


# how an address ends → which cap its body has
CAPS: Final = {"/batch": "BATCH_BYTES", "/events": "BATCH_BYTES", "/import": "IMPORT_BYTES"}


def _cap_body() -> None:
    """64 KiB for a body, 1 MiB where many items travel, the setting's size for a file that is read as it comes."""
    cap: int = current_app.config[CAPS.get(f"/{request.path.rpartition('/')[2]}", "BODY_BYTES")]
    request.max_content_length = cap
    if request.content_length is None and "wsgi.input_terminated" in request.environ:
        request.environ["wsgi.input"] = CappedStream(request.environ["wsgi.input"], cap)


def init_app(app: Flask) -> None:
    app.config.update(
        API_TITLE="Quietus AI",
        API_VERSION="1",
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX=PREFIX,
        OPENAPI_JSON_PATH="openapi.json",
        BODY_BYTES=64 * 1024,
        BATCH_BYTES=1024 * 1024,
        IMPORT_BYTES=app.extensions["settings"].import_mib * 1024 * 1024,
        MAX_CONTENT_LENGTH=64 * 1024,
        MAX_FORM_MEMORY_SIZE=64 * 1024,
        MAX_FORM_PARTS=50,
        API_SPEC_OPTIONS={
            "info": {
                "description": "Review priorities for texts and video windows. A priority is about this text "
                "or this window, never about a person.",
            },
            "components": {
                "securitySchemes": {
                    "token": {"type": "http", "scheme": "bearer"},
                    "session": {"type": "apiKey", "in": "cookie", "name": "quietus_session"},
                }
            },
            "security": [{"token": []}, {"session": []}],
        },
    )
    # the `default` answer of every call would be flask-smorest's error; each call says itself what it refuses
    api.DEFAULT_ERROR_RESPONSE_NAME = None
    api.ERROR_SCHEMA = ProblemSchema
    api.init_app(app)
    app.before_request(_cap_body)


def register(blueprint: ApiBlueprint) -> None:
    """Add a feature's calls to the app and to its OpenAPI document."""
    api.register_blueprint(blueprint)


class Moment(ma.fields.AwareDateTime):
    """An RFC 3339 time with its zone, in years that PostgreSQL and Python both can hold; kept in UTC."""

    FIRST_YEAR, LAST_YEAR = 1970, 9998

    def __init__(self, **options: Any) -> None:
        super().__init__(format="iso", **options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> datetime:
        found: datetime = super()._deserialize(value, attr, data, **kwargs)
        if not self.FIRST_YEAR <= found.year <= self.LAST_YEAR:
            raise ma.ValidationError(f"The year must be from {self.FIRST_YEAR} to {self.LAST_YEAR}.")
        return found.astimezone(UTC)
