"""How the newest reports stand, for whoever watches over the desk: how many in which state, how old the oldest."""

from collections import Counter
from datetime import timedelta
from typing import Final

from quietus.core import clock
from quietus.reports import requests, states

# what is older than this, or beyond this many, has come to its end long ago
SINCE: Final = timedelta(days=1)
NEWEST: Final = 200


def counts() -> tuple[Counter[str], float]:
    """Reports of the last day by their state, and the age of the oldest on its way in seconds, 0 without one.

    Raises Unavailable while the broker is away.
    """
    asked = requests.newest(since=clock.now() - SINCE, limit=NEWEST)
    known = states.read_many([request.id for request, _ in asked])
    counted: Counter[str] = Counter()
    oldest = 0.0
    for request, cancelled in asked:
        state = known[request.id]
        status = "CANCELLED" if cancelled else state.status if state else "EXPIRED"
        counted[status] += 1
        if status in states.LIVE:
            oldest = max(oldest, (clock.now() - request.asked_at).total_seconds())
    return counted, oldest
