"""Notices reach whoever the settings name, and a way that fails is told, never raised."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from quietus.core.notices import notify


class Messenger(HTTPServer):
    """A real small HTTP server that keeps what it was told."""

    answer = 200

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.told: list[dict[str, Any]] = []

    @property
    def url(self) -> str:
        return f"json://127.0.0.1:{self.server_port}/"


class _Handler(BaseHTTPRequestHandler):
    server: Messenger

    def do_POST(self) -> None:
        self.server.told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(self.server.answer)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def messenger() -> Iterator[Messenger]:
    with Messenger() as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield server
        server.shutdown()


def test_it_tells(messenger: Messenger) -> None:
    assert notify([messenger.url], title="HIGH", body="http://127.0.0.1:8000/review")
    assert [(each["title"], each["message"]) for each in messenger.told] == [("HIGH", "http://127.0.0.1:8000/review")]


def test_it_says_when_nobody_was_told(messenger: Messenger) -> None:
    assert not notify([], title="HIGH", body="link")
    messenger.answer = 500
    assert not notify([messenger.url], title="HIGH", body="link")


def test_a_way_that_does_not_exist_keeps_nobody_else_from_being_told(messenger: Messenger) -> None:
    assert not notify(["no-such-messenger://", messenger.url], title="HIGH", body="link")
    assert len(messenger.told) == 1
