"""Figures are read from a real streaming copy, say how far behind it is, and do without it when it is gone."""

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_migrate import upgrade
from sqlalchemy import select, text

from quietus import create_app
from quietus.accounts.models import User
from quietus.analytics import reading, replica, service
from quietus.analytics.replica import AWAY, BEHIND, FOREIGN, LATE, WORDS, Pauses
from quietus.core.config import Settings
from quietus.core.extensions import db
from quietus.reports import building, rows
from quietus.reports.catalogue import get_report
from tests.conftest import close, run_sql
from tests.factories import TEST_SETTINGS, make_user, principal, sign_in
from tests.scale.machines import Cluster, cluster_with_copy, within

pytestmark = pytest.mark.stack

DAY = {"from": "2026-03-02", "to": "2026-03-02"}
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def clusters(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Cluster, Cluster]]:
    with cluster_with_copy(tmp_path_factory.mktemp("clusters")) as both:
        yield both


@pytest.fixture(scope="module")
def desk(clusters: tuple[Cluster, Cluster], server_urls: dict[str, str]) -> Iterator[Flask]:
    primary, copy = clusters
    settings = Settings(
        database_url=primary.url("quietus_app"), migration_database_url=primary.url("quietus_owner"),
        analytics_database_url=copy.url("quietus_app"), redis_url=server_urls["broker"],
        analytics_lag_seconds=30, **TEST_SETTINGS,
    )  # fmt: skip
    app = create_app(settings)
    app.testing = False
    with app.app_context():
        upgrade()
        make_user("root@example.org", ("ADMIN",))
        make_user("ann@example.org", ("ANALYST",))
    yield app
    close(app)


@pytest.fixture(autouse=True)
def fresh(desk: Flask, clusters: tuple[Cluster, Cluster]) -> Iterator[None]:
    """No texts, a copy that follows, and no memory of an earlier test's failures."""
    run_sql(clusters[1].url(), "SELECT pg_wal_replay_resume()")
    run_sql(clusters[0].url("quietus_owner"), "DELETE FROM analysis_records")
    desk.extensions["analytics.pauses"] = Pauses()
    with desk.app_context():
        yield
        db.session.remove()


@pytest.fixture
def put(desk: Flask) -> Callable[..., UUID]:
    owner = db.session.scalar(text("SELECT id FROM users WHERE email = 'ann@example.org'"))

    def store(number: int = 1) -> UUID:
        for _ in range(number):
            db.session.execute(
                text(
                    "INSERT INTO analysis_records VALUES (:id, :owner, 'The tea was good.', 'API', 'HIGH', 0.9, 'm1', "
                    "4, :at, :at, :request)"
                ),
                {"id": uuid4(), "owner": owner, "at": NOON, "request": uuid4()},
            )
        db.session.commit()
        return UUID(str(owner))

    return store


def ask(name: str = "text_distribution", complete: bool = False, **more: str) -> service.Answer:
    reader = principal(_account("root@example.org"))
    params = service.read_params(name, {**DAY, **more})
    return service.answer(name, params, for_user=reader, complete=complete)


def _account(email: str) -> Any:
    return db.session.scalars(select(User).where(User.email == email)).one()


def high(answer: service.Answer) -> int:
    return {row[0]: row[1] for row in answer.rows}["HIGH"]  # type: ignore[no-any-return]


def forget_pause(desk: Flask) -> None:
    desk.extensions["analytics.pauses"] = Pauses()


def test_figures_come_from_the_copy_and_say_so(desk: Flask, put: Callable[..., UUID]) -> None:
    put()
    within(5, lambda: high(ask()) == 1)
    origin = ask().origin
    assert (origin.server, origin.lag_seconds, origin.note) == ("replica", 0, "")
    assert abs((datetime.now(UTC) - origin.watermark).total_seconds()) < 5
    with reading.copied(complete=False) as (cursor, _):
        assert cursor.execute("SELECT pg_is_in_recovery()").fetchone() == (True,)
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            cursor.execute("DELETE FROM analysis_records")


def test_a_copy_that_is_a_little_behind_says_how_much(
    desk: Flask, clusters: tuple[Cluster, Cluster], put: Callable[..., UUID]
) -> None:
    put()
    within(5, lambda: high(ask()) == 1)
    run_sql(clusters[1].url(), "SELECT pg_wal_replay_pause()")
    stopped = datetime.now(UTC)
    time.sleep(1.2)
    put()
    answer = ask()
    assert (high(answer), answer.origin.server) == (1, "replica")
    assert 1 <= answer.origin.lag_seconds < 30
    assert answer.origin.watermark <= stopped, "nothing that came later may be promised"
    # a report lacks nothing: it does without the copy, and waits for it only once
    began = time.monotonic()
    whole = ask(complete=True)
    assert (high(whole), whole.origin.server, whole.origin.note) == (2, "primary", WORDS[BEHIND])
    assert time.monotonic() - began < 5
    began = time.monotonic()
    ask(complete=True)
    assert time.monotonic() - began < 1
    assert ask().origin.server == "replica"


