"""The JSON of /me: one's data, who read it, what was agreed to, and its erasure."""

import marshmallow as ma
from marshmallow import fields, validate

from quietus.accounts.passwords import RAW_LENGTH_MAX
from quietus.core.api import StrictSchema, Text
from quietus.core.paging import LIMIT_DEFAULT, LIMIT_MAX
from quietus.privacy.forms import ERASE_WORD


class EraseSchema(StrictSchema):
    """The password and the word, so that no single slip erases anybody."""

    password = Text(required=True, validate=validate.Length(max=RAW_LENGTH_MAX), metadata={"format": "password"})
    confirm = fields.String(required=True, validate=validate.OneOf([ERASE_WORD]))


class ErasureSchema(ma.Schema):
    """An erasure that was asked for; until `due_at` it can be cancelled."""

    due_at = fields.AwareDateTime(required=True)
    asked_at = fields.AwareDateTime(required=True)


class PageQuerySchema(StrictSchema):
    limit = fields.Integer(load_default=LIMIT_DEFAULT, validate=validate.Range(1, LIMIT_MAX))
    cursor = Text(validate=validate.Length(max=200))


class ReadingSchema(ma.Schema):
    """One reading of your words by somebody else."""

    id = fields.Integer(required=True)
    created_at = fields.AwareDateTime(required=True)
    action = fields.String(required=True)
    resource_type = fields.String(required=True)
    resource_id = fields.String(required=True, allow_none=True)
    reader = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "The same for the same reader of your words; null: the desk's own tools"},
    )
    roles = fields.List(fields.String(), required=True)
    reason = fields.String(required=True, allow_none=True)


class AccessLogSchema(ma.Schema):
    """A page of readings, newest first."""

    items = fields.List(fields.Nested(ReadingSchema), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class GivenConsentSchema(ma.Schema):
    """What you agreed to; `withdrawn_at` is null while it stands."""

    kind = fields.String(required=True)
    version = fields.String(required=True)
    given_at = fields.AwareDateTime(required=True)
    withdrawn_at = fields.AwareDateTime(required=True, allow_none=True)


class GivenConsentListSchema(ma.Schema):
    """Your consents, newest first."""

    items = fields.List(fields.Nested(GivenConsentSchema), required=True)
    next_cursor = fields.String(required=True, allow_none=True, metadata={"description": "Always null"})
