"""The pages for reading with a reason: find a person, open one text."""

from typing import Any
from uuid import UUID

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from quietus.accounts.identity import signed_in
from quietus.analysis.service import failure_reason
from quietus.core.access import requires
from quietus.core.errors import Invalid, NotFound
from quietus.core.paging import LIMIT_DEFAULT, Page
from quietus.privacy import finding
from quietus.privacy.forms import FindForm, ReasonForm

bp = Blueprint("finding", __name__, url_prefix="/find")


@bp.get("")
@requires("read_text", "break_glass")
def form() -> str:
    return render_template("privacy/find.html", form=FindForm(formdata=None), found=None)


@bp.post("")
@requires("read_text", "break_glass")
def find() -> ResponseReturnValue:
    form: Any = FindForm()
    found: Page[Any] | None = None
    if form.validate():
        try:
            person = finding.find_person(form.who.data, form.reason(), actor=signed_in())
            found = finding.texts_of(person, limit=LIMIT_DEFAULT, cursor=form.cursor.data or None)
        except NotFound as refusal:
            form.who.errors = [refusal.detail]
        except Invalid:  # a damaged form: begin with the newest
            form.form_errors.append(gettext("This page of the list is no longer there. Please search again."))
    return render_template("privacy/find.html", form=form, found=found), 422 if form.errors else 200


@bp.post("/<uuid:analysis_id>")
@requires("read_text", "break_glass")
def read(analysis_id: UUID) -> ResponseReturnValue:
    form: Any = ReasonForm()
    if not form.validate():
        return render_template("privacy/give_reason.html", form=form, analysis_id=analysis_id), 422
    record = finding.read_text(analysis_id, form.reason(), actor=signed_in())
    return render_template("privacy/text.html", record=record, reason=failure_reason(record))
