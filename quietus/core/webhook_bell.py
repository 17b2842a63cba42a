"""Rings for webhooks after a commit. The bell may be lost: `webhooks.sweep` finds what nobody was told of."""

from quietus.core.celery import send_after_commit
from quietus.core.config import settings

TASK = "webhooks.deliver"


def ring() -> None:
    """Have the endpoints told of what the current transaction records, once it is committed."""
    if settings().webhooks:
        send_after_commit(TASK)
