"""Mail about accounts; the broker carries a kind and an id, never an address or a link."""

from uuid import UUID

from celery import shared_task

from quietus.accounts import service

MAILS = {"password_reset": service.mail_reset_link}


# a mail server that is away comes back: about an hour of tries; a mail that goes out twice does no harm
@shared_task(name="mail.send", autoretry_for=(OSError,), retry_backoff=10, retry_backoff_max=900, max_retries=8)
def send(kind: str, user_id: str) -> None:
    MAILS[kind](UUID(user_id))
