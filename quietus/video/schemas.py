"""The JSON shapes of video sessions and their events."""

from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from quietus.core.api import Moment, StrictSchema, Text
from quietus.core.paging import LIMIT_DEFAULT, LIMIT_MAX
from quietus.video.events import LATENCY_MAX, SIGNALS_BYTES, SIGNALS_MAX
from quietus.video.models import ClientPlatform, RiskLevel, SessionType, Status
from quietus.video.storing import BATCH_MAX

ABOUT_LEVEL = "Review priority of this window, not of a person. LOW does not mean safe; UNKNOWN: nobody to be seen."
SESSION_TYPES, PLATFORMS = [v.value for v in SessionType], [v.value for v in ClientPlatform]
STATUSES, LEVELS = [v.value for v in Status], [v.value for v in RiskLevel]


class NoticeSchema(ma.Schema):
    """The notice to show before asking for consent, in Markdown."""

    version = fields.String(required=True)
    text = fields.String(required=True)


class YesOrNo(fields.Boolean):
    """true or false; what merely counts as true is no consent."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bool:
        if not isinstance(value, bool):
            raise ma.ValidationError("Must be true or false.")
        return value


class ConsentSchema(StrictSchema):
    """A consent to the notice of that version."""

    version = Text(required=True, validate=validate.Length(1, 64))
    accepted = YesOrNo(required=True)


class ConsentRecordSchema(ma.Schema):
    """A consent on record."""

    kind = fields.String(required=True)
    version = fields.String(required=True)
    given_at = fields.AwareDateTime(required=True)
    withdrawn_at = fields.AwareDateTime(required=True, allow_none=True)


class ConsentsSchema(ma.Schema):
    """Your consents, newest first."""

    items = fields.List(fields.Nested(ConsentRecordSchema), required=True)


class StartSchema(StrictSchema):
    """A session as it is asked for."""

    session_type = fields.String(required=True, validate=validate.OneOf(SESSION_TYPES))
    client_platform = fields.String(required=True, validate=validate.OneOf(PLATFORMS))
    stream_session_id = Text(
        validate=validate.Regexp(r"[!-~]{1,128}\Z", error="Must be 1 to 128 visible ASCII characters."),
        metadata={"description": "Your own name of the session, unique on this desk; made by the server when absent"},
    )
    subject_id = fields.UUID(metadata={"description": "The person it is about, when that is not you (SERVICE)"})
    consent = fields.Nested(
        ConsentSchema, metadata={"description": "Needed from the person; refused from an agent, who cannot consent"}
    )


class SessionSchema(ma.Schema):
    """A session: every column of video_sessions."""

    id = fields.UUID(required=True)
    user_id = fields.UUID(required=True)
    stream_session_id = fields.String(required=True)
    session_type = fields.String(required=True, validate=validate.OneOf(SESSION_TYPES))
    client_platform = fields.String(required=True, validate=validate.OneOf(PLATFORMS))
    status = fields.String(required=True, validate=validate.OneOf(STATUSES))
    started_at = fields.AwareDateTime(required=True)
    ended_at = fields.AwareDateTime(required=True, allow_none=True)
    created_at = fields.AwareDateTime(required=True)


class SessionQuerySchema(StrictSchema):
    """Filters and page of a list of sessions."""

    status = fields.String(validate=validate.OneOf(STATUSES))
    session_type = fields.String(validate=validate.OneOf(SESSION_TYPES))
    since = Moment(data_key="from", metadata={"description": "Started at or after this time"})
    until = Moment(data_key="to", metadata={"description": "Started before this time"})
    limit = fields.Integer(load_default=LIMIT_DEFAULT, validate=validate.Range(1, LIMIT_MAX))
    cursor = Text(validate=validate.Length(max=200))


class SessionListSchema(ma.Schema):
    """A page of sessions, newest first."""

    items = fields.List(fields.Nested(SessionSchema), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class EventSchema(StrictSchema):
    """One window of a session."""

    id = fields.UUID(required=True, metadata={"description": "Made by the client; the same event sent again is known"})
    event_at = fields.AwareDateTime(required=True, metadata={"description": "RFC 3339, with its zone"})
    risk_level = fields.String(required=True, validate=validate.OneOf(LEVELS), metadata={"description": ABOUT_LEVEL})
    confidence = fields.Float(
        required=True, validate=validate.Range(0, 1), metadata={"description": "Kept to four decimals"}
    )
    signals = fields.Dict(
        required=True,
        keys=fields.String(),
        metadata={
            "description": f"At most {SIGNALS_MAX} names to numbers, booleans or short words, {SIGNALS_BYTES} bytes; "
            "no media",
            "maxProperties": SIGNALS_MAX,
            "example": {"presence": 0.98, "eye_closure": 0.12},
        },
    )
    model_version = fields.String(required=True, validate=[validate.Length(1, 64), validate.Regexp(r"^[!-~]+$")])
    latency_ms = fields.Integer(required=True, validate=validate.Range(0, LATENCY_MAX))


class StoredEventSchema(ma.Schema):
    """A stored event: every column of video_analysis_events."""

    id = fields.UUID(required=True)
    session_id = fields.UUID(required=True)
    user_id = fields.UUID(required=True)
    event_at = fields.AwareDateTime(required=True)
    risk_level = fields.String(required=True, validate=validate.OneOf(LEVELS), metadata={"description": ABOUT_LEVEL})
    confidence = fields.Float(required=True)
    signals = fields.Dict(required=True, keys=fields.String())
    model_version = fields.String(required=True)
    latency_ms = fields.Integer(required=True)
    created_at = fields.AwareDateTime(required=True)


class Unread(fields.List):  # type: ignore[type-arg]  # marshmallow subscripts it for type checkers only
    """Documents a list of shapes and leaves the reading to events.py: schema objects would cost more than storing."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> list[Any]:
        if not isinstance(value, list):
            raise self.make_error("invalid")
        return value


