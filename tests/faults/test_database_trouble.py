"""A database that is frozen, read-only, locked or slow: a clear 503 in time, nothing lost, and back by itself."""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import psycopg
import pytest
import requests

from tests.conftest import EXTERNAL
from tests.faults import parts
from tests.faults.parts import within
from tests.live import Live

pytestmark = [pytest.mark.stack, pytest.mark.skipif(EXTERNAL, reason="the given database is not ours to trouble")]

# promise P2 says 3; the rest is what a busy machine may add
IN_TIME = 5.0


@pytest.fixture(scope="module")
def person(desk: Live) -> requests.Session:
    return desk.signed_in()


def submit(desk: Live, person: requests.Session, request_id: str, text: str = "A made-up text.") -> requests.Response:
    body = {"text": text, "request_id": request_id}
    return person.post(f"{desk.url}/api/v1/analyses", json=body, timeout=30)


def is_recorded(desk: Live, person: requests.Session, request_id: str) -> bool:
    listed = person.get(f"{desk.url}/api/v1/analyses", params={"request_id": request_id}, timeout=30)
    items = listed.json().get("items", [])
    assert len(items) <= 1
    return bool(items) and items[0]["status"] != "PENDING"


def assert_comes_back(desk: Live, person: requests.Session, request_id: str) -> None:
    """The same request again is accepted once the trouble is over, and recorded once."""
    within(30, lambda: submit(desk, person, request_id).status_code == 202)
    within(30, lambda: is_recorded(desk, person, request_id))


@contextmanager
def frozen_while_busy(desk: Live) -> Iterator[None]:
    """Every process of the database stops in the middle of what it does."""
    pids = parts.whole(desk, "database")
    parts.signal_all(pids, signal.SIGSTOP)
    try:
        yield
    finally:
        parts.signal_all(pids, signal.SIGCONT)


def test_requests_that_were_under_way_when_the_database_froze_are_answered_too(
    desk: Live, person: requests.Session
) -> None:
    url = parts.superuser_url(desk)
    answers: list[tuple[int, float, str]] = []

    def send() -> None:
        browser, key = requests.Session(), str(uuid4())
        browser.headers.update(person.headers)
        browser.cookies.update(person.cookies)
        began = time.monotonic()
        answers.append((submit(desk, browser, key).status_code, time.monotonic() - began, key))

    with psycopg.connect(url) as holder:
        # all requests of the next moment wait in the middle of their statement
        holder.execute("LOCK TABLE analysis_records IN ACCESS EXCLUSIVE MODE")
        senders = [threading.Thread(target=send) for _ in range(12)]
        for sender in senders:
            sender.start()
        time.sleep(0.5)
        with frozen_while_busy(desk):
            for sender in senders:
                sender.join(20)
            began = time.monotonic()
            after = person.get(f"{desk.url}/api/v1/analyses", timeout=30)
            took = time.monotonic() - began
            assert requests.get(f"{desk.url}/help", timeout=10).status_code == 200
    assert (after.status_code, after.headers["Content-Type"]) == (503, "application/problem+json")
    assert took < IN_TIME
    assert [status for status, _, _ in answers] == [503] * 12
    assert max(seconds for _, seconds, _ in answers) < IN_TIME
    for _, _, key in answers:
        assert_comes_back(desk, person, key)
