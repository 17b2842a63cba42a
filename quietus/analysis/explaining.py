"""Why a recorded text got its priority: computed again from the text by the version that recorded it."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask_babel import gettext

from quietus import textmodel
from quietus.analysis.models import AnalysisRecord
from quietus.core.errors import Conflict
from quietus.textmodel import Refusal, Span
from quietus.textmodel.explain import Explanation, explain
from quietus.textmodel.local import LocalModel


def explain_analysis(record: AnalysisRecord) -> Explanation:
    """The explanation of a recorded text.

    Raises Conflict while there is no outcome, and where the version that gave it is not the one that is shipped:
    another version would explain another outcome.
    """
    if record.status != "RECORDED":
        raise Conflict("no_outcome", gettext("This text has no outcome yet that could be explained."))
    model = textmodel.load("local")
    if not isinstance(model, LocalModel) or record.model_version != model.version:
        raise Conflict(
            "version_gone",
            gettext("Another version of the model read this text; it cannot be explained by this one."),
        )
    found = explain(record.input_text, model)
    if isinstance(found, Refusal):  # the version that recorded an outcome cannot refuse the same text
        raise Conflict("no_outcome", gettext("This text has no outcome that could be explained."))
    return found


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of the text for showing; `weight` is 0 where nothing moved the priority."""

    text: str
    weight: float


def segments(text: str, spans: Sequence[Span]) -> list[Segment]:
    """The whole text cut at the spans, in order; what they leave between them has weight 0."""
    cut: list[Segment] = []
    at = 0
    for span in sorted(spans, key=lambda span: span.start):
        if span.start < at:  # shown once, with the first
            continue
        if span.start > at:
            cut.append(Segment(text[at : span.start], 0.0))
        cut.append(Segment(text[span.start : span.end], span.weight))
        at = span.end
    if at < len(text):
        cut.append(Segment(text[at:], 0.0))
    return cut
