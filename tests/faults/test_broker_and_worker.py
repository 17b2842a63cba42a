"""Whatever is killed, every text that was answered 202 gets exactly one outcome, without anybody's help."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis
import requests
from sqlalchemy import make_url

from tests.conftest import EXTERNAL
from tests.faults.parts import children_of, command_of, within
from tests.live import Live

pytestmark = pytest.mark.stack


def labels(desk: Live) -> dict[str, int]:
    """How many texts have which label."""
    url = make_url(desk.address("database")).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url) as connection:
        return dict(connection.execute("SELECT predicted_label, count(*) FROM analysis_records GROUP BY 1").fetchall())


def outcomes(desk: Live) -> int:
    url = make_url(desk.address("database")).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT count(*) FROM audit_logs WHERE action = 'analysis:recorded'").fetchone()
        return int(row[0]) if row else 0


def submit_batches(browser: requests.Session, desk: Live, texts: int, size: int = 100) -> int:
    """Submit texts in batches; how many were accepted."""
    accepted = 0
    for start in range(0, texts, size):
        items = [{"text": f"A quiet sentence, number {start + n}."} for n in range(size)]
        answer = browser.post(f"{desk.url}/api/v1/analyses/batch", json={"items": items}, timeout=30)
        assert answer.status_code == 207, answer.text
        accepted += sum(item["status"] == 202 for item in answer.json()["items"])
    return accepted


def processes(word: str, desk: Live) -> list[int]:
    """The desk's own processes whose command line has this word."""
    found, waiting = [], [desk.process.pid]
    while waiting:
        for child in children_of(waiting.pop()):
            waiting.append(child)
            if word in command_of(child):
                found.append(child)
    return found


def test_a_killed_worker_loses_no_text_and_reads_none_twice(desk: Live) -> None:
    browser = desk.signed_in()
    before = sum(labels(desk).values()), outcomes(desk)
    accepted = 0
    for kill in range(4):
        accepted += submit_batches(browser, desk, 500)
        within(30, lambda: bool(processes("--queues analysis", desk)))  # the one killed before is coming back
        workers = processes("--queues analysis", desk)
        # in turn the pool's child, which holds the texts, and the worker's main process
        os.kill(workers[-1] if kill % 2 == 0 else workers[0], signal.SIGKILL)
    assert accepted == 2000
    within(60, lambda: "PENDING" not in labels(desk))
    assert sum(labels(desk).values()) - before[0] == 2000
    assert outcomes(desk) - before[1] == 2000


@pytest.mark.skipif(EXTERNAL, reason="the given broker is not ours to kill")
def test_with_the_broker_away_a_text_is_accepted_and_recorded_once_it_is_back(desk: Live) -> None:
    browser = desk.signed_in()
    (valkey,) = processes("valkey-server", desk)[:1]
    os.kill(valkey, signal.SIGSTOP)  # worse than gone: it takes connections and says nothing
    try:
        began = time.monotonic()
        answer = browser.post(f"{desk.url}/api/v1/analyses", json={"text": "The broker is away."}, timeout=30)
        assert answer.status_code == 202
        assert time.monotonic() - began < 5
        time.sleep(1)
    finally:
        os.kill(valkey, signal.SIGKILL)
    within(30, lambda: "PENDING" not in labels(desk))


@pytest.mark.skipif(EXTERNAL, reason="the given broker is not ours to empty")
def test_emptying_the_broker_loses_no_text(desk: Live) -> None:
    browser = desk.signed_in()
    broker = redis.Redis.from_url(desk.address("broker"))
    for _ in range(5):
        submit_batches(browser, desk, 100)
        broker.flushall()
    broker.close()
    within(30, lambda: "PENDING" not in labels(desk))


