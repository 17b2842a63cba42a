"""Three times as many texts as the desk can take, for a minute: what is accepted is recorded, the rest hears so.

OVERLOAD_SECONDS=n sets how long. Capacity is measured first, by an eager client on the same desk.
"""

import json
import os
import subprocess
import sys
import threading
import time
from typing import Any

import psutil
import psycopg
import requests

from tests.bench.bench_accept import CLIENTS, texts, web_process
from tests.bench.bench_events import plain
from tests.bench.clients import closed_loop, head
from tests.bench.results import Results
from tests.live import PROJECT, Live

SECONDS = float(os.environ.get("OVERLOAD_SECONDS", "60"))
TIMES = 3
PATIENCE = 30
NORMAL_AGAIN_SECONDS = 10
# of what the web processes held before
MEMORY_RATIO = 1.5


def open_loop(live: Live, browser: requests.Session, *, rate: float, seconds: float, prefix: str) -> dict[str, Any]:
    order = {"url": live.url, "head": head(browser, live.url, "/api/v1/analyses"), "rate": rate, "seconds": seconds}
    order |= {"timeout": PATIENCE, "prefix": prefix}
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.open_loop"],
        input=json.dumps(order), capture_output=True, text=True, cwd=PROJECT, check=True,
    )  # fmt: skip
    found: dict[str, Any] = json.loads(done.stdout)
    return found


class Watch:
    """Asks for help and for signs of life each half second, and looks at the web processes' memory."""

    def __init__(self, live: Live) -> None:
        self.url, self.web = live.url, psutil.Process(web_process(live))
        self.took: list[float] = []
        self.failed = 0
        self.peak_mib = 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def mib(self) -> float:
        return sum(each.memory_info().rss for each in self.web.children()) / 2**20

    def _look(self) -> None:
        while not self._stop.wait(0.5):
            for path in ("/help", "/healthz"):
                began = time.perf_counter()
                try:
                    self.failed += requests.get(f"{self.url}{path}", timeout=PATIENCE).status_code != 200
                except requests.RequestException:
                    self.failed += 1
                self.took.append((time.perf_counter() - began) * 1000)
            self.peak_mib = max(self.peak_mib, self.mib())

    def __enter__(self) -> "Watch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()


def seconds_until_normal(live: Live, browser: requests.Session, normal_ms: float) -> float:
    """Seconds until five answers in a row come within twice the idle median."""
    make, began, good = texts(head(browser, live.url, "/api/v1/analyses")), time.monotonic(), 0
    while good < 5 and time.monotonic() - began < 5 * NORMAL_AGAIN_SECONDS:
        good = good + 1 if closed_loop(live.url, make, clients=1, count=1).at(0.5) <= 2 * normal_ms else 0
    return time.monotonic() - began


def pending_left(live: Live, prefix: str) -> tuple[int, int]:
    """Waits until nothing is PENDING, at most ten minutes: (stored, still PENDING) of those that began so."""
    count = (
        "SELECT count(*), count(*) FILTER (WHERE predicted_label = 'PENDING') FROM analysis_records "
        "WHERE input_text LIKE %s"
    )
    until = time.monotonic() + 600
    with psycopg.connect(plain(live), autocommit=True) as connection:
        while True:
            stored, pending = connection.execute(count, (f"{prefix}%",)).fetchone()  # type: ignore[misc]
            if not pending or time.monotonic() > until:
                return stored, pending
            time.sleep(0.5)


def at(values: list[float], share: float) -> float:
    ordered = sorted(values) or [0.0]
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def bench_overload(live: Live, results: Results) -> None:
    browser, prefix = live.signed_in(), f"Too many at once {time.time_ns()}"
    make = texts(head(browser, live.url, "/api/v1/analyses"))
    closed_loop(live.url, make, clients=CLIENTS, seconds=2)
    capacity = closed_loop(live.url, make, clients=CLIENTS, seconds=8).rate
    pending_left(live, "I did not sleep well")
    normal = closed_loop(live.url, make, clients=1, count=60).at(0.5)
    with Watch(live) as watch:
        before = watch.mib()
        found = open_loop(live, browser, rate=TIMES * capacity, seconds=SECONDS, prefix=prefix)
        back = seconds_until_normal(live, browser, normal)
    after = watch.mib()
    stored, pending = pending_left(live, prefix)
    accepted, statuses = len(found["accepted"]), found["statuses"]
    refused = statuses.get("503", 0) + statuses.get("429", 0)
    waits = [took for _, took in found["accepted"]]
    lines = [
        ["measured capacity, texts a second", f"{capacity:.0f}"],
        ["sent, texts a second", f"{TIMES * capacity:.0f} for {SECONDS:.0f} s"],
        ["accepted (202)", f"{accepted}, p50 {at(waits, 0.5):.0f} ms, p99 {at(waits, 0.99):.0f} ms"],
        ["stored, of them still PENDING afterwards", f"{stored}, {pending}"],
        ["turned away (429, 503)", f"{refused}, p99 {at(found['refused_ms'], 0.99):.0f} ms"],
        ["of them without Retry-After", str(found["without_retry_after"])],
        [f"no answer within {PATIENCE} s", str(statuses.get("0", 0))],
        ["other answers", str({k: v for k, v in statuses.items() if k not in ("202", "503", "429", "0")} or "none")],
        ["/help and /healthz meanwhile", f"{len(watch.took)} asked, {watch.failed} failed, "
         f"p99 {at(watch.took, 0.99):.0f} ms"],
        ["memory of the web processes before, peak, after", f"{before:.0f}, {watch.peak_mib:.0f}, {after:.0f} MiB"],
        ["normal answers again after", f"{back:.1f} s (idle median {normal:.0f} ms)"],
    ]  # fmt: skip
    results.table("overload", ["three times capacity", "found"], lines)
    print("\n" + "\n".join(f"{name:52}{value}" for name, value in lines))
    assert not set(statuses) - {"202", "429", "503", "0"}
    assert found["without_retry_after"] == 0
    # an acceptance whose client lost patience is stored too
    assert stored >= accepted
    assert pending == 0
    assert watch.failed == 0
    assert watch.peak_mib <= MEMORY_RATIO * before
    assert back <= NORMAL_AGAIN_SECONDS
