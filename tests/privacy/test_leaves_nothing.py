"""Item 4: a person with 1,000 texts, 50 sessions and reports is erased on a running desk, and then looked for.

Looked through are every column of every table, every key and value of the broker, and every byte of every file of
the state folder, the write-ahead log included. Not looked for are backups, which are the operator's.
"""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis
import requests

from tests.conftest import EXTERNAL, open_folder
from tests.factories import PASSWORD
from tests.live import Live, start_live

pytestmark = [pytest.mark.stack, pytest.mark.timeout(600)]

EMAIL = "josephine.quillfeather@example.org"
NAME = "Josephine Quillfeather"
PHRASE = "heliotrope umbrella"
TRACES = (EMAIL, NAME, PHRASE)
PATIENCE_SECONDS = 180


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    if EXTERNAL:
        pytest.skip("looks into the files of a server of its own")
    with start_live(open_folder(tmp_path_factory.mktemp("gone")), {"QUIETUS_ERASURE_WAIT_DAYS": "0"}) as running:
        yield running


def wait_until(true: Callable[[], object], what: str) -> None:
    ends = time.monotonic() + PATIENCE_SECONDS
    while not true():
        assert time.monotonic() < ends, f"waited in vain: {what}"
        time.sleep(1)


@lru_cache  # asking the command line costs seconds, and the answer stays the same
def address(state: Path, server: str) -> str:
    asked = [sys.executable, "-m", "quietus", "--state", str(state), "url", server]
    found = subprocess.run(asked, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2])
    return found.stdout.strip().replace("postgresql+psycopg://", "postgresql://")


def query(desk: Live, sql: str, *values: object) -> list[Any]:
    with psycopg.connect(address(desk.state, "database"), autocommit=True) as connection:
        return connection.execute(sql, values).fetchall()  # type: ignore[call-overload,no-any-return]


def in_tables(desk: Live) -> set[str]:
    tables = query(desk, "SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public'")
    return {
        trace
        for (table,) in tables
        for trace in TRACES
        if query(desk, f"SELECT 1 FROM {table} t WHERE strpos(t::text, %s) > 0 LIMIT 1", trace)
    } | {
        trace  # samples that ANALYZE took
        for trace in TRACES
        if query(desk, "SELECT 1 FROM pg_stats s WHERE strpos(s::text, %s) > 0 LIMIT 1", trace)
    }


def in_broker(desk: Live) -> set[str]:
    broker = redis.Redis.from_url(address(desk.state, "broker"))
    held = [key + b" " + (broker.dump(key) or b"") for key in broker.scan_iter(count=1000)]
    for key in broker.scan_iter(count=1000):
        if broker.type(key) == b"string":  # DUMP may compress it
            held.append(broker.get(key) or b"")
    return {trace for trace in TRACES for each in held if trace.encode() in each}


def in_files(folder: Path) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for file in folder.rglob("*"):
        if file.is_file() and not file.is_symlink():
            content = file.read_bytes()
            hit = {trace for trace in TRACES if trace.encode() in content}
            if hit:
                found[str(file.relative_to(folder))] = hit
    return found


def person(desk: Live) -> requests.Session:
    """Registers, is made an analyst too, and has 1,000 texts, 50 sessions and a report."""
    desk.command(
        "user", "create", "--email", EMAIL, "--role", "USER", "--role", "ANALYST", "--name", NAME, stdin=PASSWORD
    )
    browser = desk.signed_in(EMAIL)
    for batch in range(5):
        texts = [{"text": f"A {PHRASE} stood by the door, {batch}.{n}."} for n in range(200)]
        assert browser.post(f"{desk.url}/api/v1/analyses/batch", json={"items": texts}, timeout=60).status_code == 207
    query(
        desk,
        "WITH made AS (INSERT INTO video_sessions SELECT gen_random_uuid(), u.id, md5(n::text), 'CHECK_IN', 'WEB', "
        "'ENDED', now(), now(), now() FROM users u, generate_series(1, 50) n WHERE u.email = %s RETURNING id, user_id) "
        "INSERT INTO video_analysis_events SELECT gen_random_uuid(), id, user_id, now(), 'LOW', 0.5, '{}', 'm', 1, "
        "now() FROM made, generate_series(1, 20) RETURNING 1",
        EMAIL,
    )
    order = {"name": "overview", "params": {"from": "2026-01-01T00:00:00Z", "to": "2026-12-01T00:00:00Z"}}
    report = browser.post(f"{desk.url}/api/v1/reports", json=order, timeout=60).json()
    path = f"{desk.url}/api/v1/reports/{report['id']}"
    wait_until(lambda: browser.get(path, timeout=60).json()["status"] == "READY", "the report")
    exported = browser.post(f"{desk.url}/api/v1/me/export", timeout=60)
    assert exported.status_code == 200
    assert len(exported.content) > 10_000
    return browser


def test_a_person_who_is_erased_is_nowhere(desk: Live) -> None:
    browser = person(desk)
    ((user_id,),) = query(desk, "SELECT id::text FROM users WHERE email = %s", EMAIL)
    wait_until(lambda: not query(desk, "SELECT 1 FROM analysis_records WHERE predicted_label = 'PENDING'"), "outcomes")
    assert in_tables(desk) == set(TRACES), "else looking would find nothing anyway"
    assert {trace for hit in in_files(desk.state).values() for trace in hit} == set(TRACES)

    asked = browser.post(f"{desk.url}/api/v1/me/erase", json={"password": PASSWORD, "confirm": "ERASE"}, timeout=60)
    assert asked.status_code == 202, asked.text
    wait_until(lambda: not query(desk, "SELECT 1 FROM users WHERE email = %s", EMAIL), "the worker erased them")

    assert in_tables(desk) == set()
    assert in_broker(desk) == set()
    broker = redis.Redis.from_url(address(desk.state, "broker"))
    assert not [key for key in broker.scan_iter(count=1000) if user_id.encode() in (broker.dump(key) or b"")]
    assert desk.command("ledger").splitlines()[1] == "unaccounted 0"
    ((receipt,),) = query(desk, "SELECT metadata FROM audit_logs WHERE action = 'subject:erased'")
    assert (receipt["texts"], receipt["sessions"], receipt["events"]) == (1000, 50, 1000)
    assert "texts 1000" in desk.command("subject", "receipts", EMAIL)

    assert "written anew" in desk.command("subject", "scrub")
    wait_until(lambda: not broker.info("persistence")["aof_rewrite_in_progress"], "the broker's file")
    wait_until(lambda: not in_files(desk.state), f"files without a trace, left: {in_files(desk.state)}")
