"""The check-in form and the filters of the history page."""

from enum import StrEnum
from uuid import UUID, uuid4

from flask_babel import gettext
from flask_wtf import FlaskForm
from wtforms import (  # type: ignore[attr-defined]  # SelectChoice is newer than the published types
    Field,
    HiddenField,
    SelectChoice,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import ValidationError

from quietus.analysis.models import PredictedLabel, Source
from quietus.analysis.service import Filters
from quietus.analysis.texts import MAX_CHARACTERS, clean
from quietus.core.forms import TextForm, days_between, read_day
from quietus.core.languages import later


class CheckInForm(TextForm):
    """`request_id` is made with the form, so a second click sends the same check-in, not another one."""

    text = TextAreaField(later("What is on your mind?"), render_kw={"maxlength": MAX_CHARACTERS})
    request_id = HiddenField(default=lambda: str(uuid4()))

    def validate_text(self, field: Field) -> None:
        try:
            field.data = clean(field.data or "")
        except ValueError as error:
            raise ValidationError(str(error)) from error

    def validate_request_id(self, field: Field) -> None:
        try:
            field.data = str(UUID(field.data or ""))
        except ValueError as error:
            field.data = str(uuid4())
            raise ValidationError(gettext("The form was damaged on its way. Please send it again.")) from error


def _all_or(values: type[StrEnum]) -> list[SelectChoice]:
    return [SelectChoice("", "All"), *(SelectChoice(value.value) for value in values)]


class HistoryForm(FlaskForm):
    """Filters in the address of the page; `to` is the last day that is shown, days are UTC days."""

    class Meta(FlaskForm.Meta):
        csrf = False  # it only reads

    predicted_label = SelectField("Priority", default="", choices=_all_or(PredictedLabel))
    source = SelectField("Source", default="", choices=_all_or(Source))
    since = StringField("From", name="from")
    until = StringField("To", name="to")

    def validate_since(self, field: Field) -> None:
        read_day(field)

    def validate_until(self, field: Field) -> None:
        last, first = read_day(field), None
        if not self.since.errors:
            first = read_day(self.since)
        if first and last and last < first:
            raise ValidationError(gettext("The last day lies before the first."))

    def faults(self) -> dict[str, list[str]]:
        """What is wrong, by the names that the address uses."""
        return {field.name: [str(text) for text in field.errors] for field in self if field.errors}

    def filters(self) -> Filters:
        """The filters of a valid form."""
        since, until = days_between(read_day(self.since), read_day(self.until))
        return Filters(
            predicted_label=self.predicted_label.data or None,
            source=self.source.data or None,
            since=since,
            until=until,
        )
