"""The worker's side of webhooks."""

from celery import shared_task

from quietus.core.celery import send
from quietus.core.webhook_bell import TASK
from quietus.webhooks import delivering, service


@shared_task(name=TASK)
def deliver() -> None:
    """Tell of what just happened; sent after its commit, and by a run that ended before the work did."""
    if delivering.deliver(everything=False):
        send(TASK)


@shared_task(name="webhooks.sweep")
def sweep() -> None:
    """Tell of everything that is open: what a lost bell left untold, and what is to be tried again by now."""
    delivering.deliver(everything=True)


@shared_task(name="webhooks.test")
def test(name: str) -> None:
    """Send a test to one endpoint."""
    service.send_test(name)
