"""The base of every form: what it holds is text, in UTF-8, as it was written."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from urllib.parse import unquote_to_bytes

from flask import request
from flask_babel import gettext
from flask_wtf import FlaskForm
from wtforms import Field
from wtforms.validators import ValidationError

from quietus.core.errors import Invalid

FIRST_YEAR: Final = 2000
LAST_YEAR: Final = 2999


class TextForm(FlaskForm):
    """Takes the request's form fields when it is given nothing; `formdata=None` means an empty form."""

    class Meta(FlaskForm.Meta):
        def wrap_formdata(self, form: FlaskForm, formdata: Any) -> Any:
            if formdata is None or hasattr(formdata, "getlist"):
                return formdata
            # not Flask-WTF's choice: it mixes in uploaded files and JSON, whose values are no text
            return (request.form or None) if form.is_submitted() else None


def read_day(field: Field) -> date | None:
    """The day that a field holds, None when it is empty. Raises ValidationError, a sentence for a person."""
    if not (field.data or "").strip():
        return None
    try:
        found = date.fromisoformat(field.data.strip())
    except ValueError as error:
        raise ValidationError(gettext("Please write the day as 2026-11-23.")) from error
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        words = gettext("Please choose a year from %(first)s to %(last)s.", first=FIRST_YEAR, last=LAST_YEAR)
        raise ValidationError(words)
    return found


def days_between(first: date | None, last: date | None) -> tuple[datetime | None, datetime | None]:
    """The half-open time from the begin of one UTC day to the end of another."""
    since = datetime.combine(first, time(), UTC) if first else None
    return since, datetime.combine(last + timedelta(days=1), time(), UTC) if last else None


def refuse_undecodable() -> None:
    """Raise Invalid for a form that is not UTF-8: werkzeug would put other characters in the place of its own.

    Comes before anything reads the form.
    """
    if request.mimetype == "application/x-www-form-urlencoded":
        readable = _is_utf8(unquote_to_bytes(request.get_data()))  # the data stays; the form is read from it
    else:
        # in parts, what was not UTF-8 is U+FFFD by now; nobody types that, and our pages send no parts
        readable = not any("\ufffd" in text for _, text in request.form.items(multi=True))
    if not readable:
        raise Invalid(
            {}, gettext("The form was not sent as UTF-8, so its words cannot be read. Nothing was stored.")
        )


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
