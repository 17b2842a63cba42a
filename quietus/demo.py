"""`demo`: the main job end to end in the terminal, on a throw-away state folder."""

import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import HTTPCookieProcessor, Request, build_opener

import click

from quietus.places import PROJECT

SENTENCES = (
    "The garden is finally in bloom and I had a good walk with my neighbour this morning.",
    "I have been so anxious about work that I cannot sleep, and I cry most evenings.",
    "I do not want to live any more and I have decided to end it tonight.",
)
START_SECONDS = 180
OUTCOME_SECONDS = 60
TEXT_WIDTH = 58


class Desk:
    """A browser's view of a running desk: one cookie jar, JSON both ways."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._opener = build_opener(HTTPCookieProcessor(CookieJar()))
        self._csrf = ""

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """The answer's JSON. Raises click.ClickException with the problem's own words."""
        headers = {"Content-Type": "application/json", "X-CSRFToken": self._csrf}
        data = json.dumps(body).encode() if body is not None else None
        request = Request(f"{self._url}/api/v1{path}", data, headers, method=method)  # noqa: S310 - our own http address
        try:
            with self._opener.open(request, timeout=30) as answer:
                return json.loads(answer.read() or b"null")
        except HTTPError as error:
            problem = json.loads(error.read())
            words = "; ".join(f"{field}: {' '.join(texts)}" for field, texts in problem.get("errors", {}).items())
            raise click.ClickException(words or problem["detail"]) from error

    def refresh_csrf(self) -> None:
        self._csrf = self.call("GET", "/auth/csrf")["csrf_token"]

    def outcome(self, analysis_id: str) -> dict[str, Any]:
        """The record once it is read; PENDING records are asked for again."""
        deadline = time.monotonic() + OUTCOME_SECONDS
        while True:
            record: dict[str, Any] = self.call("GET", f"/analyses/{analysis_id}")
            if record["status"] != "PENDING" or time.monotonic() > deadline:
                return record
            time.sleep(0.1)


@contextmanager
def _running_desk() -> Iterator[str]:
    """A whole desk in a folder that is deleted afterwards; its address."""
    with tempfile.TemporaryDirectory(prefix="quietus-demo-", ignore_cleanup_errors=True) as state:
        Path(state).chmod(0o755)
        environment = {k: v for k, v in os.environ.items() if k not in ("QUIETUS_STATE", "QUIETUS_PUBLIC_URL")}
        up = subprocess.Popen(
            [sys.executable, "-m", "quietus", "--state", state, "up", "--port", "0", "--workers", "1"],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=environment,
            cwd=PROJECT,
        )
        said: deque[str] = deque(maxlen=40)
        try:
            yield _ready(up, said)
        except click.ClickException:
            click.echo("".join(said), err=True)
            raise
        finally:
            up.send_signal(signal.SIGINT)
            up.communicate(timeout=60)


def _ready(up: "subprocess.Popen[str]", said: deque[str]) -> str:
    """The desk's address once it answers; what it says goes on to be kept in `said`."""
    assert up.stdout is not None  # noqa: S101 - a pipe was asked for
    for line in up.stdout:
        said.append(line)
        if line.startswith("READY "):
            # read on, or a full pipe would stop it
            threading.Thread(target=said.extend, args=(up.stdout,), daemon=True).start()
            return line.split()[1]
    raise click.ClickException("The desk did not start; its last words are above.")


def _table(records: Sequence[dict[str, Any]]) -> Iterator[str]:
    yield f"{'text':{TEXT_WIDTH}}  {'priority':9}  confidence  {'time':>6}  model"
    for record in records:
        text = record["input_text"].replace("\n", " ")
        text = text if len(text) <= TEXT_WIDTH else text[: TEXT_WIDTH - 1] + "…"
        yield (
            f"{text:{TEXT_WIDTH}}  {record['predicted_label']:9}  {record['confidence']:10.2f}"
            f"  {record['ai_processing_ms']:3} ms  {record['model_version']}"
        )


@click.command()
@click.argument("texts", nargs=-1)
@click.option("--rows", type=click.IntRange(1, 100_000_000), help="Fill it with so many made-up video windows instead.")
@click.option("--keep-running", is_flag=True, help="With --rows: run the filled desk until Ctrl-C, and look around.")
def demo(texts: tuple[str, ...], rows: int | None, keep_running: bool) -> None:
    """Start a throw-away desk, submit TEXTS (or three made-up ones), show their outcomes, stop everything."""
    if rows is None:
        if keep_running:
            raise click.UsageError("--keep-running goes with --rows.")
        submit(texts)
        return
    from quietus import demo_desk

    demo_desk.run(rows, keep_running)


def submit(texts: Sequence[str]) -> None:
    """The main job: some texts, and their outcomes in a table."""
    wanted = [text for text in texts if text.strip()] or list(SENTENCES)
    began = time.monotonic()
    click.echo("Starting a throw-away desk: PostgreSQL, Valkey, web, workers …")
    with _running_desk() as url:
        click.echo(f"Ready after {time.monotonic() - began:.1f} s at {url}")
        desk, password = Desk(url), secrets.token_urlsafe(24)
        desk.refresh_csrf()
        person = {"email": "alice@example.org", "password": password, "full_name": "Alice Example"}
        desk.call("POST", "/auth/register", person)
        desk.refresh_csrf()
        click.echo("Registered and signed in as alice@example.org; submitting.")
        accepted = [desk.call("POST", "/analyses", {"text": text, "source": "API"}) for text in wanted]
        records = [desk.outcome(text["id"]) for text in accepted]
        for line in _table(records):
            click.echo(line)
        click.echo("A priority is about this text only, never about a person. LOW does not mean safe.")
        if any(record["status"] != "RECORDED" for record in records):
            raise click.ClickException("Not every text has an outcome.")
    click.echo("Stopped; nothing is left running.")
