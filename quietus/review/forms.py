"""The form in which a reader says what they found."""

from wtforms import (  # type: ignore[attr-defined]  # SelectChoice is newer than the published types
    Field,
    RadioField,
    SelectChoice,
    SelectField,
    TextAreaField,
)
from wtforms.validators import InputRequired, ValidationError

from quietus.core.forms import TextForm
from quietus.core.languages import later
from quietus.review.decisions import Decision, clean_note
from quietus.review.vocabulary import HumanLabel, Outcome, Taken

OUTCOMES = {
    Outcome.CONFIRMED: later("It needs attention"),
    Outcome.NOT_CONCERNING: later("Nothing of concern in it"),
    Outcome.CANNOT_TELL: later("I cannot tell"),
    Outcome.NEEDS_SECOND_READER: later("Somebody else should read it too"),
}
LABELS = {HumanLabel.HIGH: later("High"), HumanLabel.MODERATE: later("Moderate"), HumanLabel.LOW: later("Low")}
TAKEN = {
    Taken.NONE: later("Nothing, for now"),
    Taken.SIGNPOSTED: later("Sent them to a helpline or a service"),
    Taken.CONTACTED_PERSON: later("Contacted the person"),
    Taken.CONTACTED_SUPPORTER: later("Contacted somebody close to them"),
    Taken.REFERRED: later("Referred them to a professional"),
    Taken.EMERGENCY_SERVICES: later("Called emergency services"),
    Taken.OTHER: later("Something else (say what in the note)"),
}


class DecisionForm(TextForm):
    outcome = RadioField(
        later("What did you find?"),
        [InputRequired(later("Please choose one."))],
        choices=[SelectChoice(value.value, words) for value, words in OUTCOMES.items()],
    )
    human_label = RadioField(
        later("Which priority would you have given it?"),
        default="",
        choices=[
            *(SelectChoice(value.value, words) for value, words in LABELS.items()),
            SelectChoice("", later("I cannot say")),
        ],
    )
    action = SelectField(
        later("What did you do about it?"),
        default=Taken.NONE.value,
        choices=[SelectChoice(value.value, words) for value, words in TAKEN.items()],
    )
    note = TextAreaField(later("Your note"))

    def validate_note(self, field: Field) -> None:
        try:
            field.data = clean_note(field.data or "")
        except ValueError as error:
            raise ValidationError(str(error)) from error

    def leave_out_a_third_reader(self) -> None:
        """For a second reading: whoever makes it decides."""
        left = [outcome for outcome in OUTCOMES if outcome is not Outcome.NEEDS_SECOND_READER]
        self.outcome.choices = [SelectChoice(outcome.value, OUTCOMES[outcome]) for outcome in left]

    def decision(self) -> Decision:
        """What a valid form says."""
        label = self.human_label.data
        return Decision(
            Outcome(self.outcome.data),
            HumanLabel(label) if label else None,
            Taken(self.action.data),
            self.note.data or "",
        )
