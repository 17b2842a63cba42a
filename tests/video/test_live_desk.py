"""The whole desk: the reference agent at work, and a big import whose worker is killed."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
import requests
from sqlalchemy import make_url

from tests.live import PROJECT, Live

pytestmark = pytest.mark.stack
WINDOWS = """seconds,presence,eye_closure,head_pitch,movement
0.1,0.98,0.1,1,0.2
0.2,0.05,0,0,0
0.3,0.97,0.8,1,0.2
1.2,0.97,0.8,1,-2.4
"""


def within(seconds: float, holds: Callable[[], bool]) -> None:
    ends = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < ends, "it did not come about in time"
        time.sleep(0.2)


@pytest.fixture
def database(live: Live) -> Iterator[psycopg.Connection[Any]]:
    url = make_url(live.address("database")).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection


class Consenting:
    """A person at a browser who has consented."""

    def __init__(self, live: Live) -> None:
        self.browser, self.api = live.signed_in(), f"{live.url}/api/v1"
        self.id = self.browser.get(f"{self.api}/auth/me", timeout=10).json()["user"]["id"]
        notice = self.browser.get(f"{self.api}/video/notice", timeout=10).json()
        self.consent = {"version": notice["version"], "accepted": True}
        given = self.browser.post(f"{self.api}/video/consents", json=self.consent, timeout=10)
        assert given.status_code == 204, given.text

    def session(self) -> str:
        body = {"session_type": "TEST", "client_platform": "AGENT", "consent": self.consent}
        answer = self.browser.post(f"{self.api}/video/sessions", json=body, timeout=10)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])


@pytest.fixture
def person(live: Live) -> Consenting:
    return Consenting(live)


def run_agent(live: Live, token: str, person: str, file: Path, stream: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "examples/agent.py", str(file), "--person", person, "--stream", stream],
        env=os.environ | {"QUIETUS_URL": live.url, "QUIETUS_TOKEN": token},
        capture_output=True, text=True, cwd=PROJECT, timeout=120, check=False,
    )  # fmt: skip


def test_the_reference_agent_does_its_work_twice_and_it_is_done_once(
    live: Live, person: Consenting, database: psycopg.Connection[Any], tmp_path: Path
) -> None:
    email = live.account("SERVICE")
    token = live.command("token", "issue", "--email", email, "--scopes", "video,events").strip()
    file, stream = tmp_path / "signals.csv", f"camera-{uuid4()}"
    file.write_text(WINDOWS)
    first, second = (run_agent(live, token, person.id, file, stream) for _ in range(2))
    assert first.returncode == second.returncode == 0, first.stderr + second.stderr
    session = first.stdout.split()[-1]
    assert first.stdout.splitlines()[-1] == f"ENDED {session}"
    assert "0 stored, 4 were there before" in second.stdout and session in second.stdout
    stored = database.execute(
        "SELECT risk_level, user_id::text, signals FROM video_analysis_events WHERE session_id = %s ORDER BY event_at",
        (session,),
    ).fetchall()
    assert [row[0] for row in stored] == ["LOW", "UNKNOWN", "MODERATE", "HIGH"]
    assert {row[1] for row in stored} == {person.id}
    actors = database.execute(
        "SELECT DISTINCT u.email FROM audit_logs a JOIN users u ON u.id = a.user_id WHERE a.resource_id = %s",
        (session,),
    ).fetchall()
    assert actors == [(email,)]
    # without the person's consent, the agent is told so and does nothing
    person.browser.delete(f"{person.api}/video/consents", timeout=10)
    refused = run_agent(live, token, person.id, file, f"camera-{uuid4()}")
    assert refused.returncode == 1 and "consent_missing" in refused.stderr


def test_the_sample_that_comes_with_the_agent_can_be_stored() -> None:
    sys.path.insert(0, str(PROJECT / "examples"))
    try:
        import agent  # type: ignore[import-not-found]
    finally:
        sys.path.pop(0)
    windows = list(agent.measurements(str(PROJECT / "examples" / "signals.csv")))
    levels = [agent.judge(signals)[0] for _, signals in windows]
    assert set(levels) == {"UNKNOWN", "LOW", "MODERATE", "HIGH"}
    assert [seconds for seconds, _ in windows] == sorted(seconds for seconds, _ in windows)


def event_lines(count: int) -> Iterator[bytes]:
    began = datetime.now(UTC)
    for number in range(count):
        at = (began + timedelta(milliseconds=number / 100)).isoformat()
        yield json.dumps({
            "id": str(uuid4()), "event_at": at, "risk_level": "LOW", "confidence": 0.5, "latency_ms": 9,
            "signals": {"presence": 0.9}, "model_version": "m-1",
        }).encode()  # fmt: skip


def children_of(pid: int) -> list[int]:
    return [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def background_workers(live: Live) -> list[int]:
    """The worker that imports: its main process, then its pool."""
    for pid in children_of(live.process.pid):
        if "background@" in Path(f"/proc/{pid}/cmdline").read_text():
            return [pid, *children_of(pid)]
    return []


def test_an_import_whose_worker_is_killed_is_finished_and_stored_once(
    live: Live, person: Consenting, database: psycopg.Connection[Any]
) -> None:
    session = person.session()
    file = b"\n".join(event_lines(20_000)) + b"\nnot an event\n"
    headers = {"Content-Type": "application/x-ndjson"}
    url = f"{person.api}/video/sessions/{session}/events/import"
    answer = person.browser.post(url, data=file, headers=headers, timeout=60)
    assert answer.status_code == 202, answer.text
    place = live.url + answer.json()["url"]

    def told() -> dict[str, Any]:
        return dict(person.browser.get(place, timeout=10).json())

    within(60, lambda: told()["status"] == "RUNNING")
    for pid in background_workers(live)[::-1]:
        os.kill(pid, signal.SIGKILL)
    killed_at = told()["stored"]
    assert killed_at < 20_000, "it was too quick to be killed"
    within(180, lambda: told()["status"] == "READY")
    found = told()
    assert (found["stored"], found["duplicates"], found["bad"]) == (20_000, 0, 1)
    assert found["bad_lines"] == [{"line": 20_001, "detail": "The line is not JSON."}]
    count = database.execute("SELECT count(*) FROM video_analysis_events WHERE session_id = %s", (session,))
    assert count.fetchone() == (20_000,)


def test_a_chunked_upload_of_unknown_length_is_taken_and_capped(live: Live, person: Consenting) -> None:
    url = f"{person.api}/video/sessions/{person.session()}/events/import"
    headers = {"Content-Type": "application/x-ndjson"}
    answer = person.browser.post(url, data=(line + b"\n" for line in event_lines(50)), headers=headers, timeout=60)
    assert answer.status_code == 202, answer.text
    within(120, lambda: person.browser.get(live.url + answer.json()["url"], timeout=10).json()["stored"] == 50)
    large = (b"x" * 1_000_000 + b"\n" for _ in range(80))
    try:
        refused = person.browser.post(url, data=large, headers=headers, timeout=120).status_code
    except requests.ConnectionError:  # it stopped reading and closed
        refused = 413
    assert refused == 413