class EventsSchema(StrictSchema):
    """Up to 500 events; all of them are stored, or none."""

    events = Unread(fields.Nested(EventSchema), required=True, validate=validate.Length(1, BATCH_MAX))


class StoredSchema(ma.Schema):
    """How many events were new, and how many had been stored before."""

    stored = fields.Integer(required=True)
    duplicates = fields.Integer(required=True)


class EventQuerySchema(StrictSchema):
    """Filters and page of a list of events."""

    risk_level = fields.String(validate=validate.OneOf(LEVELS))
    since = Moment(data_key="from", metadata={"description": "At or after this time"})
    until = Moment(data_key="to", metadata={"description": "Before this time"})
    limit = fields.Integer(load_default=LIMIT_DEFAULT, validate=validate.Range(1, LIMIT_MAX))
    cursor = Text(validate=validate.Length(max=200))


class EventListSchema(ma.Schema):
    """A page of events, newest first."""

    items = fields.List(fields.Nested(StoredEventSchema), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class BadLineSchema(ma.Schema):
    """A line that could not be stored."""

    line = fields.Integer(required=True, metadata={"description": "Its number in the file, counted from 1"})
    detail = fields.String(required=True)


class ImportSchema(ma.Schema):
    """An uploaded file and how far its import has come."""

    id = fields.UUID(required=True)
    session_id = fields.UUID(required=True)
    status = fields.String(required=True, validate=validate.OneOf(["QUEUED", "RUNNING", "READY", "FAILED"]))
    progress = fields.Float(required=True, metadata={"description": "Share of the file that is done, 0 to 1"})
    lines = fields.Integer(required=True, metadata={"description": "Lines of the file"})
    stored = fields.Integer(required=True)
    duplicates = fields.Integer(required=True)
    bad = fields.Integer(required=True, metadata={"description": "Lines that could not be stored"})
    bad_lines = fields.List(
        fields.Nested(BadLineSchema), required=True, metadata={"description": "The first 100 of them"}
    )
    failure_reason = fields.String(required=True, allow_none=True)
    created_at = fields.AwareDateTime(required=True)
    url = fields.String(required=True)
