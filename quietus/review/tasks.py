"""The worker's side of the queue: telling people, drawing the sample, noting what is worked off."""

from datetime import date
from uuid import UUID

import structlog
from celery import shared_task

from quietus.review import escalation, sampling, settling
from quietus.review.vocabulary import Kind

log = structlog.get_logger(__name__)


@shared_task(name="alerts.notify_high")
def notify_high(kind: str, ids: list[str]) -> None:
    """Tell the first step of the escalation list at once; sent by whoever recorded something HIGH."""
    for item_id in ids:
        escalation.escalate((Kind(kind), UUID(item_id)))


@shared_task(name="review.escalate")
def escalate() -> None:
    """Tell every step that is due: the later ones, and the first one where its bell was lost."""
    if delivered := escalation.escalate():
        log.info("escalation.sent", notices=delivered)


@shared_task(name="review.draw_sample")
def draw_sample(day: str | None = None) -> None:
    """Draw the sample of a day, YYYY-MM-DD, or what is missing of the last days."""
    drawn = sampling.draw_sample(date.fromisoformat(day)) if day else sampling.draw_samples()
    log.info("review.sampled", texts=drawn)


@shared_task(name="review.settle")
def settle() -> None:
    settling.settle()
