"""A desk put together by hand for the benches: the product's web processes beside a worker with a stubbed model."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import requests
from sqlalchemy import make_url

from tests.bench.bench_figures import _app as app_on
from tests.conftest import close
from tests.factories import TEST_SETTINGS
from tests.live import PROJECT, Live


class Stubbed:
    """Its address and its database; accounts are made as on any desk."""

    def __init__(self, url: str, database: str) -> None:
        self.url = url
        self.database = make_url(database).set(drivername="postgresql").render_as_string(hide_password=False)

    def signed_in(self) -> requests.Session:
        return Live(self.url, Path(), {}, None).signed_in()  # type: ignore[arg-type]  # no process is asked for it


@contextmanager
def stubbed_desk(make: Callable[[], tuple[str, str]], broker: str, log: Path) -> Iterator[Stubbed]:
    database, owner = make()
    environment = {k: v for k, v in os.environ.items() if not k.startswith("QUIETUS_")}
    environment |= {f"QUIETUS_{name.upper()}": str(value) for name, value in TEST_SETTINGS.items()}
    environment |= {"DATABASE_URL": database, "QUIETUS_MIGRATION_DATABASE_URL": owner, "REDIS_URL": broker}
    environment |= {"QUIETUS_REGISTER_LIMIT": "10000 per hour"}
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    python = [sys.executable, "-m"]
    close(app_on(database, owner, broker))  # migrations
    web = [*python, "gunicorn", "--config", "python:quietus.core.gunicorn_conf", "--no-control-socket"]
    web += ["--bind", url.removeprefix("http://"), "--workers", "2", "wsgi:app"]
    worker = [*python, "celery", "--quiet", "--app", "tests.bench.stub_worker", "worker", "--concurrency", "2"]
    worker += ["--without-gossip", "--without-mingle", "--queues", "analysis"]
    with log.open("w") as written:
        parts = [
            subprocess.Popen(each, env=environment, cwd=PROJECT, stdout=written, stderr=written)
            for each in (web, worker)
        ]
        try:
            _wait_for(url)
            yield Stubbed(url, database)
        finally:
            for part in parts:
                part.terminate()
            for part in parts:
                part.wait(60)


def _wait_for(url: str) -> None:
    until = time.monotonic() + 90
    while time.monotonic() < until:
        try:
            if requests.get(f"{url}/readyz", timeout=5).ok:
                return
        except requests.RequestException:
            pass
        time.sleep(0.2)
    raise AssertionError("The desk with the stubbed model did not start.")
