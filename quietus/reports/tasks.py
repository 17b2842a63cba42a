"""The worker's side of reports, summaries and alerts."""

from uuid import UUID

from celery import Task, shared_task
from flask import current_app
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from quietus.core.errors import Unavailable
from quietus.reports import alerts, running, summaries

# the mail server (smtplib's errors are OSErrors) or the database is away
AWAY = (OSError, OperationalError, InterfaceError, PoolTimeout, Unavailable)


@shared_task(name="reports.build")
def build(report_id: str, attempt: int) -> None:
    """Build a report that somebody asked for."""
    running.run(UUID(report_id), attempt)


@shared_task(name="reports.daily_summary")
def daily_summary() -> None:
    """Sum up the days that are over."""
    summaries.build_due("daily")


@shared_task(name="reports.weekly_summary")
def weekly_summary() -> None:
    """Sum up the weeks that are over."""
    summaries.build_due("weekly")


# who is away comes back: about an hour of tries
@shared_task(name="mail.summary", autoretry_for=AWAY, retry_backoff=10, retry_backoff_max=900, max_retries=8)
def mail_summary(period_id: str, user_id: str, asked_for: bool = False) -> None:
    """Mail a summary to one person."""
    summaries.mail_summary(period_id, UUID(user_id), asked_for=asked_for)


@shared_task(name="alerts.evaluate")
def evaluate() -> None:
    """Look at every rule."""
    alerts.evaluate(current_app.extensions["alert_rules"])


@shared_task(name="alerts.notify", bind=True, max_retries=5)
def notify(self: Task, row_id: int, number: int) -> None:
    """Tell one address of one change; tried again for half an hour."""
    if not alerts.tell(row_id, number):
        raise self.retry(countdown=60 * 2**self.request.retries // 2)