@pytest.mark.skipif(EXTERNAL, reason="the given database is not ours to kill")
def test_with_the_database_away_nothing_is_accepted_and_everything_goes_on_afterwards(desk: Live) -> None:
    browser = desk.signed_in()
    accepted = 0
    before = sum(labels(desk).values())
    postmaster = processes("postgres", desk)[0]
    os.kill(postmaster, signal.SIGKILL)
    statuses: set[int] = set()
    deadline = time.monotonic() + 60  # crash recovery takes its time on a busy disk
    while time.monotonic() < deadline:
        began = time.monotonic()
        answer = browser.post(f"{desk.url}/api/v1/analyses", json={"text": "The database is away."}, timeout=30)
        assert time.monotonic() - began < 10
        statuses.add(answer.status_code)
        accepted += answer.status_code == 202
        if accepted >= 5:
            break
        if answer.status_code == 503:
            assert int(answer.headers["Retry-After"]) >= 1
        time.sleep(0.1)
    assert statuses <= {202, 503}
    assert accepted == 5
    within(90, lambda: "PENDING" not in labels(desk))
    assert sum(labels(desk).values()) - before >= 5, "a text answered 503 may be stored; one answered 202 must be"


@pytest.mark.skipif(EXTERNAL, reason="the given database is not ours to freeze")
def test_a_frozen_database_is_503_and_not_a_hang(desk: Live) -> None:
    browser = desk.signed_in()
    for _ in range(20):  # every thread has used a pooled connection
        browser.get(f"{desk.url}/api/v1/analyses", timeout=10)
    frozen = processes("postgres", desk)
    for pid in frozen:
        os.kill(pid, signal.SIGSTOP)
    try:
        for path in ("/api/v1/analyses", "/readyz", "/api/v1/analyses"):
            began = time.monotonic()
            assert browser.get(f"{desk.url}{path}", timeout=30).status_code == 503
            assert time.monotonic() - began < 8
        assert requests.get(f"{desk.url}/help", timeout=10).status_code == 200
    finally:
        for pid in frozen:
            os.kill(pid, signal.SIGCONT)
    within(30, lambda: browser.get(f"{desk.url}/api/v1/analyses", timeout=30).status_code == 200)


def test_a_whole_export_comes_through_the_real_server(desk: Live) -> None:
    browser = desk.signed_in()
    submit_batches(browser, desk, 1100)
    records = browser.get(f"{desk.url}/history.json", timeout=30).json()
    assert len({record["id"] for record in records}) == 1100
    lines = browser.get(f"{desk.url}/history.csv", timeout=30).content.decode("utf-8-sig").splitlines()
    assert len(lines) == 1101


def test_a_command_finds_the_running_desk(desk: Live) -> None:
    listed = desk.command("user", "list")
    assert "admin@localhost" in listed
    other = subprocess.run(
        [sys.executable, "-m", "quietus", "--state", str(desk.state), "up", "--port", "0"],
        capture_output=True, text=True, env=desk.environment, cwd=Path(__file__).resolve().parents[2],
        timeout=60, check=False,
    )  # fmt: skip
    assert other.returncode == 2
    assert str(desk.process.pid) in other.stderr + other.stdout


def test_the_heartbeat_shows_that_beat_broker_and_worker_live(desk: Live) -> None:
    def beats() -> bool:
        age: Any = requests.get(f"{desk.url}/readyz", timeout=10).json()["heartbeat_age_seconds"]
        return age is not None and age < 120

    within(90, beats)


def test_one_request_id_runs_through_web_and_worker(desk: Live) -> None:
    browser, request_id = desk.signed_in(), f"trace-{time.time_ns()}"
    headers = {"Prefer": "wait=10", "X-Request-ID": request_id}
    browser.post(f"{desk.url}/api/v1/analyses", json={"text": "One text to follow."}, headers=headers, timeout=30)

    def followed() -> bool:
        lines = [line for line in (desk.state / "up.out").read_text().splitlines() if request_id in line]
        return any(line.startswith("web") for line in lines) and any(line.startswith("analysis") for line in lines)

    within(10, followed)


def test_no_log_line_holds_a_text_or_an_address(desk: Live) -> None:
    browser = desk.signed_in()
    words = "a planted sentence about the lighthouse"
    record = browser.post(
        f"{desk.url}/api/v1/analyses", json={"text": words}, headers={"Prefer": "wait=10"}, timeout=30
    )
    assert record.status_code in (200, 202)
    said = (desk.state / "up.log").read_text() + (desk.state / "up.out").read_text()
    assert "lighthouse" not in said
    assert "person-" not in said
    assert '"rule"' in said or "rule=" in said
