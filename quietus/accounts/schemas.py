"""The JSON of /auth: what comes in and what goes out."""

from typing import Any

import marshmallow as ma

from quietus.accounts import passwords
from quietus.accounts.permissions import ROLES, SCOPES, TABLE
from quietus.core.api import StrictSchema, Text


def _new_password() -> Text:
    return Text(
        required=True,
        validate=ma.validate.Length(max=passwords.RAW_LENGTH_MAX),
        metadata={
            "format": "password",
            "description": f"{passwords.LENGTH_MIN} to {passwords.LENGTH_MAX} characters of any kind, "
            "counted after NFKC; common and guessable ones are refused",
        },
    )


def _password() -> Text:
    return Text(
        required=True,
        validate=ma.validate.Length(max=passwords.RAW_LENGTH_MAX),
        metadata={"format": "password"},
    )


def _email() -> Text:
    return Text(
        required=True,
        validate=ma.validate.Length(max=320),
        metadata={"description": "Trimmed and lower-cased; one account whatever the case"},
    )


class CsrfSchema(ma.Schema):
    csrf_token = ma.fields.String(required=True, metadata={"description": "Send it as X-CSRFToken with writes"})


class RegistrationSchema(StrictSchema):
    email = _email()
    password = _new_password()
    full_name = Text(required=True, validate=ma.validate.Length(max=200), metadata={"description": "2 to 120"})


class CredentialsSchema(StrictSchema):
    email = _email()
    password = _password()


class PasswordChangeSchema(StrictSchema):
    current_password = _password()
    new_password = _new_password()


class UserSchema(ma.Schema):
    id = ma.fields.UUID(required=True)
    email = ma.fields.String(required=True)
    full_name = ma.fields.String(required=True)


class RegisteredSchema(ma.Schema):
    user = ma.fields.Nested(UserSchema, required=True)


class SignedInSchema(RegisteredSchema):
    csrf_token = ma.fields.String(required=True)


class MeSchema(RegisteredSchema):
    roles = ma.fields.List(ma.fields.String(validate=ma.validate.OneOf(ROLES)), required=True)
    permissions = ma.fields.List(
        ma.fields.String(validate=ma.validate.OneOf(list(TABLE))),
        required=True,
        metadata={"description": "What this sign-in or token may do now"},
    )


class WholeNumber(ma.fields.Integer):
    """A JSON integer: neither "7" nor true nor 7.0."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(strict=True, **kwargs)

    def _validated(self, value: Any) -> Any:
        if isinstance(value, bool | str):
            raise self.make_error("invalid", input=value)
        return super()._validated(value)


class TokenRequestSchema(StrictSchema):
    name = Text(
        required=True,
        validate=ma.validate.Length(min=1, max=40),
        metadata={"pattern": "^[a-z0-9-]{1,40}$", "description": "A slug; it is kept in the audit log"},
    )
    scopes = ma.fields.List(
        ma.fields.String(validate=ma.validate.OneOf(SCOPES)),
        required=True,
        validate=ma.validate.Length(min=1, max=len(SCOPES)),
    )
    days = WholeNumber(required=True, validate=ma.validate.Range(min=1, max=3650))


class IssuedTokenSchema(ma.Schema):
    token = ma.fields.String(required=True, metadata={"description": "Shown this once"})
    token_id = ma.fields.UUID(required=True)
    name = ma.fields.String(required=True)
    scopes = ma.fields.List(ma.fields.String(), required=True)
    expires_at = ma.fields.AwareDateTime(required=True)


class TokenSchema(ma.Schema):
    token_id = ma.fields.UUID(required=True)
    name = ma.fields.String(required=True)
    scopes = ma.fields.List(ma.fields.String(), required=True)
    issued_at = ma.fields.AwareDateTime(required=True)
    expires_at = ma.fields.AwareDateTime(required=True)


class TokenListSchema(ma.Schema):
    items = ma.fields.List(ma.fields.Nested(TokenSchema), required=True)
    next_cursor = ma.fields.String(
        required=True, allow_none=True, metadata={"description": "Always null: the list is short and whole"}
    )
