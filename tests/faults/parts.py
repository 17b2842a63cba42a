"""The parts of a running desk as the operating system sees them: their processes, and whether they answer."""

import os
import signal
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

import psycopg
import redis
import requests
from sqlalchemy import make_url

from tests.live import Live

# a word of the command line that no other part has
WORDS = {
    "web": "gunicorn",
    "analysis": "--queues analysis",
    "background": "--queues events",
    "reports": "--queues reports",
    "beat": "celery_worker beat",
    "broker": "valkey-server",
    "database": "bin/postgres",
}


def within(seconds: float, holds: Callable[[], object], every: float = 0.1) -> float:
    """Seconds until it held. Fails after the time given."""
    began = time.monotonic()
    while not holds():
        assert time.monotonic() - began < seconds, "it did not come about in time"
        time.sleep(every)
    return time.monotonic() - began


def children_of(pid: int) -> list[int]:
    try:
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def command_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def main_process(desk: Live, part: str) -> int | None:
    """The process that `up` started for this part; None while it is gone."""
    for pid in children_of(desk.process.pid):
        if WORDS[part] in command_of(pid):
            return pid
    return None


def below(desk: Live, part: str) -> list[int]:
    """What the part's main process has started itself: gunicorn's workers, a pool, the database's backends."""
    main = main_process(desk, part)
    return children_of(main) if main else []


def whole(desk: Live, part: str) -> list[int]:
    main = main_process(desk, part)
    return [main, *children_of(main)] if main else []


def signal_all(pids: Iterable[int], number: int) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def kill(pids: Iterable[int]) -> None:
    signal_all(pids, signal.SIGKILL)


def plain(url: str) -> str:
    """As psycopg itself takes it."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def superuser_url(desk: Live, database: str = "quietus") -> str:
    """The embedded server's own administrator, for what no role of the product may do."""
    from quietus.stack.state import recall

    memory = recall(desk.state)
    assert memory is not None
    return make_url(plain(memory.superuser_database_url)).set(database=database).render_as_string(hide_password=False)


def database_answers(url: str) -> bool:
    try:
        with psycopg.connect(url, connect_timeout=2, options="-c statement_timeout=2s") as connection:
            return connection.execute("SELECT 1").fetchone() == (1,)
    except psycopg.Error:
        return False


def broker_answers(url: str) -> bool:
    try:
        with redis.Redis.from_url(url, socket_timeout=1, socket_connect_timeout=1) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False


def web_answers(url: str) -> bool:
    try:
        return requests.get(f"{url}/healthz", timeout=2).status_code == 200
    except requests.RequestException:
        return False


def token(desk: Live) -> str:
    """An API token of a new account, for texts."""
    order = {"name": "faults", "scopes": ["analyses"], "days": 30}
    answer = desk.signed_in().post(f"{desk.url}/api/v1/auth/tokens", json=order, timeout=60)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["token"])
