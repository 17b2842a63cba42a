"""What every test stands on: real PostgreSQL and a real broker, emptied before each test.

By default each test process starts the embedded pair in a folder of its own. With DATABASE_URL and REDIS_URL set,
those servers are used: databases with names of our own are made there and dropped again, and the broker's numbered
databases from 10 on are emptied.
"""

import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_migrate import upgrade
from sqlalchemy import make_url, text

from quietus import create_app
from quietus.core.config import Settings
from quietus.core.extensions import db
from quietus.stack import servers
from tests.factories import TEST_SETTINGS
from tests.live import Live, start_live
from tests.served import Served, serve

EXTERNAL = bool(os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL"))
TABLES = "audit_logs, video_analysis_events, video_sessions, analysis_records, user_roles, users"


def _worker_number() -> int:
    return int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))


def _renamed(url: str, database: str) -> str:
    return make_url(url).set(database=database).render_as_string(hide_password=False)


def run_sql(url: str, *statements: str) -> None:
    """Run statements one by one, outside a transaction."""
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)  # type: ignore[call-overload]


def open_folder(folder: Path) -> Path:
    """Let the servers' own account pass through pytest's private folders."""
    for part in (folder, *folder.parents):
        if part.stat().st_uid == os.geteuid() and part != Path("/"):
            part.chmod(part.stat().st_mode | 0o011)
    return folder


@pytest.fixture(scope="session")
def server_urls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """`database` (the application's role), `owner` (may create databases) and `broker` of this test process."""
    state = open_folder(tmp_path_factory.mktemp("state"))
    with servers(state, holder="the test suite") as found:
        number = 10 + _worker_number() if EXTERNAL else 0
        yield {
            "database": found.database_url,
            "owner": found.owner_database_url,
            "broker": urlsplit(found.redis_url)._replace(path=f"/{number}").geturl(),
        }


@pytest.fixture(scope="session")
def new_database(server_urls: dict[str, str]) -> Iterator[Callable[[], tuple[str, str]]]:
    """Makes empty databases; each call answers (application's URL, owner's URL). Dropped at the end."""
    made: list[str] = []

    def make() -> tuple[str, str]:
        name = f"quietus_test_{secrets.token_hex(6)}"
        run_sql(server_urls["owner"], f"CREATE DATABASE {name}")
        made.append(name)
        return _renamed(server_urls["database"], name), _renamed(server_urls["owner"], name)

    yield make
    for name in made if EXTERNAL else ():  # the embedded server's folder goes as a whole
        run_sql(server_urls["owner"], f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def close(app: Flask) -> None:
    """Close what the app holds open."""
    with app.app_context():
        db.session.remove()
        for engine in db.engines.values():
            engine.dispose()
    app.extensions["broker"].close()
    app.extensions["broker_bulk"].close()


@pytest.fixture(scope="session")
def test_settings(new_database: Callable[[], tuple[str, str]], server_urls: dict[str, str]) -> Settings:
    """Settings on a migrated database of this test process."""
    database, owner = new_database()
    settings = Settings(
        database_url=database, migration_database_url=owner, redis_url=server_urls["broker"], **TEST_SETTINGS
    )
    app = create_app(settings)
    with app.app_context():
        upgrade()
    close(app)
    return settings


@pytest.fixture(scope="session")
def make_app(test_settings: Settings) -> Iterator[Callable[..., Flask]]:
    """An app on the test database with some settings changed: `make_app(session_hours=1)`."""
    made: list[Flask] = []

    def make(**changes: object) -> Flask:
        app = create_app(Settings(**{**test_settings.model_dump(), **changes}))
        app.testing = False  # errors become answers, as they do for people
        made.append(app)
        return app

    yield make
    for app in made:
        close(app)


@pytest.fixture(scope="session")
def shared_app(make_app: Callable[..., Flask]) -> Flask:
    return make_app()


def empty(settings: Settings, app: Flask) -> None:
    """Leave nothing in the database but its six roles, and nothing in the broker."""
    run_sql(
        settings.migration_database_url.get_secret_value(),
        "ALTER TABLE audit_logs DISABLE TRIGGER USER",
        f"TRUNCATE {TABLES} RESTART IDENTITY CASCADE",
        "ALTER TABLE audit_logs ENABLE TRIGGER USER",
    )
    app.extensions["broker"].flushdb()


@pytest.fixture
def clean(test_settings: Settings, shared_app: Flask) -> None:
    """An empty database with its six roles, and an empty broker."""
    empty(test_settings, shared_app)


@pytest.fixture
def app(clean: None, shared_app: Flask) -> Iterator[Flask]:
    """The app on an empty database, inside an application context."""
    with shared_app.app_context():
        yield shared_app
        db.session.remove()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def rows(app: Flask) -> Callable[..., list[dict[str, object]]]:
    """Reads rows as they are committed: `rows("SELECT … WHERE id = :id", id=…)`."""

    def read(sql: str, **values: object) -> list[dict[str, object]]:
        with db.engine.connect() as connection:
            return [dict(row) for row in connection.execute(text(sql), values).mappings()]

    return read


@contextmanager
def whole_desk(
    state: Path, server_urls: dict[str, str], new_database: Callable[[], tuple[str, str]], number: int
) -> Iterator[Live]:
    """The whole product as `up` runs it; with servers of ours given, on the broker's database of that number."""
    environment = {}
    if EXTERNAL:
        database, owner = new_database()
        environment = {
            "DATABASE_URL": database,
            "QUIETUS_MIGRATION_DATABASE_URL": owner,
            "REDIS_URL": f"{server_urls['broker'].rsplit('/', 1)[0]}/{number}",
        }
    with start_live(open_folder(state), environment) as running:
        yield running


@pytest.fixture(scope="session")
def live(tmp_path_factory: pytest.TempPathFactory, server_urls: dict[str, str], new_database) -> Iterator[Live]:  # type: ignore[no-untyped-def]
    """A whole desk: one per test process, shared; make your own accounts on it."""
    with whole_desk(tmp_path_factory.mktemp("live"), server_urls, new_database, 13 + _worker_number()) as running:
        yield running


@pytest.fixture(scope="module")
def served(test_settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The app behind a gunicorn of this module's own."""
    with serve(test_settings, tmp_path_factory.mktemp("gunicorn") / "log") as here:
        yield here
