"""What a webhook says: ids, a priority, a model version and times; never a word, a name or an address."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid4, uuid5

from standardwebhooks import Webhook

from quietus.audit.tags import Action
from quietus.core.config import WebhookEndpoint
from quietus.core.pages import rfc3339

RESOURCE: Final = "webhook"
TEST: Final = "webhook.test"
ACTIONS: Final = {
    "analysis.recorded": Action.ANALYSIS_RECORDED.value,
    "video_session.ended": Action.VIDEO_SESSION_ENDED.value,
}
TYPES: Final = {action: kind for kind, action in ACTIONS.items()}
FIELDS: Final = {
    "analysis.recorded": (
        "id", "request_id", "predicted_label", "confidence", "model_version", "submitted_at", "analyzed_at",
    ),
    "video_session.ended": ("id", "status", "started_at", "ended_at"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Message:
    """One thing that happened, as every receiver is told of it; `about` is None for a test."""

    id: str
    type: str
    about: UUID | None
    body: str
    attempt: int = 1


def of_row(row: Mapping[str, Any]) -> Message:
    """The message of a row of sql/due.sql: the same id and body however often it is sent."""
    kind = TYPES[row["action"]]
    data = {name: _plain(row[name]) for name in FIELDS[kind]}
    # told again, it has the same id: the receiver sees that it knows it
    message_id = f"msg_{uuid5(row['id'], kind).hex}"
    return Message(message_id, kind, row["id"], _body(kind, row["happened_at"], data), row["attempts"] + 1)


def test(now: datetime) -> Message:
    return Message(f"msg_{uuid4().hex}", TEST, None, _body(TEST, now, {}))


def _body(kind: str, at: datetime, data: Mapping[str, Any]) -> str:
    return json.dumps({"type": kind, "timestamp": rfc3339(at), "data": data}, separators=(",", ":"))


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return rfc3339(value)
    if isinstance(value, UUID):
        return str(value)
    return value if value is None or isinstance(value, str) else float(value)


def headers(message: Message, endpoint: WebhookEndpoint, now: datetime) -> dict[str, str]:
    """The three headers of the Standard Webhooks specification; while a secret changes, a signature by each."""
    secrets = [each.get_secret_value() for each in (endpoint.secret, endpoint.previous_secret) if each]
    signatures = [Webhook(secret).sign(message.id, now, message.body) for secret in secrets]
    return {
        "webhook-id": message.id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


def key(endpoint: str, message: Message) -> str:
    """The `resource_id` of what is noted about a message to an endpoint."""
    return f"{endpoint}:{message.about or 'test'}"
