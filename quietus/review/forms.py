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
from quietus.review.decisions import Decision, clean_note
from quietus.review.vocabulary import HumanLabel, Outcome, Taken

OUTCOMES = {
    Outcome.CONFIRMED: "It needs attention",
    Outcome.NOT_CONCERNING: "Nothing of concern in it",
    Outcome.CANNOT_TELL: "I cannot tell",
    Outcome.NEEDS_SECOND_READER: "Somebody else should read it too",
}
LABELS = {HumanLabel.HIGH: "High", HumanLabel.MODERATE: "Moderate", HumanLabel.LOW: "Low"}
TAKEN = {
    Taken.NONE: "Nothing, for now",
    Taken.SIGNPOSTED: "Sent them to a helpline or a service",
    Taken.CONTACTED_PERSON: "Contacted the person",
    Taken.CONTACTED_SUPPORTER: "Contacted somebody close to them",
    Taken.REFERRED: "Referred them to a professional",
    Taken.EMERGENCY_SERVICES: "Called emergency services",
    Taken.OTHER: "Something else (say what in the note)",
}


class DecisionForm(TextForm):
    outcome = RadioField(
        "What did you find?",
        [InputRequired("Please choose one.")],
        choices=[SelectChoice(value.value, words) for value, words in OUTCOMES.items()],
    )
    human_label = RadioField(
        "Which priority would you have given it?",
        default="",
        choices=[
            *(SelectChoice(value.value, words) for value, words in LABELS.items()),
            SelectChoice("", "I cannot say"),
        ],
    )
    action = SelectField(
        "What did you do about it?",
        default=Taken.NONE.value,
        choices=[SelectChoice(value.value, words) for value, words in TAKEN.items()],
    )
    note = TextAreaField("Note")

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
