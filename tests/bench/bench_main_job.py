"""Texts a second from HTTP to the recorded outcome, beside what the parts can do alone, in the same run.

Baselines: `insert` is the same two rows written and committed by bare psycopg from as many threads; `model` is the
shipped model reading the same texts in one process. TEXTS=n sets the number of texts. Promise P6.

The second bench runs the same web processes with a worker whose model is a stub (tests/bench/stub_worker.py): what
is left is the desk's own speed.
"""

import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import psycopg
import requests
from sqlalchemy import make_url

from quietus.textmodel import load
from tests.bench.results import Results
from tests.bench.stubbed import Stubbed
from tests.live import Live

Desk = Live | Stubbed

TEXTS = int(os.environ.get("TEXTS", "4000"))
THREADS = 8
SENTENCE = "I did not sleep well and the week feels heavy, number {}."


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _plain(desk: Live) -> str:
    return make_url(desk.address("database")).set(drivername="postgresql").render_as_string(hide_password=False)


def _inserts(url: str, user_id: str) -> float:
    """Seconds for TEXTS commits of the same two rows, THREADS at a time, without any web server."""

    def work(count: int) -> None:
        with psycopg.connect(url) as connection:
            for number in range(count):
                row = str(uuid4())
                connection.execute(
                    "INSERT INTO analysis_records VALUES (%s, %s, %s, 'API', 'LOW', 0, 'bench', 0, now(), now(), %s)",
                    (row, user_id, SENTENCE.format(number), str(uuid4())),
                )
                connection.execute(
                    "INSERT INTO audit_logs (user_id, action, resource_type, resource_id, metadata) "
                    "VALUES (%s, 'analysis:accepted', 'analysis', %s, '{}')",
                    (user_id, row),
                )
                connection.commit()

    threads = [threading.Thread(target=work, args=(TEXTS // THREADS,)) for _ in range(THREADS)]

    def run() -> None:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    return _timed(run)


def _submit(desk: Desk, browsers: list[requests.Session], batch: int) -> None:
    def send(start: int) -> None:
        browser = browsers[start // batch % THREADS]
        items = [{"text": SENTENCE.format(start + n)} for n in range(batch)]
        if batch == 1:
            assert browser.post(f"{desk.url}/api/v1/analyses", json=items[0], timeout=60).status_code == 202
        else:
            answer = browser.post(f"{desk.url}/api/v1/analyses/batch", json={"items": items}, timeout=60)
            assert answer.status_code == 207

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(send, range(0, TEXTS, batch)))


def _wait_until_recorded(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        waiting = "SELECT EXISTS (SELECT FROM analysis_records WHERE predicted_label = 'PENDING')"
        while connection.execute(waiting).fetchone() == (True,):
            time.sleep(0.05)


def _rates(desk: Desk, browsers: list[requests.Session], url: str, batch: int) -> tuple[float, float]:
    """Texts a second that were accepted, and that had an outcome."""
    began = time.perf_counter()
    _submit(desk, browsers, batch)
    accepted = TEXTS / (time.perf_counter() - began)
    _wait_until_recorded(url)
    return accepted, TEXTS / (time.perf_counter() - began)


def bench_main_job(live: Live, results: Results) -> None:
    url = _plain(live)
    browsers = [live.signed_in() for _ in range(THREADS)]
    user_id = browsers[0].get(f"{live.url}/api/v1/auth/me", timeout=10).json()["user"]["id"]
    inserts = TEXTS / _inserts(url, user_id)
    model = load("local")
    texts = [SENTENCE.format(number) for number in range(TEXTS)]
    model.predict(texts[:50])
    alone = TEXTS / _timed(lambda: [model.predict(texts[at : at + 200]) for at in range(0, TEXTS, 200)])
    for name, batch in (("one text a request", 1), ("100 texts a request", 100)):
        accepted, whole = _rates(live, browsers, url, batch)
        results.ratio("P6", f"{name}: accepted, beside bare inserts", ours=f"{accepted:.0f} a second",
                      beside=f"{inserts:.0f} a second", ratio=accepted / inserts)  # fmt: skip
        results.ratio("P6", f"{name}: recorded, beside the model alone in one process", ours=f"{whole:.0f} a second",
                      beside=f"{alone:.0f} a second", ratio=whole / alone, least=0.6)  # fmt: skip


def bench_desk_without_model(stubbed: Desk, results: Results) -> None:
    browsers = [stubbed.signed_in() for _ in range(THREADS)]
    for name, batch in (("one text a request", 1), ("100 texts a request", 100)):
        accepted, whole = _rates(stubbed, browsers, stubbed.database, batch)
        results.ratio("P6", f"{name}, model stubbed: recorded, beside accepted", ours=f"{whole:.0f} a second",
                      beside=f"{accepted:.0f} a second", ratio=whole / accepted, least=0.9)  # fmt: skip
        results.ratio("P6", f"{name}, model stubbed: end to end, beside 1,000 a second", ours=f"{whole:.0f} a second",
                      beside="1000 a second", ratio=whole / 1000, least=1)  # fmt: skip
