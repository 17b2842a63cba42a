"""Rows for figures: texts, sessions, windows and audit rows with chosen times, in a few words."""

from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import text

from quietus.analytics import service
from quietus.core.config import Settings
from quietus.core.extensions import db
from tests.conftest import TABLES, run_sql
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
