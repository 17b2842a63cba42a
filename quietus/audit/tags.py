"""The audit vocabulary: `subject:verb` in the past tense, at most 64 characters."""

from enum import StrEnum


class Action(StrEnum):
    """What an audit row says happened."""

    ANALYSIS_ACCEPTED = "analysis:accepted"
    ANALYSIS_RECORDED = "analysis:recorded"
    ANALYSIS_FAILED = "analysis:failed"
    ANALYSIS_ATTEMPTED = "analysis:attempted"
    ANALYSIS_POSTPONED = "analysis:postponed"
    ANALYSIS_RETRIED = "analysis:retried"
    ANALYSIS_VIEWED = "analysis:viewed"
    ANALYSIS_ERASED = "analysis:erased"
    ANALYSES_EXPORTED = "analyses:exported"
    REVIEW_CLAIMED = "review:claimed"
    REVIEW_RELEASED = "review:released"
    REVIEW_DECIDED = "review:decided"
    REVIEW_UNDONE = "review:undone"
    REVIEW_SAMPLED = "review:sampled"
    REVIEW_SETTLED = "review:settled"
    ESCALATION_SENT = "escalation:sent"
    VIDEO_SESSION_VIEWED = "video_session:viewed"
    USER_REGISTERED = "user:registered"
    USER_CREATED = "user:created"
    USER_ROLES_SET = "user:roles_set"
    USER_DEACTIVATED = "user:deactivated"
    USER_ACTIVATED = "user:activated"
    PASSWORD_CHANGED = "password:changed"  # noqa: S105 - the name of an act
    PASSWORD_RESET = "password:reset"  # noqa: S105 - as above
    PASSWORD_RESET_REQUESTED = "password:reset_requested"  # noqa: S105 - as above
    SIGNIN_SUCCEEDED = "signin:succeeded"
    SIGNIN_FAILED = "signin:failed"
    SIGNIN_ENDED = "signin:ended"
    SIGNIN_ENDED_EVERYWHERE = "signin:ended_everywhere"
    TOKEN_ISSUED = "token:issued"  # noqa: S105 - as above
    TOKEN_REVOKED = "token:revoked"  # noqa: S105 - as above
