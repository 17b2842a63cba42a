"""The JSON shapes of analyses."""

from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from quietus.analysis.models import PredictedLabel, Source
from quietus.analysis.texts import MAX_CHARACTERS, MIN_CHARACTERS, clean
from quietus.core.api import Moment, StrictSchema, Text
from quietus.core.paging import LIMIT_DEFAULT, LIMIT_MAX
from quietus.textmodel import LABELS

BATCH_MAX = 200
EXAMPLE = "I have not slept well this week and everything feels heavy."


class CheckInText(Text):
    """A text as analysis/texts.py accepts it."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        try:
            return clean(super()._deserialize(value, attr, data, **kwargs))
        except ValueError as error:
            if isinstance(error, ma.ValidationError):
                raise
            raise ma.ValidationError(str(error)) from error


class SubmissionSchema(StrictSchema):
    """One text on its way in."""

    text = CheckInText(
        required=True,
        metadata={
            "description": f"{MIN_CHARACTERS} to {MAX_CHARACTERS} characters after trimming",
            "minLength": MIN_CHARACTERS,
            "example": EXAMPLE,
        },
    )
    source = fields.String(load_default=Source.API.value, validate=validate.OneOf([v.value for v in Source]))
    request_id = fields.UUID(metadata={"description": "Idempotency key; made by the server when absent"})
    subject_id = fields.UUID(metadata={"description": "The person it is about, when that is not you"})


class BatchSchema(StrictSchema):
    """Up to 200 texts; each is accepted or refused on its own."""

    items = fields.List(
        fields.Raw(
            allow_none=True,
            metadata={"description": "A submission, as in POST /analyses; what is none is refused by itself"},
        ),
        required=True,
        validate=validate.Length(1, BATCH_MAX),
    )


class AcceptedSchema(ma.Schema):
    """A text that is stored; its outcome follows at `url`."""

    id = fields.UUID(required=True)
    request_id = fields.UUID(required=True)
    status = fields.String(required=True, validate=validate.OneOf(["PENDING", "RECORDED", "FAILED"]))
    url = fields.String(required=True)


class AnalysisSchema(ma.Schema):
    """A record: every column of analysis_records, and where it stands."""

    id = fields.UUID(required=True)
    user_id = fields.UUID(required=True)
    input_text = fields.String(required=True)
    source = fields.String(required=True)
    predicted_label = fields.String(
        required=True,
        validate=validate.OneOf([v.value for v in PredictedLabel]),
        metadata={"description": "Review priority of this text, not of a person. LOW does not mean safe."},
    )
    confidence = fields.Float(required=True, metadata={"description": "Calibrated probability of the label, 0 to 1"})
    model_version = fields.String(required=True)
    ai_processing_ms = fields.Integer(required=True)
    submitted_at = fields.AwareDateTime(required=True)
    analyzed_at = fields.AwareDateTime(required=True)
    request_id = fields.UUID(required=True)
    status = fields.String(required=True, validate=validate.OneOf(["PENDING", "RECORDED", "FAILED"]))
    failure_reason = fields.String(metadata={"description": "Why a FAILED text has no outcome"})


class OutcomeSchema(StrictSchema):
    """The outcome that a model of one's own gives to a PENDING text."""

    predicted_label = fields.String(required=True, validate=validate.OneOf(LABELS))
    confidence = fields.Float(required=True, validate=validate.Range(0, 1))
    model_version = Text(required=True, validate=[validate.Length(1, 64), validate.Regexp(r"[!-~]+\Z")])
    ai_processing_ms = fields.Integer(required=True, strict=True, validate=validate.Range(0, 2**31 - 1))


class SpanSchema(ma.Schema):
    """A stretch of the text; a weight above 0 moved the priority up, below 0 down."""

    start = fields.Integer(required=True)
    end = fields.Integer(required=True)
    weight = fields.Float(required=True)


class PhraseSchema(ma.Schema):
    """A phrase of risk and how it seems to be meant."""

    start = fields.Integer(required=True)
    end = fields.Integer(required=True)
    kind = fields.String(required=True)
    about = fields.String(required=True)
    negated = fields.Boolean(required=True)
    past = fields.Boolean(required=True)
    quoted = fields.Boolean(required=True)
    idiom = fields.Boolean(required=True)


class GivenOutcomeSchema(ma.Schema):
    """The outcome as the model gave it."""

    label = fields.String(required=True)
    confidence = fields.Float(required=True)
    probabilities = fields.Dict(keys=fields.String(), values=fields.Float(), required=True)
    spans = fields.List(fields.Nested(SpanSchema), required=True)
    flags = fields.List(fields.String(), required=True)


class ExplanationSchema(ma.Schema):
    """`base` plus the weights of `words` is `log_odds`: HIGH against LOW, calibrated, before the phrase rules."""

    model_version = fields.String(required=True)
    outcome = fields.Nested(GivenOutcomeSchema, required=True)
    base = fields.Float(required=True)
    log_odds = fields.Float(required=True)
    words = fields.List(fields.Nested(SpanSchema), required=True)
    phrases = fields.List(fields.Nested(PhraseSchema), required=True)
    before_rules = fields.Dict(keys=fields.String(), values=fields.Float(), required=True)
    windows = fields.Integer(required=True)


class BatchResultSchema(ma.Schema):
    """What became of one item: its HTTP status, and the accepted text or the problem."""

    status = fields.Integer(required=True)
    replayed = fields.Boolean()
    analysis = fields.Nested(AcceptedSchema)
    code = fields.String()
    detail = fields.String()
    errors = fields.Dict(keys=fields.String(), values=fields.List(fields.String()))


class BatchAnswerSchema(ma.Schema):
    """One result for each item, in order."""

    items = fields.List(fields.Nested(BatchResultSchema), required=True)


class ListQuerySchema(StrictSchema):
    """Filters and page of a list of records."""

    predicted_label = fields.String(validate=validate.OneOf([v.value for v in PredictedLabel]))
    source = fields.String(validate=validate.OneOf([v.value for v in Source]))
    since = Moment(data_key="from", metadata={"description": "Analysed at or after this time"})
    until = Moment(data_key="to", metadata={"description": "Analysed before this time"})
    request_id = fields.UUID()
    limit = fields.Integer(load_default=LIMIT_DEFAULT, validate=validate.Range(1, LIMIT_MAX))
    cursor = Text(validate=validate.Length(max=200))


class ListSchema(ma.Schema):
    """A page of records, newest first."""

    items = fields.List(fields.Nested(AnalysisSchema), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class AcceptHeadersSchema(ma.Schema):
    """Headers that a submission may carry."""

    class Meta:
        unknown = ma.EXCLUDE

    idempotency_key = fields.UUID(data_key="Idempotency-Key", metadata={"description": "Same as request_id"})
    prefer = Text(
        data_key="Prefer",
        validate=validate.Length(max=100),
        metadata={"description": "`wait=5` waits up to that many seconds (10 at most) for the outcome"},
    )
