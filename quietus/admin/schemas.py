"""The JSON of accounts as an admin sees them."""

from typing import Any

import marshmallow as ma
from flask_babel import gettext
from marshmallow import fields, validate

from quietus.accounts.permissions import ROLES
from quietus.core.api import StrictSchema, Text
from quietus.core.paging import LIMIT_DEFAULT, LIMIT_MAX


class UsersQuerySchema(StrictSchema):
    """Filters and page of the list."""

    words = Text(validate=validate.Length(1, 320), metadata={"description": "Part of the address or name, or the id"})
    role = fields.String(validate=validate.OneOf(ROLES))
    is_active = fields.Boolean(truthy={"true"}, falsy={"false"})
    limit = fields.Integer(load_default=LIMIT_DEFAULT, validate=validate.Range(1, LIMIT_MAX))
    cursor = fields.UUID()


class Flag(fields.Boolean):
    """A JSON boolean: neither 0 nor "false"."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bool:
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return value


class UserChangeSchema(StrictSchema):
    """What to change; what is left out stays."""

    roles = fields.List(fields.String(validate=validate.OneOf(ROLES)), validate=validate.Length(1, len(ROLES)))
    is_active = Flag()

    @ma.validates_schema
    def _something(self, data: dict[str, object], **_: object) -> None:
        if not data:
            raise ma.ValidationError(gettext("Name what to change: roles, is_active."))


class ManagedUserSchema(ma.Schema):
    """An account."""

    id = fields.UUID(required=True)
    email = fields.String(required=True)
    full_name = fields.String(required=True)
    roles = fields.Function(
        lambda user: sorted(user.role_names),
        required=True,
        metadata={"type": "array", "items": {"type": "string", "enum": list(ROLES)}},
    )
    is_active = fields.Boolean(required=True)
    created_at = fields.AwareDateTime(required=True)
    updated_at = fields.AwareDateTime(required=True)


class ManagedUsersSchema(ma.Schema):
    """A page of accounts, by address."""

    items = fields.List(fields.Nested(ManagedUserSchema), required=True)
    next_cursor = fields.String(required=True, allow_none=True)
