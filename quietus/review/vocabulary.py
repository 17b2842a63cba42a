"""The words of a review: what an item is, what a reader may decide, and which audit rows tell how it stands."""

from enum import StrEnum
from typing import Final

from quietus.audit.tags import Action

NOTE_MAX: Final = 2000
UNDO_MINUTES: Final = 10


class Kind(StrEnum):
    """What an item is, as its address says it."""

    ANALYSIS = "analysis"
    SESSION = "session"

    @property
    def resource(self) -> str:
        """What audit rows call it."""
        return "analysis" if self is Kind.ANALYSIS else "video_session"

    @property
    def viewed(self) -> Action:
        return Action.ANALYSIS_VIEWED if self is Kind.ANALYSIS else Action.VIDEO_SESSION_VIEWED


class Place(StrEnum):
    """Where an item stands in the queue. NEXT hides which of its texts are MODERATE and which a sample of LOW."""

    FIRST = "FIRST"
    NEXT = "NEXT"


class Outcome(StrEnum):
    """What a reader finds."""

    CONFIRMED = "CONFIRMED"
    NOT_CONCERNING = "NOT_CONCERNING"
    CANNOT_TELL = "CANNOT_TELL"
    NEEDS_SECOND_READER = "NEEDS_SECOND_READER"


class HumanLabel(StrEnum):
    """The review priority that the reader would have given."""

    LOW = "LOW"
    MODERATE = "MODERATE"
    HIGH = "HIGH"


class Taken(StrEnum):
    """What was done about it."""

    NONE = "NONE"
    SIGNPOSTED = "SIGNPOSTED"
    CONTACTED_PERSON = "CONTACTED_PERSON"
    CONTACTED_SUPPORTER = "CONTACTED_SUPPORTER"
    REFERRED = "REFERRED"
    EMERGENCY_SERVICES = "EMERGENCY_SERVICES"
    OTHER = "OTHER"


class Reason(StrEnum):
    """Why an item was read; part of the decision's audit row."""

    HIGH = "HIGH"
    MODERATE = "MODERATE"
    SAMPLE = "SAMPLE"
    SECOND_READING = "SECOND_READING"


# the newest of these about an item says by itself how the item stands: each carries `reading`, `first_reader`, `seen`
STANDING: Final = (
    Action.REVIEW_CLAIMED,
    Action.REVIEW_RELEASED,
    Action.REVIEW_DECIDED,
    Action.REVIEW_UNDONE,
)
