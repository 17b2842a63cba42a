"""The schema is the seed's, to the letter, and can go up, down and up again without losing a row."""

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import make_url
from sqlalchemy.exc import DBAPIError

from quietus import create_app
from quietus.core.config import Settings
from quietus.core.extensions import db
from tests.conftest import EXTERNAL, close, run_sql
from tests.factories import TEST_SETTINGS

NEW_USER = (
    "INSERT INTO users (id, email, password_hash, full_name) VALUES (gen_random_uuid(), 'a@example.org', 'x', 'A')"
)
CONFORMANCE = Path(__file__).resolve().parents[3] / "shared" / "checks" / "schema_conformance.py"


@pytest.fixture
def empty(new_database: Callable[[], tuple[str, str]], server_urls: dict[str, str]) -> Iterator[tuple[Flask, str]]:
    database, owner = new_database()
    settings = Settings(
        database_url=database, migration_database_url=owner, redis_url=server_urls["broker"], **TEST_SETTINGS
    )
    app = create_app(settings)
    yield app, owner
    close(app)


@pytest.mark.skipif(not CONFORMANCE.exists(), reason="the seed's checker is not beside this checkout")
def test_it_is_the_seed_schema(test_settings: Settings) -> None:
    url = test_settings.migration_database_url.get_secret_value()
    done = subprocess.run([sys.executable, str(CONFORMANCE), url], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert done.stdout.strip().endswith(" 0 deviate")


def test_the_models_have_not_drifted_from_the_migrations(app: Flask) -> None:
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, db.metadata) == []


def test_it_goes_down_and_up_again_with_its_rows(empty: tuple[Flask, str]) -> None:
    app, owner = empty
    with app.app_context():
        upgrade()
        run_sql(
            owner,
            NEW_USER,
            "INSERT INTO user_roles SELECT users.id, roles.id FROM users, roles WHERE name = 'ADMIN'",
            "INSERT INTO audit_logs (action, resource_type) VALUES ('user:registered', 'user')",
        )
        downgrade(revision="0001_seed_schema")
        upgrade()
        assert _values(owner, "SELECT count(*) FROM audit_logs") == [1]
        assert _values(owner, "SELECT name FROM user_roles JOIN roles ON roles.id = role_id") == ["ADMIN"]
        assert _values(owner, "SELECT count(*) FROM roles") == [6]
        downgrade(revision="base")
        tables = _values(owner, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        assert tables == ["alembic_version"]
        upgrade()


def _values(url: str, sql: str) -> list[object]:
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain) as connection:
        return [row[0] for row in connection.execute(sql)]  # type: ignore[call-overload]


def test_two_runners_at_once_migrate_once(empty: tuple[Flask, str]) -> None:
    app, owner = empty
    failures: list[BaseException] = []

    def run() -> None:
        try:
            with app.app_context():
                upgrade()
        except BaseException as error:
            failures.append(error)

    # alembic keeps its context in module globals, so the second runner must be another process
    other = subprocess.Popen(
        [sys.executable, "-m", "flask", "--app", "wsgi", "db", "upgrade"],
        cwd=Path(__file__).resolve().parents[2],
        env=_environment(app, owner),
        stderr=subprocess.PIPE,
    )
    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    _, said = other.communicate(timeout=60)
    assert not failures
    assert other.returncode == 0, said.decode()


def _environment(app: Flask, owner: str) -> dict[str, str]:
    import os

    settings = app.extensions["settings"]
    return os.environ | {
        "DATABASE_URL": settings.database_url.get_secret_value(),
        "QUIETUS_MIGRATION_DATABASE_URL": owner,
        "REDIS_URL": settings.redis_url.get_secret_value(),
        "QUIETUS_SECRET_KEY": TEST_SETTINGS["secret_key"],
        "QUIETUS_ENV": "test",
    }


