"""Notes how far the queue has been worked off, so that reading it never walks all that was ever decided.

A `review:settled` row says: before this time all has been decided for good, except for these items. The queue starts
there. It is a fact that cannot turn: a decision counts only once it can no longer be undone, and the time stays far
enough behind for whatever is still on its way. Without such a row the queue is the same, only slower.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from quietus.audit import service as audit
from quietus.audit.tags import Action
from quietus.core import clock
from quietus.core.extensions import db
from quietus.core.pages import rfc3339
from quietus.review import statements
from quietus.review.locks import first_here
from quietus.review.vocabulary import UNDO_MINUTES

RESOURCE: Final = "review"
# rows looked at in one transaction, and items that may stay behind the mark
WALK: Final = 20_000
REMAINING_MAX: Final = 100


@dataclass(frozen=True, slots=True)
class Stretch:
    """One list that is worked off on its own; `lag`: how late a row of it may still appear."""

    name: str
    statement: str
    lag: timedelta


STRETCHES: Final = (
    # an outcome is stored in the moment that its analyzed_at names
    Stretch("HIGH", "unsettled_texts", timedelta(hours=1)),
    Stretch("MODERATE", "unsettled_texts", timedelta(hours=1)),
    # a session's windows may come until 24 hours after its end
    Stretch("SESSION", "unsettled_sessions", timedelta(days=3)),
)


def settle() -> int:
    """Move the marks as far as the decisions allow; how many rows were written."""
    return sum(_settle(stretch) for stretch in STRETCHES)


def _settle(stretch: Stretch) -> int:
    written = 0
    until = clock.now() - stretch.lag
    while first_here(f"review:settle:{stretch.name}"):
        moved = _moved(stretch, until)
        if moved is None:
            db.session.rollback()
            break
        audit.record(
            Action.REVIEW_SETTLED, actor=None, resource_type=RESOURCE, resource_id=stretch.name, metadata=moved
        )
        db.session.commit()
        written += 1
    return written


def _moved(stretch: Stretch, until: datetime) -> dict[str, Any] | None:
    """The mark after one more walk; None when nothing lies ahead and nothing behind it was decided."""
    row = audit.latest(Action.REVIEW_SETTLED, resource_type=RESOURCE, resource_id=stretch.name)
    mark = dict(row.details or {}) if row else {"before": "-infinity", "remaining": []}
    named = {"label": stretch.name} if stretch.statement == "unsettled_texts" else {}
    (found,) = statements.rows(
        stretch.statement,
        **named,
        before=mark["before"],
        remaining=mark["remaining"],
        until=until,
        undo_before=clock.now() - timedelta(minutes=UNDO_MINUTES + 1),
        walk=WALK,
        cap=REMAINING_MAX,
    )
    ids, end = [str(each) for each in found["ids"] or ()], found["end"]
    if len(ids) > REMAINING_MAX:
        end, ids = found["times"][REMAINING_MAX], ids[:REMAINING_MAX]
    moved = {"before": rfc3339(end) if found["walked"] else mark["before"], "remaining": ids}
    return None if moved == mark else moved
