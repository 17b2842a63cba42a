"""Tasks that watch over the desk itself."""

from celery import shared_task

from quietus.core.health import note_heartbeat


@shared_task(name="ops.heartbeat")
def heartbeat() -> None:
    """Note that beat, the broker and a worker live."""
    note_heartbeat()
