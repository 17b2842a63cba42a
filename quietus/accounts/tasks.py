"""Mail about accounts; the broker carries a kind and an id, never an address or a link."""

from uuid import UUID

from celery import shared_task
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from quietus.accounts import service

MAILS = {"password_reset": service.mail_reset_link}
# the mail server (smtplib's errors are OSErrors) or the database is away
AWAY = (OSError, OperationalError, InterfaceError, PoolTimeout)


# who is away comes back: about an hour of tries; a mail that goes out twice does no harm
@shared_task(name="mail.send", autoretry_for=AWAY, retry_backoff=10, retry_backoff_max=900, max_retries=8)
def send(kind: str, user_id: str) -> None:
    MAILS[kind](UUID(user_id))
