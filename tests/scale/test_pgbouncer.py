"""The desk works through PgBouncer in transaction mode, with two server connections for everybody; nothing leaks."""

import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import make_url, text
from sqlalchemy.exc import DBAPIError

from quietus import create_app
from quietus.analytics.reading import snapshot
from quietus.core.config import Settings
from quietus.core.extensions import db
from quietus.stack.processes import Account
from quietus.stack.programs import service_account
from quietus.stack.state import free_port
from tests.analysis.conftest import Caller
from tests.conftest import EXTERNAL, close, run_sql
from tests.factories import TEST_SETTINGS
from tests.scale.machines import Program, folder_for, pgbouncer_program, snippet, within

pytestmark = pytest.mark.stack

SERVER_CONNECTIONS = 2


class PgBouncer:
    """With the settings of docs/scaling.md, but for addresses and the size of its pool."""

    def __init__(self, parent: Path, url: str) -> None:
        self._program, self._url, self.port = pgbouncer_program(), make_url(url), free_port()
        account = service_account(parent / "nothing")
        self.server = Program(folder_for(parent, "pgbouncer", account), account)
        users = f'"{self._url.username}" "{self._url.password}"\n'
        self._write("userlist.txt", users, account)
        settings = snippet("pgbouncer.ini", **{
            "host=db1.internal port=5432": f"host={self._url.host} port={self._url.port}",
            "listen_addr = 10.0.0.5": "listen_addr = 127.0.0.1\nunix_socket_dir =",
            "listen_port = 6432": f"listen_port = {self.port}",
            "/etc/pgbouncer/userlist.txt": "userlist.txt",
            "default_pool_size = 40": f"default_pool_size = {SERVER_CONNECTIONS}",
        })  # fmt: skip
        self._write("pgbouncer.ini", settings, account)

    def _write(self, name: str, content: str, account: Account | None) -> None:
        file = self.server.folder / name
        file.write_text(content)
        if account is not None:
            os.chown(file, account.uid, account.gid)

    @property
    def url(self) -> str:
        return self._url.set(host="127.0.0.1", port=self.port).render_as_string(hide_password=False)

    def start(self) -> None:
        self.server.run([self._program, "-q", "pgbouncer.ini"])
        within(10, self.answers, "PgBouncer")

    def connect(self) -> "psycopg.Connection[Any]":
        """Somebody else's connection."""
        return psycopg.connect(self.url.replace("+psycopg", ""), prepare_threshold=None, connect_timeout=3)

    def answers(self) -> bool:
        assert self.server.running(), self.server.log.read_text()[-2000:]
        try:
            self.connect().close()
        except psycopg.OperationalError:
            return False
        return True


@pytest.fixture(scope="module")
def bouncer(tmp_path_factory: pytest.TempPathFactory, new_database: Any) -> Iterator[tuple[PgBouncer, str]]:
    """A PgBouncer before a database of its own, and the owner's address of that database."""
    if EXTERNAL and os.environ.get("QUIETUS_DATABASE_POOLED"):
        pytest.skip("the given database is behind a PgBouncer already")
    application, owner = new_database()
    # not UTC, so that it shows who asks for UTC
    run_sql(owner, f"ALTER DATABASE {make_url(owner).database} SET timezone = 'Asia/Kathmandu'")
    found = PgBouncer(tmp_path_factory.mktemp("pooled"), application)
    try:
        found.start()
        yield found, owner
    finally:
        found.server.stop()


@pytest.fixture(scope="module")
def desk(bouncer: tuple[PgBouncer, str], server_urls: dict[str, str]) -> Iterator[Flask]:
    app = create_app(Settings(
        database_url=bouncer[0].url, migration_database_url=bouncer[1], redis_url=server_urls["broker"],
        database_pooled=True, statement_seconds=7, **TEST_SETTINGS,
    ))  # fmt: skip
    app.testing = False
    with app.app_context():
        upgrade()
    yield app
    close(app)


@pytest.fixture
def person(desk: Flask) -> Callable[..., Caller]:
    def make(*roles: str) -> Caller:
        with desk.app_context():
            return Caller(desk, f"{uuid4().hex[:8]}@example.org", roles or ("USER",))

    return make


def run_task(desk: Flask, name: str, *arguments: object) -> None:
    """As a worker does, in this process."""
    desk.extensions["celery"].tasks[name].apply(args=arguments, throw=True)


def test_accept_record_count_report_and_review(desk: Flask, person: Callable[..., Caller]) -> None:
    alice, bob = person(), person("CLINICIAN")
    sent = [alice.submit("I cannot do this any more, and nobody would miss me.") for _ in range(12)]
    assert {answer.status_code for answer in sent} == {202}
    run_task(desk, "analysis.record_pending")
    found = alice.get(f"/api/v1/analyses/{sent[0].json['id']}").json
    assert found["predicted_label"] in ("LOW", "MODERATE", "HIGH")
    label = found["predicted_label"]

    counted = bob.get("/api/v1/analytics/text_distribution").json
    assert {row[0]: row[1] for row in counted["rows"]}[label] == 12
    assert "SELECT" in counted["query"]["psql"]

    report = bob.post("/api/v1/reports", {"name": "analyses_rows", "params": {}})
    assert report.status_code == 202, report.text
    run_task(desk, "reports.build", report.json["id"], 1)
    assert bob.get(f"/api/v1/reports/{report.json['id']}").json["status"] == "READY"
    file = bob.get(f"/api/v1/reports/{report.json['id']}/download?format=json")
    assert file.status_code == 200
    assert len(file.json["tables"][0]["rows"]) == 12

    item = bob.get("/api/v1/review/queue").json["items"][0]
    address = f"/api/v1/review/analysis/{item['id']}"
    assert bob.post(f"{address}/claim").status_code == 200
    decision = {"outcome": "CONFIRMED", "human_label": label, "action": "NONE", "note": ""}
    assert bob.post(f"{address}/decision", decision).status_code == 200
    run_task(desk, "audit.verify")


