"""What admins see and do about webhooks: the endpoints, the deliveries, a test, and sending again."""

from typing import Any
from uuid import UUID

from flask_babel import gettext
from sqlalchemy import RowMapping, select

from quietus.audit import service as audit
from quietus.audit.models import AuditLog
from quietus.audit.tags import Action
from quietus.core import locks
from quietus.core.celery import send, send_after_commit
from quietus.core.config import WebhookEndpoint, settings
from quietus.core.errors import Conflict, NotFound, Unavailable
from quietus.core.extensions import db
from quietus.core.paging import Page, read_numbered_cursor, write_cursor
from quietus.core.webhook_bell import TASK
from quietus.webhooks import delivering, statements
from quietus.webhooks.messages import RESOURCE
from quietus.webhooks.posting import Answer


def list_endpoints() -> list[dict[str, Any]]:
    """The endpoints of the settings, without their secrets; of the address only the host."""
    return [{"name": each.name, "host": each.host, "events": each.events} for each in settings().webhooks]


def list_deliveries(*, failed_only: bool, limit: int, cursor: str | None = None) -> Page[RowMapping]:
    """A page of tries, newest first. Raises Invalid for a foreign cursor."""
    before_at, before_id = read_numbered_cursor(cursor) if cursor else (None, None)
    values = {"failed_only": failed_only, "before_at": before_at, "before_id": before_id, "rows": limit + 1}
    rows = list(db.session.execute(statements.DELIVERIES, values).mappings())
    items, more = rows[:limit], len(rows) > limit
    return Page(items, write_cursor(items[-1]["created_at"], items[-1]["id"]) if more else None)


def ask_for_test(name: str) -> None:
    """Have a worker send a test: it is the workers' network that counts. Raises NotFound or Unavailable."""
    endpoint = _find(name)
    if not send("webhooks.test", endpoint.name):
        raise Unavailable(gettext("The broker is away, so no test can be sent now. Please try again in a moment."))


def send_test(name: str) -> Answer:
    """Send a test from here and wait for what comes of it. Raises NotFound."""
    return delivering.send_test(_find(name))


def send_again(name: str, about: UUID, *, actor: UUID | None) -> None:
    """Have a message that was given up sent again, with all its tries. Raises NotFound or Conflict."""
    endpoint, key = _find(name), f"{name}:{about}"
    locks.wait_for(f"webhooks:again:{key}")
    newest = db.session.scalar(
        select(AuditLog)
        .where(AuditLog.resource_type == RESOURCE, AuditLog.resource_id == key)
        .order_by(AuditLog.created_at.desc(), AuditLog.id.desc())
        .limit(1)
    )
    if newest is None:
        db.session.rollback()
        raise NotFound
    if newest.action != Action.WEBHOOK_FAILED or not (newest.details or {})["final"]:
        db.session.rollback()
        raise Conflict("not_given_up", gettext("Only a webhook that was given up can be sent again."))
    audit.record(
        Action.WEBHOOK_RETRIED,
        actor=actor,
        resource_type=RESOURCE,
        resource_id=key,
        metadata={"endpoint": endpoint.name, "about": str(about)},
    )
    send_after_commit(TASK)
    db.session.commit()


def _find(name: str) -> WebhookEndpoint:
    for endpoint in settings().webhooks:
        if endpoint.name == name:
            return endpoint
    raise NotFound("no_such_endpoint", gettext("QUIETUS_WEBHOOKS names no such endpoint."))
