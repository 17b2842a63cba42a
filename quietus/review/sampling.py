"""The daily sample: some LOW texts of each day join the queue unmarked, so that what the model missed is seen.

Texts only: a session without raised windows holds nothing that a person could judge without the model's own figures.
"""

from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from quietus.audit import service as audit
from quietus.audit.tags import Action
from quietus.core import clock
from quietus.core.config import settings
from quietus.core.database import only_one
from quietus.core.extensions import db
from quietus.review import statements
from quietus.review.vocabulary import Kind

# days that are looked at again, so that a desk that stood still catches up
CATCH_UP_DAYS: Final = 7


def draw_samples() -> int:
    """Draw what is missing of the samples of the last complete days (UTC); how many texts joined the queue."""
    today = clock.now().date()
    return sum(draw_sample(today - timedelta(days=ago)) for ago in range(CATCH_UP_DAYS, 0, -1))


def draw_sample(day: date) -> int:
    """Draw one day's sample, or what is missing of it. Random, and kept as audit rows: nobody can work it out."""
    start = datetime.combine(day, time(), UTC)
    if not only_one(f"review:sample:{day}"):
        return 0
    wanted = settings().review_low_sample
    found = statements.rows("draw_sample", **{"from": start, "to": start + timedelta(days=1), "wanted": wanted})
    audit.record_many(
        Action.REVIEW_SAMPLED,
        [(row["id"], {"day": day.isoformat()}) for row in found],
        actor=None,
        resource_type=Kind.ANALYSIS.resource,
    )
    db.session.commit()
    return len(found)
