"""A pooled connection that died meanwhile is replaced before anybody notices."""

from typing import Any

from flask import Flask
from sqlalchemy import text

from quietus.core.config import Settings
from quietus.core.extensions import db
from tests.conftest import EXTERNAL, run_sql


def test_a_connection_that_the_server_ended_is_replaced(app: Flask, test_settings: Settings, server_urls: Any) -> None:
    with db.engine.connect() as connection:
        before = connection.scalar(text("SELECT pg_backend_pid()"))
    # the application's own role may end its own connections
    role = server_urls["owner"] if EXTERNAL else test_settings.database_url.get_secret_value()
    run_sql(role, f"SELECT pg_terminate_backend({before}, 5000)")
    with db.engine.connect() as connection:
        assert connection.scalar(text("SELECT pg_backend_pid()")) != before
