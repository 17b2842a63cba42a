"""Connects to PostgreSQL so that a server that is away is noticed in seconds, never waited for."""

from flask import Flask

from quietus.core.config import PROJECT
from quietus.core.extensions import db, migrate


def init_app(app: Flask) -> None:
    settings = app.extensions["settings"]
    app.config.update(
        SQLALCHEMY_DATABASE_URI=settings.database_url.get_secret_value(),
        SQLALCHEMY_ENGINE_OPTIONS={
            "pool_size": settings.database_pool,
            "max_overflow": 0,
            "pool_timeout": settings.database_connect_seconds,
            "pool_pre_ping": True,  # survives a server that was killed and came back
            "connect_args": {
                "connect_timeout": settings.database_connect_seconds,
                "application_name": "quietus",
                "options": f"-c statement_timeout={settings.statement_seconds}s -c timezone=UTC",
                "keepalives_idle": 10,
                "tcp_user_timeout": 5000,
            },
        },
    )
    db.init_app(app)
    migrate.init_app(app, db, directory=str(PROJECT / "migrations"))
