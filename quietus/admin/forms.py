"""The forms of the pages that run the desk."""

from typing import Final
from uuid import UUID

from flask_babel import gettext
from wtforms import (  # type: ignore[attr-defined]  # SelectChoice is newer than the published types
    Field,
    Form,
    SelectChoice,
    SelectField,
    SelectMultipleField,
    StringField,
)
from wtforms.validators import InputRequired, Length, ValidationError

from quietus.accounts.permissions import ROLES
from quietus.accounts.searching import Filters
from quietus.core.forms import TextForm
from quietus.core.languages import later

ROLE_LABELS: Final = {
    "USER": later("person: own check-ins and sessions"),
    "CLINICIAN": later("clinician: review, read with a reason"),
    "ANALYST": later("analyst: figures and reports, no text and no names"),
    "AUDITOR": later("auditor: search and check the audit"),
    "ADMIN": later("admin: run the desk"),
    "SERVICE": later("program: acts by token for others"),
}


class UsersForm(Form):
    """Filters in the address of the page."""

    words = StringField(later("Name, address or id"), [Length(max=320, message=later("This is too long."))])
    role = SelectField(
        later("Role"), default="", choices=[SelectChoice("", later("Any")), *(SelectChoice(role) for role in ROLES)]
    )
    state = SelectField(
        later("State"),
        default="",
        choices=[
            SelectChoice("", later("Any")),
            SelectChoice("active", later("Active")),
            SelectChoice("shut", later("Deactivated")),
        ],
    )

    def validate_words(self, field: Field) -> None:
        if not (field.data or "").isprintable():
            raise ValidationError(gettext("This holds characters that cannot be searched for."))

    def filters(self) -> Filters:
        return Filters(
            words=(self.words.data or "").strip() or None,
            role=self.role.data or None,
            is_active={"active": True, "shut": False}.get(self.state.data),
        )


class RolesForm(TextForm):
    """What an account may do; at least one role."""

    roles = SelectMultipleField(
        later("Roles"),
        [InputRequired(later("Choose at least one."))],
        choices=[SelectChoice(*each) for each in ROLE_LABELS.items()],
    )


def cursor_of(text: str | None) -> UUID | None:
    """The cursor of the list of accounts. Raises ValueError for anything else."""
    return UUID(text) if text else None