def test_a_copy_that_is_far_behind_is_not_read(
    desk: Flask, clusters: tuple[Cluster, Cluster], put: Callable[..., UUID], make_app: Any
) -> None:
    hurried = create_app(Settings(**{**desk.extensions["settings"].model_dump(), "analytics_lag_seconds": 1}))
    try:
        with hurried.app_context():
            put()
            within(5, lambda: high(ask()) == 1)
            run_sql(clusters[1].url(), "SELECT pg_wal_replay_pause()")
            time.sleep(1.2)
            put()
            answer = ask()
            assert (high(answer), answer.origin.server, answer.origin.note) == (2, "primary", WORDS[LATE])
            db.session.remove()
    finally:
        close(hurried)


def test_one_person_s_file_is_never_older_than_their_erasure(
    desk: Flask, clusters: tuple[Cluster, Cluster], put: Callable[..., UUID]
) -> None:
    owner = put(3)
    within(5, lambda: high(ask()) == 3)
    run_sql(clusters[1].url(), "SELECT pg_wal_replay_pause()")
    run_sql(clusters[0].url("quietus_owner"), "DELETE FROM analysis_records")
    answer = ask("person_file", subject_id=str(owner))
    assert answer.origin.server == "primary"
    assert not any(isinstance(value, int) and value == 3 for row in answer.rows for value in row)


def test_a_report_holds_every_row_there_was_when_it_was_asked_for(
    desk: Flask, clusters: tuple[Cluster, Cluster], put: Callable[..., UUID]
) -> None:
    root = principal(_account("root@example.org"))
    raw = {"from": "2026-03-02T00:00:00Z", "to": "2026-03-03T00:00:00Z"}
    put(2)
    followed = building.build("analyses_rows", raw, NOON, asker=root)
    run_sql(clusters[1].url(), "SELECT pg_wal_replay_pause()")
    put(3)
    alone = building.build("analyses_rows", raw, NOON, asker=root)
    run_sql(clusters[1].url(), "SELECT pg_wal_replay_resume()")
    forget_pause(desk)
    again = building.build("analyses_rows", raw, NOON, asker=root)
    assert (followed.row_count, alone.row_count) == (2, 5)
    assert again.digest == alone.digest, "the copy gives the very same rows as the main database"


def test_what_recovery_ends_on_the_copy_is_read_again_from_the_main_database(
    desk: Flask, clusters: tuple[Cluster, Cluster], put: Callable[..., UUID]
) -> None:
    put(50)
    within(5, lambda: high(ask()) == 50)
    ran: list[bool] = []

    def work(cursor: reading.Cursor) -> int:
        (on_copy,) = cursor.execute("SELECT pg_is_in_recovery()").fetchone() or (None,)
        ran.append(bool(on_copy))
        cursor.execute("SELECT count(*) FROM analysis_records")
        if on_copy:
            _conflict(clusters[0])
            cursor.execute("SELECT pg_sleep(10)")
        return int((cursor.execute("SELECT count(*) FROM analysis_records").fetchone() or (0,))[0])

    found, origin = reading.read(work)
    assert ran == [True, False]
    assert (found, origin.server, origin.note) == (0, "primary", WORDS[AWAY])


def _conflict(primary: Cluster) -> None:
    """Rows that a reader on the copy can still see are cleaned away."""
    run_sql(primary.url("quietus_owner"), "DELETE FROM analysis_records", "VACUUM analysis_records")


