"""A trail of past days, and the hand of a superuser that reaches into it."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import psycopg
import pytest
from flask import Flask
from sqlalchemy import make_url, text

from quietus.core import clock
from quietus.core.config import Settings
from quietus.core.extensions import db


@pytest.fixture
def yesterday() -> date:
    return clock.now().date() - timedelta(days=1)


@pytest.fixture
def past(app: Flask) -> Callable[..., list[int]]:
    """Writes rows on a past day as they would have been written then; their ids."""

    def write(day: date, count: int = 3, note: str | None = None) -> list[int]:
        facts = '{"reason": "made up"' + (f', "note": "{note}"' if note else "") + "}"
        found = db.session.scalars(
            text(
                "INSERT INTO audit_logs (action, resource_type, resource_id, metadata, created_at) "
                "SELECT 'analysis:viewed', 'analysis', n::text, cast(:facts AS jsonb), "
                "       :begins + n * interval '1 second' FROM generate_series(1, :count) n RETURNING id"
            ),
            {"facts": facts, "count": count, "begins": datetime.combine(day, time(9), UTC)},
        )
        ids = list(found)
        db.session.commit()
        return ids

    return write


@pytest.fixture
def superuser(test_settings: Settings) -> Callable[..., None]:
    """Changes audit rows as only whoever owns the server can: with the triggers off."""

    def run(sql: str, *values: Any) -> None:
        owner = make_url(test_settings.migration_database_url.get_secret_value())
        url = owner.set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(url) as connection:
            connection.execute("ALTER TABLE audit_logs DISABLE TRIGGER USER")
            connection.execute(sql, values)  # type: ignore[call-overload]
            connection.execute("ALTER TABLE audit_logs ENABLE TRIGGER USER")

    return run
