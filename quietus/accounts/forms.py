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
from quietus.core.languages import later

TOKEN_DAYS: Final = 90
SCOPE_LABELS: Final = {
    "analyses": later("analyses: submit texts, read their outcomes"),
    "events": later("events: post video events"),
    "video": later("video: hold and read video sessions"),
    "analytics": later("analytics: read figures"),
    "reports": later("reports: build and download reports"),
    "review": later("review: work the review queue"),
    "audit": later("audit: search the audit log"),
    "users": later("users: manage accounts"),
    "me": later("me: read my account and my data"),
}


def _password(label: str) -> PasswordField:
    # the rules of a new password are the service's; this only keeps novels out
    return PasswordField(
        label,
        [
            InputRequired(later("Please fill this in.")),
            Length(max=passwords.RAW_LENGTH_MAX, message=later("This is too long.")),
        ],
    )


def _email() -> EmailField:
    return EmailField(
        later("E-mail address"),
        [InputRequired(later("Please fill this in.")), Length(max=320, message=later("This is too long."))],
    )


class SignInForm(TextForm):
    email = _email()
    password = _password(later("Password"))
    next = HiddenField()


class RegisterForm(TextForm):
    full_name = StringField(
        later("Name"),
        [InputRequired(later("Please fill this in.")), Length(max=200, message=later("This is too long."))],
    )
    email = _email()
    password = _password(later("Password"))


class ForgotForm(TextForm):
    email = _email()


class ResetForm(TextForm):
    password = _password(later("New password"))


class PasswordForm(TextForm):
    current_password = _password(later("Current password"))
    new_password = _password(later("New password"))


class TokenForm(TextForm):
    name = StringField(
        later("Name"),
        [InputRequired(later("Please fill this in.")), Length(max=80, message=later("This is too long."))],
    )
    scopes = SelectMultipleField(
        later("What it may do"),
        [InputRequired(later("Choose at least one."))],
        choices=[SelectChoice(scope, SCOPE_LABELS[scope]) for scope in SCOPES],
    )
    days = IntegerField(later("Days"), [InputRequired(later("Please fill this in."))], default=TOKEN_DAYS)


def show_errors(form: Any, refusal: Invalid) -> None:
    """Put what the service found wrong beside the fields it names."""
    for name, texts in (refusal.errors or {}).items():
        if name in form:
            form[name].errors = [*form[name].errors, *texts]
        else:
            form.form_errors.extend(texts)
