"""The remote adapter against real small servers: one that answers, and all the ways in which one can fail."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from quietus.textmodel import ModelUnavailable, Outcome, Refusal
from quietus.textmodel.remote import CircuitBreaker, RemoteModel

GOOD = {"label": "MODERATE", "confidence": 0.71, "model_version": "acme-7", "processing_ms": 12}
Reply = Callable[[BaseHTTPRequestHandler, dict[str, Any], int], tuple[int, bytes, dict[str, str]]]


@contextmanager
def server(reply: Reply) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """A real HTTP server; `seen` holds what it was asked."""
    seen: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            seen.append({**asked, "token": self.headers["X-Service-Token"], "path": self.path})
            status, body, headers = reply(self, asked, len(seen))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            return None

    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{running.server_port}/predict", seen
    finally:
        running.shutdown()
        running.server_close()
        thread.join()


def always(value: object, status: int = 200, **headers: str) -> Reply:
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    return lambda *_: (status, body, headers)


def model(url: str, **options: Any) -> RemoteModel:
    return RemoteModel(url, "s3cret", **{"timeout": 0.5, "pause": 0.01, **options})


def test_it_asks_with_text_id_and_token_and_records_the_servers_version() -> None:
    with server(always(GOOD)) as (url, seen):
        remote = model(url)
        answers = remote.predict(["one text", "another"])

    assert answers == [Outcome("MODERATE", 0.71, {"MODERATE": 0.71}, (), ())] * 2
    assert remote.version == "acme-7"
    assert [s["text"] for s in seen] == ["one text", "another"]
    assert {s["token"] for s in seen} == {"s3cret"}
    assert seen[0]["path"] == "/predict"
    assert seen[0]["request_id"] != seen[1]["request_id"]


def test_a_text_the_server_refuses_is_refused() -> None:
    with server(always({"detail": "too short"}, 422)) as (url, _):
        assert model(url).predict(["hm"]) == [Refusal("refused_by_model")]


LIES = [
    {**GOOD, "label": "FINE"},
    {**GOOD, "label": ["HIGH"]},
    {**GOOD, "confidence": "0.9"},
    {**GOOD, "confidence": True},
    {**GOOD, "confidence": 1.2},
    {**GOOD, "model_version": ""},
    {**GOOD, "model_version": "v" * 65},
    {**GOOD, "model_version": None},
    {"label": "LOW"},
    ["LOW", 0.9],
    b"not json",
    b'{"label": "LOW", "confidence": NaN, "model_version": "x"}',
    b"[" * 60_000,
    b'{"label": "LOW", "pad": "' + b"x" * 70_000 + b'"}',
    b"",
]


@pytest.mark.parametrize("lie", LIES, ids=range(len(LIES)))
def test_a_server_that_lies_about_types_is_no_answer(lie: object) -> None:
    with server(always(lie)) as (url, seen), pytest.raises(ModelUnavailable):
        model(url, attempts=2).predict(["a text"])
    assert len(seen) == 2


def test_it_tries_again_with_the_same_request_id_and_then_succeeds() -> None:
    def flaky(_: object, __: object, count: int) -> tuple[int, bytes, dict[str, str]]:
        return (503, b"", {}) if count < 3 else (200, json.dumps(GOOD).encode(), {})

    with server(flaky) as (url, seen):
        assert model(url).predict(["a text"])[0] != Refusal("refused_by_model")
    assert len({s["request_id"] for s in seen}) == 1
    assert len(seen) == 3


def test_it_waits_as_long_as_the_server_asks() -> None:
    def busy(_: object, __: object, count: int) -> tuple[int, bytes, dict[str, str]]:
        return (429, b"", {"Retry-After": "1"}) if count == 1 else (200, json.dumps(GOOD).encode(), {})

    with server(busy) as (url, _):
        started = time.monotonic()
        model(url, timeout=2.0).predict(["a text"])
        assert time.monotonic() - started >= 1.0


@pytest.mark.parametrize("status", [301, 401, 403, 404])
def test_a_wrong_address_or_token_is_not_asked_twice(status: int) -> None:
    with server(always(GOOD, status, Location="http://127.0.0.1:1/")) as (url, seen), pytest.raises(ModelUnavailable):
        model(url).predict(["a text"])
    assert len(seen) == 1


def test_a_server_that_hangs_is_left_after_the_timeout() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        started = time.monotonic()
        with pytest.raises(ModelUnavailable):
            model(f"http://127.0.0.1:{silent.getsockname()[1]}/", timeout=0.3, attempts=2).predict(["a text"])
        assert time.monotonic() - started < 2


def test_a_server_that_drips_is_left_after_the_timeout() -> None:
    def drip(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            try:
                connection.sendall(b"HTTP/1.1 200 OK\r\n")
                for _ in range(100):
                    connection.sendall(b"X-Slow: 1\r\n")
                    time.sleep(0.05)
            except OSError:
                return

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=drip, args=(listener,))
        thread.start()
        started = time.monotonic()
        with pytest.raises(ModelUnavailable):
            model(f"http://127.0.0.1:{listener.getsockname()[1]}/", timeout=0.3, attempts=1).predict(["a text"])
        assert time.monotonic() - started < 1.5
        thread.join()


def test_a_server_that_dies_in_the_middle_is_no_answer() -> None:
    def die(handler: BaseHTTPRequestHandler, _: object, __: int) -> tuple[int, bytes, dict[str, str]]:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{")
        handler.wfile.flush()
        handler.connection.shutdown(socket.SHUT_RDWR)
        handler.close_connection = True
        raise ConnectionResetError

    with server(die) as (url, _), pytest.raises(ModelUnavailable):
        ThreadingHTTPServer.handle_error = lambda *_: None  # type: ignore[method-assign]
        try:
            model(url, attempts=1).predict(["a text"])
        finally:
            del ThreadingHTTPServer.handle_error


def test_nobody_listening_is_no_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(ModelUnavailable):
        model(f"http://127.0.0.1:{port}/", attempts=1).predict(["a text"])


def test_after_failures_it_asks_no_more_until_the_rest_is_over() -> None:
    now = [0.0]
    healthy = threading.Event()

    def moody(_: object, __: object, ___: int) -> tuple[int, bytes, dict[str, str]]:
        return (200, json.dumps(GOOD).encode(), {}) if healthy.is_set() else (500, b"", {})

    with server(moody) as (url, seen):
        remote = model(url, attempts=1, breaker=CircuitBreaker(failures=2, rest=30, clock=lambda: now[0]))
        for _ in range(5):
            with pytest.raises(ModelUnavailable):
                remote.predict(["a text"])
        assert len(seen) == 2
        healthy.set()
        now[0] = 31
        assert remote.predict(["a text"])
        assert remote.predict(["a text"])


def test_one_batch_never_mixes_two_versions() -> None:
    def changing(_: object, __: object, count: int) -> tuple[int, bytes, dict[str, str]]:
        return 200, json.dumps({**GOOD, "model_version": "old" if count == 1 else "new"}).encode(), {}

    with server(changing) as (url, seen):
        remote = model(url)
        remote.predict(["one", "two"])
    assert remote.version == "new"
    assert len(seen) == 4


@pytest.mark.parametrize("url", ["ftp://model", "model:9000", "http://", "/predict"])
def test_an_address_that_cannot_work_is_said_at_once(url: str) -> None:
    with pytest.raises(ValueError, match="http"):
        RemoteModel(url)
