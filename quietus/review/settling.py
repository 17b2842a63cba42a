"""Notes how far the queue has been worked off (review/marks.py), so that reading it never walks all its past.

A mark is a fact that cannot turn: a decision counts only once it can no longer be undone, and the mark stays far
enough behind for whatever is still on its way.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from quietus.core import clock
from quietus.core.database import only_one
from quietus.core.extensions import db
from quietus.review import marks, statements
from quietus.review.marks import Mark
from quietus.review.vocabulary import UNDO_MINUTES

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
    # a session ends within four hours, and its windows may come until 24 hours after its end
    Stretch(marks.SESSION, "unsettled_sessions", timedelta(days=2)),
)


def settle() -> int:
    """Move the marks as far as the decisions allow; how many rows were written."""
    return sum(_settle(stretch) for stretch in STRETCHES)


def _settle(stretch: Stretch) -> int:
    written = 0
    until = clock.now() - stretch.lag
    while only_one(f"review:settle:{stretch.name}"):
        mark = marks.read(stretch.name)
        moved = _moved(stretch, mark, until)
        if moved == mark:
            db.session.rollback()
            break
        marks.write(stretch.name, moved)
        db.session.commit()
        written += 1
    return written


def _moved(stretch: Stretch, mark: Mark, until: datetime) -> Mark:
    """The mark after one more walk; the same when nothing lies ahead and nothing behind it was decided."""
    named = {} if stretch.name == marks.SESSION else {"label": stretch.name}
    (found,) = statements.rows(
        stretch.statement,
        **named,
        before=mark.before,
        remaining=list(mark.remaining),
        until=until,
        undo_before=clock.now() - timedelta(minutes=UNDO_MINUTES + 1),
        walk=WALK,
        cap=REMAINING_MAX,
    )
    ids, end = [str(each) for each in found["ids"] or ()], found["end"]
    if len(ids) > REMAINING_MAX:
        end, ids = found["times"][REMAINING_MAX], ids[:REMAINING_MAX]
    return Mark(end if found["walked"] else mark.before, tuple(ids))
