"""Starts the whole product as a person would, and gives tests a handle on it."""

import json
import os
import secrets
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import requests

from tests.factories import PASSWORD

PROJECT = Path(__file__).resolve().parents[1]
START_SECONDS = 90


@dataclass
class Live:
    """A running desk: its address, its state folder, and its command line."""

    url: str
    state: Path
    environment: dict[str, str]
    process: "subprocess.Popen[str]"

    def command(self, *arguments: str, stdin: str = "") -> str:
        """Run `python -m quietus …` on this desk; its standard output."""
        done = subprocess.run(
            [sys.executable, "-m", "quietus", "--state", str(self.state), *arguments],
            input=stdin, capture_output=True, text=True, env=self.environment, cwd=PROJECT, timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    def address(self, server: str) -> str:
        """`database` or `broker`, as a URL."""
        return self.command("url", server).strip()

    def account(self, role: str = "USER") -> str:
        """A new account with PASSWORD; its e-mail."""
        email = f"{role.lower()}-{secrets.token_hex(4)}@example.org"
        self.command("user", "create", "--email", email, "--role", role, "--name", "Test Example", stdin=PASSWORD)
        return email

    def signed_in(self, email: str | None = None) -> requests.Session:
        """A session signed in over JSON, with its CSRF header set; a new account when no e-mail is given."""
        browser = requests.Session()
        if email is None:
            email = f"person-{secrets.token_hex(4)}@example.org"
            self._enter(browser, "register", {"email": email, "password": PASSWORD, "full_name": "Test Example"})
            return browser
        self._enter(browser, "login", {"email": email, "password": PASSWORD})
        return browser

    def _enter(self, browser: requests.Session, way: str, body: dict[str, str]) -> None:
        for _ in range(2):  # the token of before signing in does not outlive it
            token = browser.get(f"{self.url}/api/v1/auth/csrf", timeout=30).json()["csrf_token"]
            browser.headers["X-CSRFToken"] = token
            if "quietus_entered" in browser.__dict__:
                return
            answer = browser.post(f"{self.url}/api/v1/auth/{way}", json=body, timeout=30)
            assert answer.ok, answer.text
            browser.__dict__["quietus_entered"] = True


def without_servers() -> dict[str, str]:
    """This process's environment, naming neither a server nor a setting of the product."""
    ours = ("QUIETUS_", "DATABASE_URL", "REDIS_URL")
    # whether the given DATABASE_URL leads to PgBouncer belongs to the address
    return {k: v for k, v in os.environ.items() if not k.startswith(ours) or k == "QUIETUS_DATABASE_POOLED"}


@contextmanager
def start_live(state: Path, environment: dict[str, str], *options: str) -> Iterator[Live]:
    """`python -m quietus up` on this folder, until the block ends."""
    clean = without_servers()
    # cheap hashes: the suite signs in hundreds of times; tests/accounts shows that the defaults are the strong ones
    clean |= {"QUIETUS_ARGON2_MEMORY_KIB": "8", "QUIETUS_ARGON2_TIME_COST": "1", "PYTHONUNBUFFERED": "1"}
    clean |= {"QUIETUS_REGISTER_LIMIT": "10000 per hour"} | environment
    log = (state / "up.log").open("w")
    process = subprocess.Popen(
        [sys.executable, "-m", "quietus", "--state", str(state), "up", "--port", "0", "--workers", "2", *options],
        stdout=subprocess.PIPE, stderr=log, text=True, env=clean, cwd=PROJECT,
    )  # fmt: skip
    try:
        yield Live(_ready(process, state), state, clean, process)
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
        log.close()


def _ready(process: "subprocess.Popen[str]", state: Path) -> str:
    said = []
    assert process.stdout is not None
    for line in process.stdout:
        said.append(line)
        if line.startswith("READY "):
            # read on, or a full pipe would stop it
            threading.Thread(target=_keep, args=(process, state / "up.out"), daemon=True).start()
            return line.split()[1]
    raise AssertionError("up ended: " + "".join(said)[-3000:] + (state / "up.log").read_text()[-3000:])


def _keep(process: "subprocess.Popen[str]", file: Path) -> None:
    assert process.stdout is not None
    with file.open("w", buffering=1) as kept:
        for line in process.stdout:
            with suppress(OSError):  # on a full disk: what is not read would stop it
                kept.write(line)


def show(answer: requests.Response) -> str:
    """An answer for an assertion's message."""
    return f"{answer.status_code} {json.dumps(answer.json(), indent=1) if answer.content else ''}"
