"""Sends every example of the OpenAPI document to a desk, each as the person and in the moment it is meant for."""

from collections.abc import Iterator
from typing import Any, Final
from uuid import UUID

from flask import Flask
from sqlalchemy import text

from quietus.analysis.model_in_use import model_in_use
from quietus.analysis.recording import record_pending
from quietus.core import clock
from quietus.core.extensions import db
from quietus.reports import running
from quietus.webhooks import delivering
from tests.factories import make_user, sign_in
from tests.webhooks.receiver import SECRET, Receiver

PREFIX: Final = "/api/v1"
PEOPLE: Final = {
    "alice": ("USER",), "bob": ("CLINICIAN",), "ann": ("ANALYST",), "root": ("ADMIN",), "leaving": ("USER",),
    "form": ("SERVICE",),
}  # fmt: skip
# calls that need a file instead of an example, or another setting of the desk
NOT_SENT: Final = {
    "POST /video/sessions/{session_id}/events/import",
    "GET /video/sessions/{session_id}/events/import/{job_id}",
    "GET /video/sessions/{session_id}/events.{kind}",
    "POST /analyses/{analysis_id}/outcome",
    "POST /analyses/{analysis_id}/retry",
    "POST /webhooks/{name}/deliveries/{about}/again",
}


def webhook_settings(receiver: Receiver) -> dict[str, Any]:
    endpoint = {"name": "ward", "url": receiver.url(), "secret": SECRET, "events": ["analysis.recorded"]}
    return {"webhooks": [endpoint], "webhook_networks": ["127.0.0.0/8"]}


class Walk:
    """People, the ids that answers brought, and the next call."""

    def __init__(self, app: Flask) -> None:
        delivering.note_endpoints()
        self.app, self.ids = app, {"kind": "analysis", "name": "text_trend"}
        self.clients: dict[str, Any] = {"guest": app.test_client()}
        for person, roles in PEOPLE.items():
            user = make_user(f"{person}@example.org", roles)
            self.clients[person] = client = app.test_client()
            client.csrf = sign_in(client, f"{person}@example.org")
            if person == "bob":
                self.ids["user_id"] = str(user.id)

    def send(self, operation: str, example: dict[str, Any]) -> Any:
        method, path = operation.split(" ")
        client = self.clients[example["as"]]
        if example["as"] == "guest":
            token = client.get(f"{PREFIX}/auth/csrf").json["csrf_token"]
            client.csrf = {"X-CSRFToken": token}
        if path.startswith("/webhooks"):
            path = path.replace("{name}", "ward")
        answer = client.open(
            PREFIX + path.format(**self.ids),
            method=method,
            json=self._now(example.get("request")),
            query_string=example.get("query"),
            headers=client.csrf,
        )
        if answer.status_code < 300:
            self._keep(operation, answer)
        return answer

    def _now(self, body: Any) -> Any:
        """A window is of this minute, or the desk would refuse it as one from before its session."""
        if isinstance(body, dict) and "events" in body:
            return {"events": [event | {"event_at": clock.now().isoformat()} for event in body["events"]]}
        return body

    def _keep(self, operation: str, answer: Any) -> None:
        """Remember the ids that later calls need, and do what happens between two calls."""
        if operation == "POST /auth/password":  # the session goes on under a new id
            token = self.clients["leaving"].get(f"{PREFIX}/auth/csrf").json["csrf_token"]
            self.clients["leaving"].csrf = {"X-CSRFToken": token}
        elif operation == "POST /auth/tokens":
            self.ids["token_id"] = answer.json["token_id"]
        elif operation == "POST /analyses":
            self.ids["analysis_id"] = answer.json["id"]
        elif operation == "POST /analyses/batch":
            model = model_in_use()
            assert model is not None
            record_pending(model)
            high = "UPDATE analysis_records SET predicted_label = 'HIGH' WHERE id = :id"
            db.session.execute(text(high), {"id": self.ids["analysis_id"]})
            db.session.commit()
            delivering.deliver(everything=True)
            self.ids["item_id"] = self.ids["analysis_id"]
        elif operation == "POST /video/sessions":
            self.ids["session_id"] = answer.json["id"]
        elif operation == "POST /reports":
            self.ids["report_id"] = answer.json["id"]
        elif operation == "GET /reports":
            db.session.rollback()
            running.run(UUID(self.ids["report_id"]), 1)


def walk(app: Flask, examples: dict[str, dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any], Any]]:
    """(operation, example, answer) of every example that can be sent, in the order of the file."""
    walker = Walk(app)
    for operation, example in examples.items():
        if operation not in NOT_SENT:
            yield operation, example, walker.send(operation, example)
