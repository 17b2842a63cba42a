"""Celery's beat, kept going when the machine's clock is set back."""

from datetime import timedelta
from typing import Any

import structlog
from celery.beat import PersistentScheduler

log = structlog.get_logger(__name__)

# clocks are nudged all the time
SLACK = timedelta(seconds=5)


class Scheduler(PersistentScheduler):
    """Takes a last run that lies in the future for one of this moment.

    Beat counts from the last run, which its file keeps: an hour back on the clock would be an hour without sweeps.
    """

    def tick(self, *args: Any, **kwargs: Any) -> float:
        entries = list(self.schedule.values())
        ahead = [entry for entry in entries if entry.last_run_at > entry.default_now() + SLACK]
        for entry in ahead:
            entry.last_run_at = entry.default_now()
        if ahead:
            self._heap = None  # made anew, by the clock as it is now
            log.warning("beat.clock_set_back", entries=len(ahead))
        wait: float = super().tick(*args, **kwargs)
        return wait
