"""The forms of My data and of reading with a reason."""

from typing import Final

from flask_babel import gettext
from wtforms import (  # type: ignore[attr-defined]  # SelectChoice is newer than the published types
    Field,
    HiddenField,
    PasswordField,
    SelectChoice,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Length, ValidationError

from quietus.accounts.passwords import RAW_LENGTH_MAX
from quietus.core.forms import TextForm
from quietus.core.languages import later
from quietus.privacy.finding import NOTE_MAX, NOTE_MIN, Reason, ReasonCode

ERASE_WORD: Final = "ERASE"
REASON_WORDS: Final[dict[ReasonCode, str]] = {
    ReasonCode.CLINICAL_CONCERN: later("I am worried about this person"),
    ReasonCode.PERSON_ASKED: later("The person asked me to"),
    ReasonCode.COMPLAINT: later("A complaint is looked into"),
    ReasonCode.INCIDENT: later("Something went wrong and is looked into"),
    ReasonCode.LEGAL_DUTY: later("The law asks for it"),
    ReasonCode.OTHER: later("Something else"),
}


class EraseForm(TextForm):
    """The password and a typed word, so that no single slip of the hand erases anybody."""

    password = PasswordField(
        later("Your password"),
        [InputRequired(later("Please fill this in.")), Length(max=RAW_LENGTH_MAX, message=later("This is too long."))],
    )
    confirm = StringField(later("The word ERASE"))

    def validate_confirm(self, field: Field) -> None:
        if field.data not in (ERASE_WORD, gettext("ERASE")):
            raise ValidationError(gettext("Please type ERASE in capital letters."))


def note_fault(note: str) -> str | None:
    """What is wrong with a reader's note, in words for them."""
    if "\x00" in note:
        return str(gettext("This holds a character that cannot be stored."))
    if not NOTE_MIN <= len(note) <= NOTE_MAX:
        return str(gettext("Please use %(least)s to %(most)s characters.", least=NOTE_MIN, most=NOTE_MAX))
    return None


class ReasonForm(TextForm):
    """Why somebody reads another person's text."""

    reason_code = SelectField(
        later("Why do you need to read this?"),
        choices=[
            SelectChoice("", later("Please choose")),
            *(SelectChoice(code.value, REASON_WORDS[code]) for code in ReasonCode),
        ],
        validators=[InputRequired(later("Please choose a reason."))],
    )
    note = TextAreaField(later("In your own words"))

    def validate_note(self, field: Field) -> None:
        field.data = (field.data or "").replace("\r\n", "\n").strip()
        if fault := note_fault(field.data):
            raise ValidationError(fault)

    def reason(self) -> Reason:
        return Reason(ReasonCode(self.reason_code.data), str(self.note.data))


class FindForm(ReasonForm):
    """Whose texts, and why."""

    who = StringField(
        later("Address or account id"),
        [InputRequired(later("Please fill this in.")), Length(max=320, message=later("This is too long."))],
    )
    cursor = HiddenField()
