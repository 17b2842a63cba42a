"""The forms of the account pages: names and greatest lengths of their fields; the service knows the rules."""

from typing import Any, Final

from wtforms import (  # type: ignore[attr-defined]  # SelectChoice is newer than the published types
    EmailField,
    HiddenField,
    IntegerField,
    PasswordField,
    SelectChoice,
    SelectMultipleField,
    StringField,
)
from wtforms.validators import InputRequired, Length

from quietus.accounts import passwords
from quietus.accounts.permissions import SCOPES
from quietus.core.errors import Invalid
from quietus.core.forms import TextForm

TOKEN_DAYS: Final = 90
SCOPE_LABELS: Final = {
    "analyses": "analyses: submit texts, read their outcomes",
    "events": "events: post video events",
    "video": "video: hold and read video sessions",
    "analytics": "analytics: read figures",
    "reports": "reports: build and download reports",
    "review": "review: work the review queue",
    "audit": "audit: search the audit log",
    "users": "users: manage accounts",
    "me": "me: read my account and my data",
}


def _password(label: str) -> PasswordField:
    # the rules of a new password are the service's; this only keeps novels out
    return PasswordField(
        label,
        [
            InputRequired("Please fill this in."),
            Length(max=passwords.RAW_LENGTH_MAX, message="This is too long."),
        ],
    )


def _email() -> EmailField:
    return EmailField(
        "E-mail address",
        [InputRequired("Please fill this in."), Length(max=320, message="This is too long.")],
    )


class SignInForm(TextForm):
    email = _email()
    password = _password("Password")
    next = HiddenField()


class RegisterForm(TextForm):
    full_name = StringField(
        "Name", [InputRequired("Please fill this in."), Length(max=200, message="This is too long.")]
    )
    email = _email()
    password = _password("Password")


class ForgotForm(TextForm):
    email = _email()


class ResetForm(TextForm):
    password = _password("New password")


class PasswordForm(TextForm):
    current_password = _password("Current password")
    new_password = _password("New password")


class TokenForm(TextForm):
    name = StringField("Name", [InputRequired("Please fill this in."), Length(max=80, message="This is too long.")])
    scopes = SelectMultipleField(
        "What it may do",
        [InputRequired("Choose at least one.")],
        choices=[SelectChoice(scope, SCOPE_LABELS[scope]) for scope in SCOPES],
    )
    days = IntegerField("Days", [InputRequired("Please fill this in.")], default=TOKEN_DAYS)


def show_errors(form: Any, refusal: Invalid) -> None:
    """Put what the service found wrong beside the fields it names."""
    for name, texts in (refusal.errors or {}).items():
        if name in form:
            form[name].errors = [*form[name].errors, *texts]
        else:
            form.form_errors.extend(texts)
