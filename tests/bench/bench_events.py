"""Events a second over HTTP in batches of 500 beside raw COPY into the same table, and the ways of storing them.

Promise P7: at least half of COPY. EVENTS=n sets the number of events of each measurement.
"""

import json
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any
from uuid import uuid4

import psycopg
import requests
from sqlalchemy import make_url

from quietus.video.storing import STORE
from tests.bench.results import Results
from tests.live import Live

EVENTS = int(os.environ.get("EVENTS", "10000"))
BATCH = 500
THREADS = 4
ROUNDS = int(os.environ.get("ROUNDS", "5"))
COLUMNS = "id, session_id, user_id, event_at, risk_level, confidence, signals, model_version, latency_ms"
SIGNALS = {
    "presence": 0.98, "eye_closure": 0.123, "head_pitch": -0.21, "movement": 0.33, "expression_sad": 0.12,
    "expression_fear": 0.02, "faces": 1, "frames": 24, "baseline": True, "light": "dim",
}  # fmt: skip

Events = list[dict[str, Any]]
Way = Callable[[psycopg.Connection[Any], Events, str, str], object]


def events(count: int) -> Events:
    """Events as a client sends them, in the order of their times."""
    began = datetime.now(UTC)
    return [
        {
            "id": str(uuid4()),
            "event_at": (began + timedelta(milliseconds=number / 10)).isoformat(),
            "risk_level": ("LOW", "LOW", "UNKNOWN", "MODERATE", "HIGH")[number % 5],
            "confidence": 0.8123,
            "signals": SIGNALS,
            "model_version": "bench-1",
            "latency_ms": 40,
        }
        for number in range(count)
    ]


def _row(e: dict[str, Any]) -> tuple[Any, ...]:
    signals = json.dumps(e["signals"])
    return e["event_at"], e["risk_level"], e["confidence"], signals, e["model_version"], e["latency_ms"]


def copy(connection: psycopg.Connection[Any], batch: Events, session: str, user: str) -> None:
    with connection.cursor().copy(f"COPY video_analysis_events ({COLUMNS}) FROM STDIN") as stream:
        for e in batch:
            stream.write_row((e["id"], session, user, *_row(e)))


def _temporary(connection: psycopg.Connection[Any], batch: Events, session: str, user: str) -> None:
    connection.execute("CREATE TEMP TABLE given (LIKE video_analysis_events) ON COMMIT DROP")
    with connection.cursor().copy(f"COPY given ({COLUMNS}, created_at) FROM STDIN") as stream:
        for e in batch:
            stream.write_row((e["id"], session, user, *_row(e), e["event_at"]))
    connection.execute(
        f"INSERT INTO video_analysis_events ({COLUMNS}) SELECT {COLUMNS} FROM given ORDER BY id "
        "ON CONFLICT (id) DO NOTHING"
    )


def _unnest(connection: psycopg.Connection[Any], batch: Events, session: str, user: str) -> None:
    columns = [[e["id"] for e in batch], *map(list, zip(*map(_row, batch), strict=True))]
    connection.execute(
        f"INSERT INTO video_analysis_events ({COLUMNS}) SELECT i, %s, %s, t, r, c, s, m, l "
        "FROM unnest(%s::text[]::uuid[], %s::text[]::timestamptz[], %s::text[], %s::float8[]::numeric[], "
        "%s::text[]::jsonb[], %s::text[], %s::int[]) AS given (i, t, r, c, s, m, l) ORDER BY i "
        "ON CONFLICT (id) DO NOTHING",
        (session, user, *columns),
    )


def _each(connection: psycopg.Connection[Any], batch: Events, session: str, user: str) -> None:
    connection.cursor().executemany(
        f"INSERT INTO video_analysis_events ({COLUMNS}) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s) "
        "ON CONFLICT (id) DO NOTHING",
        [(e["id"], session, user, *_row(e)) for e in batch],
    )


def _ours(connection: psycopg.Connection[Any], batch: Events, session: str, user: str) -> None:
    connection.execute(STORE, {"events": json.dumps(batch), "session_id": session, "user_id": user})


def plain(desk: Live) -> str:
    return make_url(desk.address("database")).set(drivername="postgresql").render_as_string(hide_password=False)


def rate(desk: Live, way: Way, session: str, user: str, size: int) -> float:
    """Events a second of bare psycopg, one connection, a commit for each batch."""
    given, url = events(EVENTS), plain(desk)
    with psycopg.connect(url) as connection:
        began = time.perf_counter()
        for start in range(0, EVENTS, size):
            way(connection, given[start : start + size], session, user)
            connection.commit()
        return EVENTS / (time.perf_counter() - began)


def open_session(desk: Live, browser: requests.Session) -> tuple[str, str]:
    """A running session's id and its person's."""
    notice = browser.get(f"{desk.url}/api/v1/video/notice", timeout=10).json()
    consent = {"version": notice["version"], "accepted": True}
    body = {"session_type": "TEST", "client_platform": "AGENT", "consent": consent}
    answer = browser.post(f"{desk.url}/api/v1/video/sessions", json=body, timeout=10)
    assert answer.status_code == 201, answer.text
    return answer.json()["id"], answer.json()["user_id"]


def _over_http(desk: Live, browser: requests.Session, session: str) -> float:
    given = events(EVENTS)
    bodies = [json.dumps({"events": given[at : at + BATCH]}).encode() for at in range(0, EVENTS, BATCH)]
    headers = dict(browser.headers) | {"Content-Type": "application/json"}
    browsers = []
    for _ in range(THREADS):
        one = requests.Session()
        one.cookies.update(browser.cookies)
        browsers.append(one)

    def send(which: int) -> None:
        url = f"{desk.url}/api/v1/video/sessions/{session}/events"
        answer = browsers[which % THREADS].post(url, data=bodies[which], headers=headers, timeout=60)
        assert answer.json() == {"stored": BATCH, "duplicates": 0}, answer.text

    with ThreadPoolExecutor(THREADS) as pool:
        began = time.perf_counter()
        list(pool.map(send, range(len(bodies))))
        return EVENTS / (time.perf_counter() - began)


WAYS: dict[str, tuple[Way, int]] = {
    "raw COPY, one statement": (copy, EVENTS),
    "COPY (in use), 500 a commit": (copy, BATCH),
    "one JSON parameter, 500 a commit": (_ours, BATCH),
    "temporary table, 500 a commit": (_temporary, BATCH),
    "unnest, 500 a commit": (_unnest, BATCH),
    "a statement each, 500 a commit": (_each, BATCH),
}


def bench_events(live: Live, results: Results) -> None:
    browser = live.signed_in()
    session, user = open_session(live, browser)
    found: dict[str, list[float]] = {}
    http = f"over HTTP, 500 a request, {THREADS} clients"
    for _ in range(ROUNDS):  # in turns, so that a busy moment of the machine does not meet one way only
        for name, (way, size) in WAYS.items():
            found.setdefault(name, []).append(rate(live, way, session, user, size))
        found.setdefault(http, []).append(_over_http(live, browser, session))
    whole = median(found["raw COPY, one statement"])
    print(f"\n{f'events a second, median of {ROUNDS}':44}{'rate':>8}  of raw COPY")
    for name, rates in found.items():
        print(f"{name:44}{median(rates):8.0f}  {median(rates) / whole:.2f}")
    ours = median(found[http])
    results.ratio("P7", f"events {http}, beside one raw COPY",
                  ours=f"{ours:.0f} a second", beside=f"{whole:.0f} a second",
                  ratio=ours / whole, least=0.5)  # fmt: skip
