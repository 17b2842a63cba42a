"""The filters of the audit page, which stand in its address."""

from uuid import UUID

from flask_babel import gettext
from wtforms import (  # type: ignore[attr-defined]  # SelectChoice is newer than the published types
    Field,
    Form,
    SelectChoice,
    SelectField,
    StringField,
)
from wtforms.validators import Length, ValidationError

from quietus.audit.searching import Filters, user_id_of
from quietus.audit.tags import Action
from quietus.core.forms import days_between, read_day
from quietus.core.languages import later

NOBODY = UUID(int=0)


def storable(_form: Form, field: Field) -> None:
    """PostgreSQL can compare with anything but a NUL and halves of characters."""
    if "\x00" in (field.data or "") or not (field.data or "").isprintable():
        raise ValidationError(gettext("This holds characters that cannot be searched for."))


class SearchForm(Form):
    """`who` is an address or an account's id; `to` is the last day that is shown, days are UTC days."""

    who = StringField(later("Who"), [Length(max=320, message=later("This is too long.")), storable])
    action = SelectField(
        later("What"),
        default="",
        choices=[SelectChoice("", later("Everything")), *(SelectChoice(each.value) for each in Action)],
    )
    resource_type = StringField(later("Kind of thing"), [Length(max=64, message=later("This is too long.")), storable])
    resource_id = StringField(later("Its id"), [Length(max=128, message=later("This is too long.")), storable])
    since = StringField(later("From day"), name="from")
    until = StringField(later("Up to day"), name="to")

    def validate_since(self, field: Field) -> None:
        read_day(field)

    def validate_until(self, field: Field) -> None:
        last, first = read_day(field), None
        if not self.since.errors:
            first = read_day(self.since)
        if first and last and last < first:
            raise ValidationError(gettext("The last day lies before the first."))

    def filters(self) -> Filters:
        """The filters of a valid form; an address that nobody has finds nothing."""
        since, until = days_between(read_day(self.since), read_day(self.until))
        return Filters(
            user_id=self._user_id(),
            action=self.action.data or None,
            resource_type=(self.resource_type.data or "").strip() or None,
            resource_id=(self.resource_id.data or "").strip() or None,
            since=since,
            until=until,
        )

    def _user_id(self) -> UUID | None:
        who = (self.who.data or "").strip()
        if not who:
            return None
        try:
            return UUID(who)
        except ValueError:
            return user_id_of(who) or NOBODY
