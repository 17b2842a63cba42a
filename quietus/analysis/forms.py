"""The check-in form and the filters of the history page."""

from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from uuid import UUID, uuid4

from wtforms import (  # type: ignore[attr-defined]  # SelectChoice is newer than the published types
    Field,
    Form,
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
from quietus.core.forms import TextForm

FIRST_YEAR, LAST_YEAR = 2000, 2999


class CheckInForm(TextForm):
    """`request_id` is made with the form, so a second click sends the same check-in, not another one."""

    text = TextAreaField("What is on your mind?", render_kw={"maxlength": MAX_CHARACTERS})
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
            raise ValidationError("The form was damaged on its way. Please send it again.") from error


def _day(field: Field) -> date | None:
    if not (field.data or "").strip():
        return None
    try:
        found = date.fromisoformat(field.data.strip())
    except ValueError as error:
        raise ValidationError("Please write the day as 2026-11-23.") from error
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise ValidationError(f"Please choose a year from {FIRST_YEAR} to {LAST_YEAR}.")
    return found


def _all_or(values: type[StrEnum]) -> list[SelectChoice]:
    return [SelectChoice("", "All"), *(SelectChoice(value.value) for value in values)]


class HistoryForm(Form):
    """Filters in the address of the page; `to` is the last day that is shown, days are UTC days."""

    predicted_label = SelectField("Priority", default="", choices=_all_or(PredictedLabel))
    source = SelectField("Source", default="", choices=_all_or(Source))
    since = StringField("From", name="from")
    until = StringField("To", name="to")

    def validate_since(self, field: Field) -> None:
        _day(field)

    def validate_until(self, field: Field) -> None:
        last, first = _day(field), None
        if not self.since.errors:
            first = _day(self.since)
        if first and last and last < first:
            raise ValidationError("The last day lies before the first.")

    def faults(self) -> dict[str, list[str]]:
        """What is wrong, by the names that the address uses."""
        return {field.name: [str(text) for text in field.errors] for field in self if field.errors}

    def filters(self) -> Filters:
        """The filters of a valid form."""
        first, last = _day(self.since), _day(self.until)
        return Filters(
            predicted_label=self.predicted_label.data or None,
            source=self.source.data or None,
            since=datetime.combine(first, time(), UTC) if first else None,
            until=datetime.combine(last + timedelta(days=1), time(), UTC) if last else None,
        )
