"""How far the queue has been worked off: reading it starts there instead of at the first text ever stored.

A `review:settled` row says of one list: before this time all has been decided for good, except for these items. The
newest one counts; without any, everything is walked, and the queue is the same.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from quietus.audit import service as audit
from quietus.audit.tags import Action
from quietus.core.pages import rfc3339

RESOURCE: Final = "review"
SESSION: Final = "SESSION"  # the list of raised windows; the others are called by their label
BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Mark:
    """All before `before` is decided, except for `remaining` (ids)."""

    before: datetime = BEGINNING
    remaining: tuple[str, ...] = ()


def read(name: str) -> Mark:
    row = audit.latest(Action.REVIEW_SETTLED, resource_type=RESOURCE, resource_id=name)
    if row is None or row.details is None:
        return Mark()
    return Mark(datetime.fromisoformat(row.details["before"]), tuple(row.details["remaining"]))


def write(name: str, mark: Mark) -> None:
    """Add the mark to the current transaction."""
    facts: dict[str, Any] = {"before": rfc3339(mark.before), "remaining": list(mark.remaining)}
    audit.record(Action.REVIEW_SETTLED, actor=None, resource_type=RESOURCE, resource_id=name, metadata=facts)
