"""The app behind a real gunicorn, on the database of this test process."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

from quietus.core.config import Settings
from tests.factories import PASSWORD, TEST_SETTINGS

PROJECT = Path(__file__).resolve().parents[1]


@dataclass
class Served:
    """One gunicorn with one worker of eight threads."""

    port: int
    log: Path
    process: "subprocess.Popen[bytes]"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def connect(self, sent: bytes = b"") -> socket.socket:
        line = socket.create_connection(("127.0.0.1", self.port), timeout=20)
        line.sendall(sent)
        return line

    def raw(self, start: str, *headers: str, body: bytes = b"") -> tuple[int, str]:
        """Send these lines as they are; the answer's status and its whole text."""
        lines = [start, "Host: desk.example.org", "Connection: close", *headers, "", ""]
        with closing(self.connect("\r\n".join(lines).encode() + body)) as line:
            answer = b"".join(iter(lambda: received(line), b"")).decode()
        return int(answer.split()[1]), answer

    def signed_in(self) -> str:
        """The header lines of a person who signed in."""
        browser = requests.Session()
        email = f"person-{time.monotonic_ns()}@example.org"
        for way in ("csrf", "register", "csrf"):
            if way == "csrf":
                answer = browser.get(f"{self.url}/api/v1/auth/csrf", timeout=10)
                browser.headers["X-CSRFToken"] = answer.json()["csrf_token"]
            else:
                body = {"email": email, "password": PASSWORD, "full_name": "Alice Example"}
                assert browser.post(f"{self.url}/api/v1/auth/register", json=body, timeout=10).ok
        cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
        return f"Cookie: {cookie}\r\nX-CSRFToken: {browser.headers['X-CSRFToken']!s}"


def received(line: socket.socket) -> bytes:
    try:
        return line.recv(65536)
    except ConnectionResetError:  # closed with some of what we sent unread
        return b""


def environment_of(settings: Settings, **changes: str) -> dict[str, str]:
    """The environment of a program that is to use the tests' own servers."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("QUIETUS_")}
    environment |= {f"QUIETUS_{name.upper()}": str(value) for name, value in TEST_SETTINGS.items()}
    return environment | {
        "DATABASE_URL": settings.database_url.get_secret_value(),
        "REDIS_URL": settings.redis_url.get_secret_value(),
        **changes,
    }


@contextmanager
def serve(settings: Settings, log: Path, **changes: str) -> Iterator[Served]:
    """gunicorn as `up` starts it, until the block ends; its log is JSON from INFO on."""
    environment = environment_of(settings, QUIETUS_LOG_LEVEL="INFO", **changes)
    with socket.create_server(("127.0.0.1", 0)) as listener, log.open("wb") as written:
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "--config", "python:quietus.core.gunicorn_conf", "--no-control-socket",
             "--bind", f"fd://{listener.fileno()}", "--workers", "1", "wsgi:app"],
            pass_fds=[listener.fileno()], stdout=written, stderr=written, env=environment, cwd=PROJECT,
        )  # fmt: skip
        here = Served(listener.getsockname()[1], log, process)
        try:
            assert requests.get(f"{here.url}/healthz", timeout=180).ok
            yield here
        finally:
            process.send_signal(signal.SIGQUIT)
            process.wait(timeout=30)
