"""The JSON shapes of the queue. A queue item says nothing of its content, nor whether it is part of the sample."""

from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from quietus.core.api import StrictSchema, Text
from quietus.core.paging import LIMIT_DEFAULT, LIMIT_MAX
from quietus.review.decisions import clean_note
from quietus.review.vocabulary import NOTE_MAX, HumanLabel, Kind, Outcome, Place, Taken

KINDS = [kind.value for kind in Kind]


class NoteText(Text):
    """A note as decisions.clean_note accepts it."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        try:
            return clean_note(text)
        except ValueError as error:
            raise ma.ValidationError(str(error)) from error


class QueueQuerySchema(StrictSchema):
    """A page of the queue."""

    limit = fields.Integer(load_default=LIMIT_DEFAULT, validate=validate.Range(1, LIMIT_MAX))
    cursor = Text(validate=validate.Length(max=200))


class WaitingSchema(ma.Schema):
    """An item that waits."""

    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    id = fields.UUID(required=True)
    place = fields.String(
        required=True,
        validate=validate.OneOf([place.value for place in Place]),
        metadata={
            "description": "FIRST: HIGH priority. NEXT: MODERATE, and a daily random sample of LOW that looks the same"
        },
    )
    since = fields.AwareDateTime(required=True)
    waiting_seconds = fields.Integer(required=True)
    windows = fields.Integer(
        required=True, allow_none=True, metadata={"description": "Raised windows of a session; null for a text"}
    )
    reading = fields.Integer(required=True, validate=validate.OneOf([1, 2]))
    state = fields.String(
        required=True,
        validate=validate.OneOf(["FREE", "YOURS", "TAKEN"]),
        metadata={"description": "Whether nobody, you, or somebody else has it open"},
    )
    held_until = fields.AwareDateTime(required=True, allow_none=True)


class CountsSchema(ma.Schema):
    """How many wait for you (200 stands for 200 or more), and since when the longest."""

    first = fields.Integer(required=True)
    next = fields.Integer(required=True)
    first_since = fields.AwareDateTime(required=True, allow_none=True)
    next_since = fields.AwareDateTime(required=True, allow_none=True)


class QueueSchema(ma.Schema):
    """A page of the queue, most urgent first."""

    items = fields.List(fields.Nested(WaitingSchema), required=True)
    next_cursor = fields.String(required=True, allow_none=True)
    waiting = fields.Nested(CountsSchema, required=True)


class ProgramSchema(ma.Schema):
    """What the program said."""

    predicted_label = fields.String(required=True)
    confidence = fields.Float(required=True)
    model_version = fields.String(required=True)
    flags = fields.List(fields.String())


class SubjectSchema(ma.Schema):
    """Whose item it is, so that they can be reached."""

    id = fields.UUID(required=True)
    full_name = fields.String(required=True)
    email = fields.String(required=True)


class WindowSchema(ma.Schema):
    """A raised window of a session."""

    id = fields.UUID(required=True)
    event_at = fields.AwareDateTime(required=True)
    risk_level = fields.String(required=True)
    confidence = fields.Float(required=True)
    signals = fields.Dict(required=True)
    model_version = fields.String(required=True)


class OpenedSchema(ma.Schema):
    """An item that is open with you."""

    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    id = fields.UUID(required=True)
    place = fields.String(required=True)
    reading = fields.Integer(required=True)
    since = fields.AwareDateTime(required=True)
    claimed_until = fields.AwareDateTime(required=True)
    input_text = fields.String(required=True, allow_none=True)
    source = fields.String(required=True, allow_none=True)
    windows = fields.List(fields.Nested(WindowSchema), required=True)
    program = fields.Nested(
        ProgramSchema,
        required=True,
        allow_none=True,
        metadata={"description": "null for a text of the place NEXT until you have decided"},
    )
    subject = fields.Nested(SubjectSchema, required=True)


class DecisionSchema(StrictSchema):
    """What you found, and what you did."""

    outcome = fields.String(required=True, validate=validate.OneOf([v.value for v in Outcome]))
    human_label = fields.String(
        load_default=None, allow_none=True, validate=validate.OneOf([v.value for v in HumanLabel])
    )
    action = fields.String(load_default=Taken.NONE.value, validate=validate.OneOf([v.value for v in Taken]))
    note = NoteText(
        load_default="",
        allow_none=True,
        metadata={"description": f"At most {NOTE_MAX} characters. Erased with the person it is about."},
    )


class DecidedSchema(ma.Schema):
    """A decision that counts, and what the program had said."""

    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    id = fields.UUID(required=True)
    outcome = fields.String(required=True)
    human_label = fields.String(required=True, allow_none=True)
    action = fields.String(required=True)
    reading = fields.Integer(required=True)
    undo_until = fields.AwareDateTime(required=True)
    reason = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "SAMPLE: it was one of the daily sample of LOW. null until the last reading"},
    )
    program = fields.Nested(
        ProgramSchema, required=True, allow_none=True, metadata={"description": "null until the last reading"}
    )
