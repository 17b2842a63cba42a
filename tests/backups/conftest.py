"""Two desks on databases of their own: one to back up, one to restore into."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from click.testing import Result
from flask import Flask

from quietus import create_app
from quietus.core.config import Settings
from quietus.core.extensions import db
from tests.conftest import close
from tests.factories import TEST_SETTINGS

DIGEST = "SELECT count(*), md5(string_agg(md5(t::text), '' ORDER BY md5(t::text))) FROM {} AS t"


class Desk:
    """An app on a database that nothing else uses."""

    def __init__(self, app: Flask, owner: str) -> None:
        self.app = app
        self.url = owner.replace("+psycopg", "", 1)

    def run(self, *words: str) -> Result:
        """A command as a process of its own would run it: it leaves no connection behind."""
        result = self.app.test_cli_runner().invoke(args=["quietus", *words])
        self.leave()
        return result

    def leave(self) -> None:
        with self.app.app_context():
            db.session.remove()
            db.engine.dispose()

    def rows(self, query: str) -> list[Any]:
        with psycopg.connect(self.url) as connection:
            return connection.execute(query).fetchall()  # type: ignore[call-overload,no-any-return]

    def digests(self, *tables: str) -> dict[str, Any]:
        """How many rows each table has, and a digest of all that is in them."""
        return {table: self.rows(DIGEST.format(table)) for table in tables}


@pytest.fixture
def new_desk(new_database: Callable[[], tuple[str, str]], server_urls: dict[str, str]) -> Iterator[Callable[..., Desk]]:
    made: list[Flask] = []

    def make(**changes: object) -> Desk:
        database, owner = new_database()
        settings = Settings(
            **{
                "database_url": database,
                "migration_database_url": owner,
                "redis_url": server_urls["broker"],
                **TEST_SETTINGS,
                **changes,
            }
        )
        app = create_app(settings)
        made.append(app)
        return Desk(app, owner)

    yield make
    for app in made:
        close(app)


@pytest.fixture
def desk(new_desk: Callable[..., Desk]) -> Desk:
    """A migrated desk without a row."""
    from flask_migrate import upgrade

    found = new_desk()
    with found.app.app_context():
        upgrade()
    found.leave()
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "backups"
    made.mkdir()
    return made
