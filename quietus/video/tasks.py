"""The background's side of video: closing what was left open."""

import structlog
from celery import shared_task

from quietus.video.ending import close_abandoned

log = structlog.get_logger(__name__)


@shared_task(name="video.close_abandoned")
def close_abandoned_task() -> None:
    """Close sessions that went silent or ran too long."""
    closed = close_abandoned()
    if closed:
        log.info("video.closed", sessions=closed)
