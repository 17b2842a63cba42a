"""The base of every form: what it holds is text, in UTF-8, as it was written."""

from typing import Any
from urllib.parse import unquote_to_bytes

from flask import request
from flask_wtf import FlaskForm

from quietus.core.errors import Invalid


class TextForm(FlaskForm):
    """Takes the request's form fields when it is given nothing; `formdata=None` means an empty form."""

    class Meta(FlaskForm.Meta):
        def wrap_formdata(self, form: FlaskForm, formdata: Any) -> Any:
            if formdata is None or hasattr(formdata, "getlist"):
                return formdata
            # not Flask-WTF's choice: it mixes in uploaded files and JSON, whose values are no text
            return (request.form or None) if form.is_submitted() else None


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
        raise Invalid({}, "The form was not sent as UTF-8, so its words cannot be read. Nothing was stored.")


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
