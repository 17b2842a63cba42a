"""Runs migrations as the role that owns the tables, one runner at a time, never waiting long for a lock."""

import sqlalchemy as sa
from alembic import context
from flask import current_app

from quietus.core.extensions import db

MIGRATION_LOCK = 7_316_541_210  # any constant: two runners must only agree on it
SETTINGS = current_app.extensions["settings"]


def run() -> None:
    owner = SETTINGS.migration_database_url.get_secret_value()
    url = owner or SETTINGS.database_url.get_secret_value()
    engine = sa.create_engine(url, poolclass=sa.NullPool, connect_args={"connect_timeout": 5})
    with engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=db.metadata,
            compare_type=True,
            compare_server_default=True,
        )
        with context.begin_transaction():
            # a migration that cannot get its lock must fail, not queue up every request behind it
            connection.execute(sa.text("SET LOCAL lock_timeout = '5s'"))
            connection.execute(sa.text("SET LOCAL statement_timeout = '15min'"))
            connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
            context.run_migrations()
    engine.dispose()


if context.is_offline_mode():
    raise SystemExit("Offline SQL is not offered: migrations take an advisory lock on the live database.")
run()
