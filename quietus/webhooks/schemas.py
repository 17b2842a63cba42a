"""The JSON shapes of webhooks."""

import marshmallow as ma
from marshmallow import fields, validate

from quietus.core.api import StrictSchema, Text
from quietus.core.paging import LIMIT_DEFAULT, LIMIT_MAX
from quietus.webhooks.messages import FIELDS, TEST

EVENTS = (*FIELDS, TEST)


class EndpointSchema(ma.Schema):
    """An endpoint of the settings, without its secrets."""

    name = fields.String(required=True)
    host = fields.String(required=True, metadata={"description": "Of the address; its path may be secret"})
    events = fields.List(fields.String(validate=validate.OneOf(list(FIELDS))), required=True)


class EndpointsSchema(ma.Schema):
    items = fields.List(fields.Nested(EndpointSchema), required=True)
    next_cursor = fields.String(required=True, allow_none=True, metadata={"description": "Always null: it is whole"})


class DeliveriesQuerySchema(StrictSchema):
    """Filter and page of the list."""

    failed_only = fields.Boolean(load_default=False, truthy={"true"}, falsy={"false"})
    limit = fields.Integer(load_default=LIMIT_DEFAULT, validate=validate.Range(1, LIMIT_MAX))
    cursor = Text(validate=validate.Length(max=200))


class DeliverySchema(ma.Schema):
    """One try to deliver one message."""

    id = fields.Integer(required=True)
    created_at = fields.AwareDateTime(required=True)
    endpoint = fields.String(required=True)
    type = fields.String(required=True, validate=validate.OneOf(EVENTS))
    about = fields.UUID(required=True, allow_none=True, metadata={"description": "The text or session; null: a test"})
    webhook_id = fields.String(required=True)
    delivered = fields.Boolean(required=True)
    attempt = fields.Integer(required=True)
    status = fields.Integer(required=True, allow_none=True, metadata={"description": "HTTP; null: no answer"})
    ms = fields.Integer(required=True)
    reason = fields.String(required=True, allow_none=True, metadata={"description": "Why it was not delivered"})
    final = fields.Boolean(required=True, metadata={"description": "false: it will be tried again by itself"})
    again = fields.Boolean(required=True, metadata={"description": "It was given up and can be sent again"})


class DeliveriesSchema(ma.Schema):
    """A page of tries, newest first."""

    items = fields.List(fields.Nested(DeliverySchema), required=True)
    next_cursor = fields.String(required=True, allow_none=True)
