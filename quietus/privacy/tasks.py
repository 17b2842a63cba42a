"""The background work of privacy: erase whoever is due."""

import structlog
from celery import shared_task

from quietus.privacy import erasing

log = structlog.get_logger(__name__)


@shared_task(name="privacy.erase")
def erase() -> None:
    """Erase everybody whose day has come."""
    done = erasing.erase_due()
    if done:
        log.info("privacy.erased", people=done)
