"""Rows for figures: texts, sessions, windows and audit rows with chosen times, in a few words."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import text

from quietus import create_app
from quietus.analytics import service
from quietus.core.config import Settings
from quietus.core.extensions import db
from tests.conftest import TABLES, close, run_sql
from tests.factories import make_user, principal

Ask = Callable[..., service.Answer]


def at(moment: str) -> datetime:
    """`at("2026-03-01 12:00")`, in UTC unless a zone is given."""
    found = datetime.fromisoformat(moment)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


class Rows:
    """Writes rows straight into the tables; every call commits."""

    def __init__(self) -> None:
        self._number = count(1)
        self._owners: dict[UUID, UUID] = {}

    def person(self, *roles: str) -> UUID:
        number = next(self._number)
        return make_user(f"person-{number}@example.org", roles or ("USER",), "x" * 20).id  # type: ignore[no-any-return]

    def add(self, table: str, **values: Any) -> UUID:
        columns = ", ".join(f'"{name}"' for name in values)
        places = ", ".join(
            f"CAST(:{name} AS jsonb)" if name in ("metadata", "signals") else f":{name}" for name in values
        )
        db.session.execute(text(f"INSERT INTO {table} ({columns}) VALUES ({places})"), values)
        db.session.commit()
        found: UUID = values.get("id")  # type: ignore[assignment]
        return found

    def text(self, user_id: UUID, moment: str, label: str = "LOW", **changes: Any) -> UUID:
        values = {
            "id": uuid4(), "user_id": user_id, "input_text": "The tea was good.", "source": "API",
            "predicted_label": label, "confidence": 0.9, "model_version": "m1", "ai_processing_ms": 4,
            "submitted_at": at(moment), "analyzed_at": at(moment), "request_id": uuid4(),
        }  # fmt: skip
        return self.add("analysis_records", **{**values, **changes})

    def session(self, user_id: UUID, moment: str, minutes: int = 5, **changes: Any) -> UUID:
        number, active = uuid4(), changes.get("status") == "ACTIVE"
        values = {
            "id": number, "user_id": user_id, "stream_session_id": str(number), "session_type": "CHECK_IN",
            "client_platform": "WEB", "status": "ENDED", "started_at": at(moment),
            "ended_at": None if active else at(moment) + timedelta(minutes=minutes),
        }  # fmt: skip
        self._owners[number] = user_id
        return self.add("video_sessions", **{**values, **changes})

    def window(self, session_id: UUID, moment: str, level: str, **changes: Any) -> UUID:
        values = {
            "id": uuid4(), "session_id": session_id, "user_id": self._owners[session_id], "event_at": at(moment),
            "risk_level": level, "confidence": 0.8, "signals": "{}", "model_version": "v1", "latency_ms": 90,
        }  # fmt: skip
        return self.add("video_analysis_events", **{**values, **changes})

    def audit(
        self,
        action: str,
        resource_id: UUID | str,
        *,
        resource_type: str = "analysis",
        metadata: dict[str, Any] | None = None,
        moment: str = "2026-03-02 12:00",
        actor: UUID | None = None,
    ) -> int:
        """The audit row's id."""
        self.add(
            "audit_logs", user_id=actor, action=action, resource_type=resource_type, resource_id=str(resource_id),
            metadata=json.dumps(metadata or {}), created_at=at(moment),
        )  # fmt: skip
        return int(db.session.scalar(text("SELECT max(id) FROM audit_logs")) or 0)

    def decision(self, item: UUID, human: str | None, moment: str = "2026-03-02 12:00", **changes: Any) -> int:
        told = {
            "outcome": "CONFIRMED", "human_label": human, "action": "NONE", "predicted_label": "HIGH",
            "confidence": 0.9, "model_version": "m1", "reason": "HIGH", "reading": 1, "subject_id": str(uuid4()),
        }  # fmt: skip
        return self.audit("review:decided", item, metadata={**told, **changes}, moment=moment)

    def undo(self, item: UUID, decision: int) -> None:
        self.audit("review:undone", item, metadata={"decision": decision}, moment="2026-03-02 12:05")


@pytest.fixture
def put(app: Flask) -> Rows:
    return Rows()


@pytest.fixture
def ask(app: Flask) -> Ask:
    """Asks a figure as somebody of these roles: `ask("overview", to="2026-03-01")`."""
    reader = make_user("reader@example.org", ("ADMIN",))

    def answer(name: str, roles: tuple[str, ...] = ("ADMIN",), **raw: str) -> service.Answer:
        who = principal(reader)
        someone = type(who)(who.id, who.email, who.full_name, frozenset(roles), who.credential)
        given = {key.rstrip("_"): value for key, value in raw.items()}
        return service.answer(name, service.read_params(name, given), for_user=someone)

    return answer


def table(answer: service.Answer) -> list[dict[str, Any]]:
    return [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]


@pytest.fixture
def clean_again(test_settings: Settings) -> Callable[[], None]:
    """Empties the tables in the middle of a test."""

    def clean() -> None:
        run_sql(
            test_settings.migration_database_url.get_secret_value(),
            "ALTER TABLE audit_logs DISABLE TRIGGER USER",
            f"TRUNCATE {TABLES} RESTART IDENTITY CASCADE",
            "ALTER TABLE audit_logs ENABLE TRIGGER USER",
        )

    return clean


@pytest.fixture(scope="session")
def migrated(test_settings: Settings) -> Callable[[str, str], None]:
    """Brings an empty database to the newest migration."""

    def run(database: str, owner: str) -> None:
        changes = {"database_url": database, "migration_database_url": owner}
        app = create_app(Settings(**{**test_settings.model_dump(), **changes}))
        with app.app_context():
            upgrade()
        close(app)

    return run
