"""The worker's side of analysis: wake, read what waits, go back to sleep."""

import structlog
from celery import Task, shared_task

from quietus.analysis import bell
from quietus.analysis.model_in_use import model_in_use
from quietus.analysis.recording import record_pending
from quietus.core.health import note_sweep
from quietus.textmodel import ModelUnavailable

log = structlog.get_logger(__name__)


@shared_task(name="analysis.record_pending", bind=True)
def record_pending_task(self: Task) -> None:
    """Record an outcome for every text that waits; sent by the bell, and by beat every 15 s."""
    model = model_in_use()
    if model is None:
        return
    # the broker hands a task out again when the worker that held it was killed: one of its texts may be the reason
    after_crash = bool((self.request.delivery_info or {}).get("redelivered"))
    try:
        run = record_pending(model, after_crash=after_crash)
    except ModelUnavailable:
        log.warning("model.unavailable")  # the rows wait; the next sweep asks again
        return
    note_sweep()
    if run.recorded or run.failed:
        log.info("analysis.recorded", recorded=run.recorded, failed=run.failed)
    if run.left:
        bell.ring()