def test_a_migration_gives_up_on_a_lock_instead_of_queueing_everybody_behind_it(
    empty: tuple[Flask, str],
) -> None:
    app, owner = empty
    plain = make_url(owner).set(drivername="postgresql").render_as_string(hide_password=False)
    with app.app_context():
        upgrade(revision="0001_seed_schema")
        with psycopg.connect(plain) as holder:
            holder.execute("LOCK TABLE audit_logs IN SHARE MODE")
            with pytest.raises(DBAPIError, match="lock timeout"):
                upgrade()
        upgrade()


def _audit_row(app: Flask, owner: str) -> None:
    run_sql(
        owner,
        NEW_USER,
        "INSERT INTO audit_logs (user_id, action, resource_type, metadata) "
        'SELECT id, \'review:decided\', \'analysis\', \'{"note": "free", "outcome": "CONFIRMED"}\' FROM users',
    )


@pytest.mark.parametrize(
    "attack",
    [
        "UPDATE audit_logs SET action = 'x:y'",
        "UPDATE audit_logs SET user_id = NULL",
        "UPDATE audit_logs SET created_at = now() - interval '1 day'",
        "UPDATE audit_logs SET metadata = metadata - 'outcome'",
        "UPDATE audit_logs SET metadata = NULL",
        "DELETE FROM audit_logs",
        "TRUNCATE audit_logs",
        "TRUNCATE audit_logs CASCADE",
        "WITH gone AS (DELETE FROM audit_logs RETURNING 1) SELECT count(*) FROM gone",
        "INSERT INTO audit_logs (id, action, resource_type) VALUES (1, 'a:b', 'c') "
        "ON CONFLICT (id) DO UPDATE SET action = 'x:y'",
    ],
)
def test_nobody_changes_an_audit_row_not_even_the_owner(app: Flask, test_settings: Settings, attack: str) -> None:
    owner = test_settings.migration_database_url.get_secret_value()
    _audit_row(app, owner)
    roles = [owner] if EXTERNAL else [owner, test_settings.database_url.get_secret_value()]
    for role in roles:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            run_sql(role, attack)


@pytest.mark.skipif(EXTERNAL, reason="one role only on the given server: it owns the tables")
@pytest.mark.parametrize(
    "attack",
    [
        "ALTER TABLE audit_logs DISABLE TRIGGER ALL",
        "DROP TABLE audit_logs",
        "SET session_replication_role = replica",
        "DROP FUNCTION audit_logs_append_only() CASCADE",
        "SET quietus.retention = 'on'; DELETE FROM audit_logs",
        "UPDATE audit_logs SET metadata = metadata - 'note'",
        "INSERT INTO roles (name) VALUES ('ROOT')",
        "CREATE TABLE shadow (id int)",
    ],
)
def test_the_applications_role_cannot_open_the_lock(app: Flask, test_settings: Settings, attack: str) -> None:
    _audit_row(app, test_settings.migration_database_url.get_secret_value())
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        run_sql(test_settings.database_url.get_secret_value(), *attack.split("; "))


def test_deleting_a_user_leaves_their_audit_rows_without_the_name(app: Flask, test_settings: Settings, rows) -> None:  # type: ignore[no-untyped-def]
    _audit_row(app, test_settings.migration_database_url.get_secret_value())
    run_sql(test_settings.database_url.get_secret_value(), "DELETE FROM users")
    assert [row["user_id"] for row in rows("SELECT user_id FROM audit_logs")] == [None]


def test_the_note_and_only_the_note_can_be_blanked(app: Flask, test_settings: Settings, rows) -> None:  # type: ignore[no-untyped-def]
    owner = test_settings.migration_database_url.get_secret_value()
    _audit_row(app, owner)
    run_sql(owner, "UPDATE audit_logs SET metadata = metadata - 'note'")
    assert rows("SELECT metadata FROM audit_logs") == [{"metadata": {"outcome": "CONFIRMED"}}]
