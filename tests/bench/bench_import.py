"""Importing a million events from NDJSON files: rows a second beside raw COPY, and the importer's peak memory.

Once by upload and the background worker, which is killed in the middle; once by `import-events`, which is killed
and run again. EVENTS=n sets the number of events of each way.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any
from uuid import uuid4

import psycopg
import requests

from tests.bench.bench_events import SIGNALS, copy, events, open_session, plain
from tests.live import PROJECT, Live
from tests.video.test_live_desk import background_workers

EVENTS = int(os.environ.get("EVENTS", "1000000"))
FILE = min(150_000, EVENTS // 3)  # events of one upload: some 50 MB, below the 64 MiB that the desk takes at once


def lines(count: int) -> Iterator[bytes]:
    began = datetime.now(UTC)
    rest = json.dumps({
        "risk_level": "LOW", "confidence": 0.8123, "signals": SIGNALS, "model_version": "bench-1", "latency_ms": 40,
    })[1:]  # fmt: skip
    for number in range(count):
        at = (began + timedelta(microseconds=number)).isoformat()
        yield f'{{"id": "{uuid4()}", "event_at": "{at}", {rest}\n'.encode()


def peak_mib(pid: int) -> float:
    """The most memory that a process ever held."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    return max([int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM")], default=0)


def raw_copy(live: Live, session: str, user: str, count: int = 50_000) -> float:
    """Events a second of one COPY, measured beside each import: the machine's other work changes by the minute."""
    given, url = events(count), plain(live)
    with psycopg.connect(url) as connection:
        began = time.perf_counter()
        copy(connection, given, session, user)
        connection.commit()
        return count / (time.perf_counter() - began)


def counted(url: str, session: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute(
            "SELECT count(*) FROM video_analysis_events WHERE session_id = %s", (session,)
        ).fetchone()
        return int(row[0]) if row else 0


def _import_one(live: Live, browser: requests.Session, session: str, count: int, kill: bool) -> tuple[float, float]:
    """(seconds from the answer to READY, peak MiB of the worker) of one file."""
    url = f"{live.url}/api/v1/video/sessions/{session}/events/import"
    headers = {"Content-Type": "application/x-ndjson"}
    answer = browser.post(url, data=b"".join(lines(count)), headers=headers, timeout=300)
    assert answer.status_code == 202, answer.text
    began, peak = time.perf_counter(), 0.0
    while True:
        found: dict[str, Any] = browser.get(live.url + answer.json()["url"], timeout=60).json()
        workers = background_workers(live)
        peak = max([peak, *map(peak_mib, workers)])
        if found["status"] == "READY":
            assert (found["stored"], found["bad"]) == (count, 0), found
            return time.perf_counter() - began, peak
        assert found["status"] != "FAILED", found
        if kill and found["progress"] > 0.5:
            kill = False
            for pid in workers[::-1]:
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.5)


def _by_upload(live: Live, browser: requests.Session, baseline: list[float]) -> tuple[float, float, int]:
    session, _ = open_session(live, browser)
    other = open_session(live, browser)
    files = [min(FILE, EVENTS - start) for start in range(0, EVENTS, FILE)]
    spent, peaks, timed = 0.0, [], 0
    for number, count in enumerate(files):
        baseline.append(raw_copy(live, *other))
        killed = number == len(files) // 2
        seconds, peak = _import_one(live, browser, session, count, killed)
        peaks.append(peak)
        if not killed or len(files) == 1:  # waiting for the sweep is no speed
            spent, timed = spent + seconds, timed + count
    return timed / spent, max(peaks), counted(plain(live), session)


def _by_command(live: Live, browser: requests.Session, folder: Path) -> tuple[float, float, int]:
    session, _ = open_session(live, browser)
    file = folder / "events.ndjson"
    with file.open("wb") as written:
        written.writelines(lines(EVENTS))
    url = plain(live)
    command = [sys.executable, "-m", "quietus", "--state", str(live.state), "import-events", str(file)]
    began, peak, killed = time.perf_counter(), 0.0, False
    while True:
        process = subprocess.Popen(
            [*command, "--session", session], env=live.environment, cwd=PROJECT, stdout=subprocess.DEVNULL
        )
        while process.poll() is None:
            peak = max(peak, peak_mib(process.pid))
            if not killed and counted(url, session) > EVENTS / 2:
                process.kill()
                killed = True
            time.sleep(2)
        if process.returncode != -signal.SIGKILL:
            assert process.returncode == 0
            return EVENTS / (time.perf_counter() - began), peak, counted(url, session)


def bench_import(live: Live, tmp_path: Path) -> None:
    browser = live.signed_in()
    baseline: list[float] = []
    found = {"upload and worker, killed in the middle": _by_upload(live, browser, baseline)}
    beside = {name: median(baseline) for name in found}
    before = raw_copy(live, *open_session(live, browser))
    name = "import-events, killed and run again"
    found[name] = _by_command(live, browser, tmp_path)
    beside[name] = median([before, raw_copy(live, *open_session(live, browser))])
    print(f"\n{f'{EVENTS} events':44}{'rows/s':>8}  raw COPY  ratio  peak MiB")
    for name, (rate, peak, rows) in found.items():
        print(f"{name:44}{rate:8.0f}  {beside[name]:8.0f}  {rate / beside[name]:5.2f}  {peak:8.0f}  {rows} rows")
        assert rows == EVENTS