def test_many_at_once_share_two_server_connections(
    desk: Flask, bouncer: tuple[PgBouncer, str], person: Callable[..., Caller]
) -> None:
    people = [person() for _ in range(6)]

    def work(who: Caller) -> set[int]:
        codes = {who.submit(f"A quiet sentence, number {number}.").status_code for number in range(15)}
        return codes | {who.get("/api/v1/analyses").status_code for _ in range(10)}

    with ThreadPoolExecutor(len(people)) as pool:
        assert set().union(*pool.map(work, people)) == {202, 200}
    for who in people:
        assert len(who.get("/api/v1/analyses?limit=100").json["items"]) == 15
    with psycopg.connect(bouncer[1].replace("+psycopg", "")) as owner:
        name = make_url(bouncer[0].url).username
        query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND usename = %s"
        own = 1 if name == make_url(bouncer[1]).username else 0
        assert (owner.execute(query, (name,)).fetchone() or (0,))[0] <= SERVER_CONNECTIONS + own


def test_each_transaction_has_its_limit_and_zone_and_strangers_get_none_of_it(
    desk: Flask, bouncer: tuple[PgBouncer, str]
) -> None:
    with desk.app_context():
        for _ in range(3):
            assert db.session.scalar(text("SHOW statement_timeout")) == "7s"
            assert db.session.scalar(text("SHOW timezone")) == "UTC"
            db.session.execute(text("SET LOCAL statement_timeout = '10min'"))  # as the ledger does
            db.session.commit()
        with snapshot() as cursor:
            assert cursor.execute("SHOW statement_timeout").fetchone() == ("7s",)
            assert cursor.execute("SHOW transaction_isolation").fetchone() == ("repeatable read",)
        db.session.remove()
    # at once, so that each of the server connections is looked at
    strangers = [bouncer[0].connect() for _ in range(SERVER_CONNECTIONS)]
    try:
        for stranger in strangers:
            seen = {name: _show(stranger, name) for name in ("statement_timeout", "timezone", "transaction_isolation")}
            assert seen == {
                "statement_timeout": "0", "timezone": "Asia/Kathmandu", "transaction_isolation": "read committed",
            }  # fmt: skip
            assert _show(stranger, "transaction_read_only") == "off"
    finally:
        for stranger in strangers:
            stranger.close()


def _show(connection: "psycopg.Connection[Any]", name: str) -> str:
    return str((connection.execute(f"SHOW {name}").fetchone() or ("",))[0])  # type: ignore[call-overload]


def test_a_statement_that_takes_too_long_is_ended(desk: Flask) -> None:
    app = create_app(Settings(**{**desk.extensions["settings"].model_dump(), "statement_seconds": 1}))
    with app.app_context():
        began = time.monotonic()
        with pytest.raises(Exception, match="statement timeout"):
            db.session.execute(text("SELECT pg_sleep(6)"))
        assert time.monotonic() - began < 4
        db.session.remove()
    close(app)


def test_when_everybody_waits_for_a_connection_the_answer_is_503(
    desk: Flask, bouncer: tuple[PgBouncer, str], person: Callable[..., Caller]
) -> None:
    alice = person()
    alice.get("/api/v1/analyses")
    holders = [bouncer[0].connect() for _ in range(SERVER_CONNECTIONS)]
    try:
        for holder in holders:
            holder.execute("SELECT 1")  # in a transaction from here on
        began = time.monotonic()
        answer = alice.get("/api/v1/analyses")
        assert (answer.status_code, time.monotonic() - began < 8) == (503, True)
        assert int(answer.headers["Retry-After"]) >= 1
        with desk.app_context(), pytest.raises(DBAPIError, match="query_wait_timeout"):
            db.session.execute(text("SELECT 1"))
    finally:
        for holder in holders:
            holder.close()
    within(5, lambda: alice.get("/api/v1/analyses").status_code == 200)


def test_a_killed_bouncer_is_503_until_it_is_back(
    desk: Flask, bouncer: tuple[PgBouncer, str], person: Callable[..., Caller]
) -> None:
    alice = person()
    bouncer[0].server.kill()
    began = time.monotonic()
    answer = alice.get("/api/v1/analyses")
    assert (answer.status_code, time.monotonic() - began < 4) == (503, True)
    bouncer[0].start()
    assert alice.submit().status_code == 202


def test_an_address_of_a_bouncer_without_the_setting_is_refused_at_once(
    desk: Flask, bouncer: tuple[PgBouncer, str]
) -> None:
    """Better than statements that now and then are not there."""
    app = create_app(Settings(**{**desk.extensions["settings"].model_dump(), "database_pooled": False}))
    with app.app_context():
        assert app.test_client().get("/readyz").status_code == 503
        with pytest.raises(Exception, match="unsupported startup parameter"):
            db.session.execute(text("SELECT 1"))
        db.session.remove()
    close(app)
