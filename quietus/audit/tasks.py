"""The nightly work on the audit trail: seal what is closed, check what is sealed."""

import structlog
from celery import shared_task

from quietus.audit.sealing import DayStillOpen, seal_closed_days
from quietus.audit.verifying import verify

log = structlog.get_logger(__name__)


@shared_task(name="audit.seal")
def seal() -> None:
    """Seal every closed day that has no seal yet."""
    try:
        seal_closed_days()
    except DayStillOpen:
        log.warning("audit.day_still_open")  # the next hour's run seals it


@shared_task(name="audit.verify")
def check() -> None:
    """Compare every sealed day with its seal; a fault is an error in the logs, and stands in the trail."""
    found = verify(actor=None)
    if found.fault_count:
        first = found.faults[0]
        log.error("audit.fault", faults=found.fault_count, day=str(first.day), row=first.row_id, what=first.what)
