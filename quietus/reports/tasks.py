"""The worker's side of reports."""

from uuid import UUID

from celery import shared_task

from quietus.reports import running


@shared_task(name="reports.build")
def build(report_id: str, attempt: int) -> None:
    """Build a report that somebody asked for."""
    running.run(UUID(report_id), attempt)
