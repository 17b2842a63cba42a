"""The audit vocabulary: `subject:verb` in the past tense, at most 64 characters."""

from enum import StrEnum
from typing import Final


class Action(StrEnum):
    """What an audit row says happened."""

    ANALYSIS_ACCEPTED = "analysis:accepted"
    ANALYSIS_RECORDED = "analysis:recorded"
    ANALYSIS_FAILED = "analysis:failed"
    ANALYSIS_ATTEMPTED = "analysis:attempted"
    ANALYSIS_POSTPONED = "analysis:postponed"
    ANALYSIS_RETRIED = "analysis:retried"
    ANALYSIS_VIEWED = "analysis:viewed"
    VIDEO_SESSION_VIEWED = "video_session:viewed"
    ANALYSIS_ERASED = "analysis:erased"
    ANALYSES_EXPORTED = "analyses:exported"
    ANALYSES_BACKTESTED = "analyses:backtested"
    VIDEO_SESSION_STARTED = "video_session:started"
    VIDEO_SESSION_JOINED = "video_session:joined"
    VIDEO_SESSION_ENDED = "video_session:ended"
    VIDEO_SESSION_ERASED = "video_session:erased"
    EVENTS_STORED = "events:stored"
    EVENTS_EXPORTED = "events:exported"
    CONSENT_GIVEN = "consent:given"
    CONSENT_WITHDRAWN = "consent:withdrawn"
    REVIEW_DECIDED = "review:decided"
    SUBJECT_VIEWED = "subject:viewed"
    REVIEW_CLAIMED = "review:claimed"
    REVIEW_RELEASED = "review:released"
    REVIEW_UNDONE = "review:undone"
    REVIEW_SAMPLED = "review:sampled"
    REVIEW_SETTLED = "review:settled"
    ESCALATION_SENT = "escalation:sent"
    USER_REGISTERED = "user:registered"
    USER_CREATED = "user:created"
    USER_ROLES_SET = "user:roles_set"
    USER_DEACTIVATED = "user:deactivated"
    USER_ACTIVATED = "user:activated"
    PASSWORD_CHANGED = "password:changed"  # noqa: S105 - the name of an act  # nosec B105
    PASSWORD_RESET = "password:reset"  # noqa: S105 - as above  # nosec B105
    PASSWORD_RESET_REQUESTED = "password:reset_requested"  # noqa: S105 - as above  # nosec B105
    SIGNIN_SUCCEEDED = "signin:succeeded"
    SIGNIN_FAILED = "signin:failed"
    SIGNIN_ENDED = "signin:ended"
    SIGNIN_ENDED_EVERYWHERE = "signin:ended_everywhere"
    SIGNIN_LINKED = "signin:linked"
    SIGNIN_UNLINKED = "signin:unlinked"
    SIGNIN_LET_IN = "signin:let_in"
    TOKEN_ISSUED = "token:issued"  # noqa: S105 - as above  # nosec B105
    TOKEN_REVOKED = "token:revoked"  # noqa: S105 - as above  # nosec B105
    USERS_SEARCHED = "users:searched"
    USER_VIEWED = "user:viewed"
    AUDIT_SEARCHED = "audit:searched"
    AUDIT_EXPORTED = "audit:exported"
    AUDIT_SEALED = "audit:sealed"
    AUDIT_VERIFIED = "audit:verified"
    SETTINGS_CHANGED = "settings:changed"
    FIRST_STEPS_CLOSED = "first_steps:closed"
    HELPLINES_CHECKED = "helplines:checked"
    BACKUP_MADE = "backup:made"
    BACKUP_RESTORED = "backup:restored"
    SUBJECT_SEARCHED = "subject:searched"
    SUBJECT_EXPORTED = "subject:exported"
    SUBJECT_ERASURE_PROPOSED = "subject:erasure_proposed"
    SUBJECT_ERASURE_REQUESTED = "subject:erasure_requested"
    SUBJECT_ERASURE_CANCELLED = "subject:erasure_cancelled"
    SUBJECT_ERASED = "subject:erased"
    RETENTION_APPLIED = "retention:applied"
    REPORT_REQUESTED = "report:requested"
    REPORT_DOWNLOADED = "report:downloaded"
    REPORT_CANCELLED = "report:cancelled"
    REPORT_DELETED = "report:deleted"
    SUMMARY_BUILT = "summary:built"
    SUMMARY_MAILED = "summary:mailed"
    SUMMARY_MUTED = "summary:muted"
    SUMMARY_UNMUTED = "summary:unmuted"
    ALERT_CHANGED = "alert:changed"
    WEBHOOK_ADDED = "webhook:added"
    WEBHOOK_DELIVERED = "webhook:delivered"
    WEBHOOK_FAILED = "webhook:failed"
    WEBHOOK_RETRIED = "webhook:retried"


# somebody read what a person said, or what is known of them; `subject_id` in the metadata names that person
READINGS: Final = (
    Action.ANALYSIS_VIEWED,
    Action.VIDEO_SESSION_VIEWED,
    Action.SUBJECT_VIEWED,
    Action.SUBJECT_SEARCHED,
    Action.SUBJECT_EXPORTED,
)
# the rows that migration 0003 indexes by their subject: the readings, and what may hold a note about a person
ABOUT_A_SUBJECT: Final = (*READINGS, Action.REVIEW_DECIDED)
