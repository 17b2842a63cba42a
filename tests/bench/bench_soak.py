"""Half of what the desk can take, for a long time: memory and connections must stay where they are.

SOAK_MINUTES=n (10 when not set). The first fifth is left out: caches and pools fill then.
"""

import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import psutil
import psycopg
import redis

from tests.bench.bench_accept import CLIENTS, texts, web_process
from tests.bench.bench_events import plain
from tests.bench.bench_overload import open_loop, pending_left
from tests.bench.clients import closed_loop, head
from tests.bench.results import Results
from tests.live import Live

MINUTES = float(os.environ.get("SOAK_MINUTES", "10"))
SAMPLES = 120
# of each group of processes over an hour at this rate, by the straight line through the samples
MIB_AN_HOUR = 60.0
# connections may differ by this many between the first and the last quarter of the samples
CONNECTIONS = 3.0


@dataclass
class Course:
    """One quantity over time: seconds and values."""

    look: Callable[[], float]
    values: list[float] = field(default_factory=list)

    def an_hour(self, seconds: list[float]) -> float:
        return float(np.polyfit(seconds, self.values, 1)[0]) * 3600

    def moved(self) -> float:
        quarter = max(1, len(self.values) // 4)
        return float(np.mean(self.values[-quarter:]) - np.mean(self.values[:quarter]))


def _families(live: Live) -> dict[str, list[psutil.Process]]:
    """The desk's processes by what they do; a pool's children are with their parent."""
    found: dict[str, list[psutil.Process]] = {}
    for child in psutil.Process(live.process.pid).children():
        words = child.cmdline()
        name = "web" if child.pid == web_process(live) else "beat" if "beat" in words else None
        if "worker" in words:
            name = f"worker {words[words.index('--hostname') + 1].partition('@')[0]}"
        if name:
            found[name] = [child, *child.children(recursive=True)]
    return found


def _mib(processes: list[psutil.Process]) -> Callable[[], float]:
    return lambda: sum(each.memory_info().rss for each in processes) / 2**20


def _courses(live: Live, connection: "psycopg.Connection[tuple[int]]") -> dict[str, Course]:
    count = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    broker = redis.Redis.from_url(live.address("broker"))
    courses = {f"MiB, {name}": Course(_mib(found)) for name, found in _families(live).items()}
    courses["connections, PostgreSQL"] = Course(lambda: float(connection.execute(count).fetchone()[0]))  # type: ignore[index]
    courses["connections, Valkey"] = Course(lambda: float(broker.info("clients")["connected_clients"]))
    return courses


def _watch(courses: dict[str, Course], seconds: list[float], until: float, every: float) -> None:
    while time.monotonic() < until:
        seconds.append(time.monotonic())
        for course in courses.values():
            course.values.append(course.look())
        time.sleep(every)


def bench_soak(live: Live, results: Results) -> None:
    browser, prefix = live.signed_in(), f"A long day {time.time_ns()}"
    make = texts(head(browser, live.url, "/api/v1/analyses"))
    capacity = closed_loop(live.url, make, clients=CLIENTS, seconds=10).rate
    pending_left(live, "I did not sleep well")
    whole, warm = MINUTES * 60, MINUTES * 12
    loaded: dict[str, object] = {}

    def load() -> None:
        loaded.update(open_loop(live, browser, rate=capacity / 2, seconds=whole, prefix=prefix))

    thread = threading.Thread(target=load)
    seconds: list[float] = []
    with psycopg.connect(plain(live), autocommit=True) as connection:
        courses = _courses(live, connection)
        thread.start()
        time.sleep(warm)
        _watch(courses, seconds, time.monotonic() + whole - warm, (whole - warm) / SAMPLES)
        thread.join()
    stored, pending = pending_left(live, prefix)
    lines, faults = [], []
    for name, course in courses.items():
        drift, hourly = course.moved(), course.an_hour(seconds)
        memory = name.startswith("MiB")
        # a straight line through a short run says little: what moved counts then
        bad = hourly > MIB_AN_HOUR and drift > 5 if memory else abs(drift) > CONNECTIONS
        faults += [name] if bad else []
        last = f"{hourly:+.0f} an hour, at most {MIB_AN_HOUR:.0f}" if memory else f"at most ±{CONNECTIONS:.0f}"
        lines.append([name, f"{course.values[0]:.0f}", f"{course.values[-1]:.0f}", f"{drift:+.1f}", last])
    lines.append(["texts", f"{capacity / 2:.0f} a second", f"{stored} stored", f"{pending} PENDING",
                  f"{MINUTES:g} minutes; answers {loaded['statuses']}"])  # fmt: skip
    results.table("soak", ["half of capacity", "first", "last", "moved", "slope or tolerance"], lines)
    print("\n" + "\n".join("  ".join(f"{cell:28}" for cell in line) for line in lines))
    assert not faults, f"not flat: {', '.join(faults)}"
    assert pending == 0
    assert set(loaded["statuses"]) == {"202"}  # type: ignore[call-overload]
