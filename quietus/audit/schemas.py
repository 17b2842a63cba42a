"""The JSON shapes of the audit trail."""

import marshmallow as ma
from marshmallow import fields, validate

from quietus.audit.tags import Action
from quietus.core.api import Moment, StrictSchema, Text
from quietus.core.paging import LIMIT_DEFAULT, LIMIT_MAX


class AuditSearchSchema(StrictSchema):
    """Filters and page of a search."""

    user_id = fields.UUID(metadata={"description": "Who did it"})
    action = fields.String(validate=validate.OneOf([action.value for action in Action]))
    resource_type = Text(validate=validate.Length(1, 64))
    resource_id = Text(validate=validate.Length(1, 128))
    since = Moment(data_key="from", metadata={"description": "At or after this time"})
    until = Moment(data_key="to", metadata={"description": "Before this time"})
    limit = fields.Integer(load_default=LIMIT_DEFAULT, validate=validate.Range(1, LIMIT_MAX))
    cursor = Text(validate=validate.Length(max=200))


class AuditRowSchema(ma.Schema):
    """A row of audit_logs. A seal's checksums are left out of `metadata`."""

    id = fields.Integer(required=True)
    user_id = fields.UUID(required=True, allow_none=True, metadata={"description": "null: the desk, or erased"})
    action = fields.String(required=True)
    resource_type = fields.String(required=True)
    resource_id = fields.String(required=True, allow_none=True)
    metadata = fields.Raw(required=True, allow_none=True)
    created_at = fields.AwareDateTime(required=True)


class AuditPageSchema(ma.Schema):
    """A page of rows, newest first."""

    items = fields.List(fields.Nested(AuditRowSchema), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class VerifyQuerySchema(StrictSchema):
    """How far back to look; the command line checks every day."""

    days = fields.Integer(load_default=31, validate=validate.Range(1, 366))


class FaultSchema(ma.Schema):
    """What is wrong with a row, or with a whole day where `row_id` is null."""

    day = fields.Date(required=True)
    row_id = fields.Integer(required=True, allow_none=True)
    what = fields.String(required=True)


class VerificationSchema(ma.Schema):
    """What a check of the seals found."""

    first_day = fields.Date(required=True, allow_none=True)
    last_day = fields.Date(required=True, allow_none=True)
    days = fields.Integer(required=True)
    rows = fields.Integer(required=True)
    removed = fields.Integer(required=True, metadata={"description": "Rows that retention took"})
    digest = fields.String(required=True, metadata={"description": "Of the newest seal; note it elsewhere"})
    fault_count = fields.Integer(required=True)
    faults = fields.List(fields.Nested(FaultSchema), required=True, metadata={"description": "The first 1,000"})