def test_an_export_goes_on_after_the_same_row(
    desk: Flask, clusters: tuple[Cluster, Cluster], put: Callable[..., UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "BATCH", 10)
    put(60)
    report = get_report("analyses_rows", for_user=principal(_account("root@example.org")))
    figure = report.figures[0]
    params = report.read_params({"from": "2026-03-02", "to": "2026-03-02"})[figure.name]
    with rows.reading(figure, params) as found:
        wanted = list(found)
    with rows.reading(figure, params) as found:
        read = [next(found) for _ in range(25)]
        # ends the reader's connection, whoever that is
        run_sql(
            clusters[1].url(),
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
            "WHERE usename = 'quietus_app' AND state = 'idle in transaction'",
        )
        read += list(found)
    assert len(wanted) == 60
    assert read == wanted


def test_a_killed_copy_is_done_without_at_once_and_read_again_when_it_is_back(
    desk: Flask, clusters: tuple[Cluster, Cluster], put: Callable[..., UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replica, "PAUSE_SECONDS", 1.0)
    copy = clusters[1]
    put()
    within(5, lambda: high(ask()) == 1)
    copy.server.kill()
    put()
    began = time.monotonic()
    answer = ask()
    assert (high(answer), answer.origin.server, answer.origin.note) == (2, "primary", WORDS[AWAY])
    assert time.monotonic() - began < 4
    copy.start("max_standby_streaming_delay=0")
    within(15, lambda: ask().origin.server == "replica")
    assert high(ask(complete=True)) == 2


def test_a_frozen_copy_holds_up_one_reader_and_not_the_next(
    desk: Flask, clusters: tuple[Cluster, Cluster], put: Callable[..., UUID]
) -> None:
    put()
    within(5, lambda: high(ask()) == 1)
    clusters[1].server.kill(signal.SIGSTOP)
    for pid in _backends(clusters[1]):
        os.kill(pid, signal.SIGSTOP)
    try:
        began = time.monotonic()
        assert ask().origin.note == WORDS[AWAY]
        assert time.monotonic() - began < 8
        began = time.monotonic()
        assert ask().origin.note == WORDS[AWAY]
        assert time.monotonic() - began < 1
    finally:
        for pid in _backends(clusters[1]):
            os.kill(pid, signal.SIGCONT)
        clusters[1].server.kill(signal.SIGCONT)


def _backends(cluster: Cluster) -> list[int]:
    """PostgreSQL gives each backend a process group of its own."""
    pid = cluster.server._process.pid  # type: ignore[union-attr]
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_a_database_that_is_no_copy_of_this_one_is_not_read(
    desk: Flask, clusters: tuple[Cluster, Cluster], test_settings: Settings, put: Callable[..., UUID]
) -> None:
    put()
    stranger = test_settings.database_url.get_secret_value()
    for address in (stranger, clusters[0].url("quietus_app")):
        app = create_app(Settings(**{**desk.extensions["settings"].model_dump(), "analytics_database_url": address}))
        with app.app_context():
            answer = ask()
            assert (high(answer), answer.origin.server, answer.origin.note) == (1, "primary", WORDS[FOREIGN])
            db.session.remove()
        close(app)


def test_a_copy_of_another_server_is_not_read(desk: Flask) -> None:
    goal = SimpleNamespace(place="0/0", moment=datetime.now(UTC), server=1)
    with db.engines["analytics"].connect().execution_options(postgresql_readonly=True) as connection:
        with pytest.raises(replica.Unusable, match=replica.FOREIGN):
            replica._reached(connection, goal, complete=False)
        goal.server = connection.scalar(text("SELECT system_identifier FROM pg_control_system()"))
        assert replica._reached(connection, goal, complete=False).server == "replica"


def test_json_and_page_say_where_the_numbers_come_from_and_hide_the_same(
    desk: Flask, clusters: tuple[Cluster, Cluster], put: Callable[..., UUID]
) -> None:
    put()
    ann = signed_in(desk, "ann@example.org")
    address = "/api/v1/analytics/text_distribution?from=2026-03-02&to=2026-03-02&source=API"
    found = ann.get(address).json
    assert found["data"]["server"] == "replica"
    assert found["data"]["lag_seconds"] == 0
    assert datetime.fromisoformat(found["data"]["watermark"]).tzinfo is not None
    assert [row[1] for row in found["rows"] if row[0] == "HIGH"] == [None], "one person's number stays hidden"
    assert ann.get("/api/v1/analytics/person_file").status_code == 404
    assert "From a copy of the database" in ann.get("/dashboard/text_distribution").text
    run_sql(clusters[1].url(), "SELECT pg_wal_replay_pause()")
    time.sleep(1.1)
    put()
    assert "seconds ago" in ann.get("/dashboard/text_distribution").text
    assert json.loads(ann.get(address).text)["data"]["lag_seconds"] >= 1


def signed_in(desk: Flask, email: str) -> FlaskClient:
    client = desk.test_client()
    sign_in(client, email)
    return client


def test_without_a_copy_nothing_is_said_about_one(client: FlaskClient) -> None:
    make_user("ann@example.org", ("ANALYST",))
    sign_in(client, "ann@example.org")
    data = client.get("/api/v1/analytics/overview").json["data"]
    assert (data["server"], data["lag_seconds"], data["note"]) == ("primary", 0, "")
    assert "data-origin" not in client.get("/dashboard/overview").text
