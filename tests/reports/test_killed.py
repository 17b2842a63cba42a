"""Whoever is killed, a report comes to its end and a period is summed up once: real worker, real beats."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import requests

from tests.live import PROJECT, Live

pytestmark = pytest.mark.stack

ROWS = 120_000
MANY = """
    WITH people AS (
        INSERT INTO users (id, email, password_hash, full_name)
        SELECT gen_random_uuid(), 'many-' || n || '@example.org', 'none', 'Many Example' FROM generate_series(1, 8) AS n
        ON CONFLICT (email) DO UPDATE SET full_name = excluded.full_name RETURNING id
    ), numbered AS (SELECT id, row_number() OVER () AS n FROM people)
    INSERT INTO analysis_records
    SELECT gen_random_uuid(), p.id, 'A made-up sentence.', 'IMPORT', 'LOW', 0.9, 'test-many', 5,
        '2025-03-01'::timestamptz + g * interval '1 second', '2025-03-01'::timestamptz + g * interval '1 second',
        gen_random_uuid()
    FROM generate_series(1, %s) AS g JOIN numbered AS p ON p.n = g %% 8 + 1
"""
ORDER = {"name": "analyses_rows", "params": {"from": "2025-03-01", "to": "2025-03-10"}}


@pytest.fixture(scope="module")
def database(live: Live) -> Iterator["psycopg.Connection[Any]"]:
    with psycopg.connect(live.address("database").replace("+psycopg", ""), autocommit=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def bob(live: Live, database: Any) -> requests.Session:
    """A clinician, and more rows than can be read in a moment."""
    database.execute(MANY, (ROWS,))
    return live.signed_in(live.account("CLINICIAN"))


def within(seconds: float, holds: Callable[[], Any]) -> Any:
    began = time.monotonic()
    while not (found := holds()):
        assert time.monotonic() - began < seconds, "it did not come about in time"
        time.sleep(0.5)
    return found


def workers(live: Live) -> list[int]:
    """The processes of the worker for reports: its main process, then its pool."""
    found, waiting = [], [live.process.pid]
    while waiting:
        pid = waiting.pop()
        waiting += [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
        if "--queues reports" in Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " "):
            found.append(pid)
    return found


@pytest.mark.parametrize("victim", [-1, 0], ids=["the pool's process", "the whole worker"])
def test_a_killed_worker_leaves_no_report_stuck(live: Live, bob: requests.Session, victim: int) -> None:
    within(60, lambda: len(workers(live)) >= 2)
    job = bob.post(f"{live.url}/api/v1/reports", json=ORDER, timeout=30).json()

    def look() -> dict[str, Any]:
        found: dict[str, Any] = bob.get(f"{live.url}{job['url']}", timeout=30).json()
        return found

    within(120, lambda: look()["status"] == "RUNNING" and look()["progress"]["done"] > 0)
    os.kill(workers(live)[victim], signal.SIGKILL)
    ended = within(240, lambda: (found := look())["status"] not in ("QUEUED", "RUNNING") and found)
    assert (ended["status"], ended["row_count"]) == ("READY", ROWS), ended["reason"]
    bob.delete(f"{live.url}{job['url']}", timeout=30)


def test_cancelling_stops_the_worker_at_once(live: Live, bob: requests.Session) -> None:
    within(60, lambda: len(workers(live)) >= 2)
    job = bob.post(f"{live.url}/api/v1/reports", json=ORDER, timeout=30).json()
    url = f"{live.url}{job['url']}"
    within(120, lambda: bob.get(url, timeout=30).json()["progress"]["done"] > 0)
    assert bob.delete(url, timeout=30).status_code == 204
    assert bob.get(url, timeout=30).json()["status"] == "CANCELLED"
    small = {"name": "text_distribution", "params": ORDER["params"]}
    after = bob.post(f"{live.url}/api/v1/reports", json=small, timeout=30).json()
    ended = within(120, lambda: bob.get(f"{live.url}{after['url']}", timeout=30).json()["status"] == "READY")
    assert ended, "the worker is free for the next one"


def test_a_big_export_streams_whole(live: Live, bob: requests.Session) -> None:
    job = bob.post(f"{live.url}/api/v1/reports", json=ORDER, timeout=30).json()
    within(240, lambda: bob.get(f"{live.url}{job['url']}", timeout=30).json()["status"] == "READY")
    with bob.get(f"{live.url}{job['url']}/download?format=csv", stream=True, timeout=60) as answer:
        lines = sum(1 for _ in answer.iter_lines())
    assert lines == ROWS + 1


def test_two_beats_one_killed_and_each_day_is_summed_up_once(live: Live, database: Any, tmp_path: Path) -> None:
    database.execute("UPDATE users SET created_at = now() - interval '30 days'")
    environment = live.environment | {"QUIETUS_STATE": str(live.state)}
    beats = [
        subprocess.Popen(
            [sys.executable, "-m", "celery", "--quiet", "--app", "tests.reports.eager_beat", "beat",
             "--schedule", str(tmp_path / f"schedule-{number}"), "--pidfile="],
            cwd=PROJECT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        for number in range(2)
    ]  # fmt: skip

    def built() -> dict[str, int]:
        found = database.execute(
            "SELECT resource_id, count(*) FROM audit_logs WHERE action = 'summary:built' "
            "AND resource_id LIKE 'daily:%' GROUP BY 1"
        )
        return dict(found.fetchall())

    try:
        within(120, lambda: len(built()) >= 2)
        beats[0].kill()
        within(120, lambda: len(built()) == 7)
        time.sleep(3)  # the other one goes on asking
    finally:
        for beat in beats:
            beat.kill()
            beat.wait(timeout=30)
    assert set(built().values()) == {1}
