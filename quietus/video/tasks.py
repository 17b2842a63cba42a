"""The background's side of video: reading uploaded files, closing what was left open."""

import redis
import structlog
from celery import shared_task

from quietus.core.celery import send
from quietus.video import importing
from quietus.video.ending import close_abandoned

log = structlog.get_logger(__name__)


@shared_task(name="video.import_events")
def import_events_task() -> None:
    """Import the files that wait; sent after an upload, and by beat for what was left in the middle."""
    try:
        left = importing.import_waiting()
    except redis.RedisError as error:
        log.warning("broker.unavailable", error=type(error).__name__)  # the sweep comes again
        return
    if left:
        send(importing.TASK)


@shared_task(name="video.close_abandoned")
def close_abandoned_task() -> None:
    """Close sessions that went silent or ran too long."""
    closed = close_abandoned()
    if closed:
        log.info("video.closed", sessions=closed)
