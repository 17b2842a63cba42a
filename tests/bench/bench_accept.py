"""What accepting a text costs beside a bare route of the same gunicorn that does the same two inserts (P5).

Both serve in turns on the same PostgreSQL: as many web processes and threads, the same clients. CLIENTS=n, ROUNDS=n
and SECONDS=n set the load. CPU is that of the web processes alone, which a busy machine changes less than time.
"""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median

import psutil

from tests.bench.bench_events import plain
from tests.bench.clients import Tally, closed_loop, head, post
from tests.bench.results import Results
from tests.live import PROJECT, Live

CLIENTS = int(os.environ.get("CLIENTS", "8"))
ROUNDS = int(os.environ.get("ROUNDS", "8"))
SECONDS = float(os.environ.get("SECONDS", "4"))
WORKERS = 2
SENTENCE = "I did not sleep well and the week feels heavy, number {}."


def texts(start: str) -> Callable[[int], bytes]:
    return lambda number: post(start, json.dumps({"text": SENTENCE.format(number)}).encode())


@contextmanager
def bare_server(desk: Live, user: str) -> Iterator[tuple[str, int]]:
    """The bare route behind the product's own gunicorn settings; its address and its process."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = ["gunicorn", "--config", "python:quietus.core.gunicorn_conf", "--no-control-socket"]
    command += ["--bind", f"127.0.0.1:{port}", "--workers", str(WORKERS), "tests.bench.bare:app"]
    environment = os.environ | {"BARE_DATABASE_URL": plain(desk), "BARE_USER": user}
    process = subprocess.Popen([sys.executable, "-m", *command], cwd=PROJECT, env=environment)
    try:
        for _ in range(200):
            with socket.socket() as there:
                if there.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}", process.pid
    finally:
        process.terminate()
        process.wait(30)


def web_process(desk: Live) -> int:
    """The pid of the desk's gunicorn."""
    for child in psutil.Process(desk.process.pid).children():
        if "gunicorn" in child.cmdline():
            return child.pid
    raise AssertionError("The desk has no web process.")


def cpu(pid: int) -> float:
    """CPU seconds that a process and its living children have used."""
    family = [psutil.Process(pid), *psutil.Process(pid).children()]
    return sum(sum(one.cpu_times()[:2]) for one in family)


def measured(url: str, pid: int, make: Callable[[int], bytes], seconds: float = SECONDS) -> tuple[Tally, float]:
    """The tally of one round, and the web processes' CPU milliseconds for each request."""
    before = cpu(pid)
    tally = closed_loop(url, make, clients=CLIENTS, seconds=seconds)
    assert set(tally.statuses) == {202}, tally.statuses
    return tally, (cpu(pid) - before) * 1000 / len(tally.seconds)


def bench_accept(live: Live, results: Results) -> None:
    browser = live.signed_in()
    user = browser.get(f"{live.url}/api/v1/auth/me", timeout=10).json()["user"]["id"]
    ours_make = texts(head(browser, live.url, "/api/v1/analyses"))
    with bare_server(live, user) as (bare_url, bare_pid):
        bare_make = texts(head(None, bare_url, "/accept"))
        ways = {"ours": (live.url, web_process(live), ours_make), "bare": (bare_url, bare_pid, bare_make)}
        rounds: dict[str, list[tuple[Tally, float]]] = {name: [] for name in ways}
        for way in ways.values():
            measured(*way, seconds=1)
        for number in range(ROUNDS):
            for name in sorted(ways, reverse=bool(number % 2)):  # neither is always the one that comes second
                rounds[name].append(measured(*ways[name]))
    pairs = list(zip(rounds["ours"], rounds["bare"], strict=True))
    slower = median(bare.rate / ours.rate for (ours, _), (bare, _) in pairs)
    hungrier = median(ours / bare for (_, ours), (_, bare) in pairs)
    rate = {name: median(tally.rate for tally, _ in found) for name, found in rounds.items()}
    used = {name: median(ms for _, ms in found) for name, found in rounds.items()}
    results.ratio(
        "P5",
        f"time of an acceptance, {CLIENTS} clients, beside a bare route",
        ours=f"{1000 / rate['ours']:.2f} ms",
        beside=f"{1000 / rate['bare']:.2f} ms",
        ratio=slower,
        most=2,
    )
    results.ratio(
        "P5",
        "CPU of the web processes for it",
        ours=f"{used['ours']:.2f} ms",
        beside=f"{used['bare']:.2f} ms",
        ratio=hungrier,
    )
