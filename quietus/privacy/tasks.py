"""The background work of privacy: erase whoever is due, delete what is too old."""

import structlog
from celery import shared_task

from quietus.privacy import erasing, retention
from quietus.privacy.owning import NotTheOwner

log = structlog.get_logger(__name__)


@shared_task(name="privacy.erase")
def erase() -> None:
    """Erase everybody whose day has come."""
    done = erasing.erase_due()
    if done:
        log.info("privacy.erased", people=done)


@shared_task(name="retention.apply")
def apply_retention() -> None:
    """Delete what is older than the settings want to keep."""
    try:
        gone = {line.kind: line.rows for line in retention.apply()}
    except NotTheOwner as error:
        log.error("retention.audit_kept", reason=str(error))
        return
    if any(gone.values()):
        log.info("retention.applied", **gone)
