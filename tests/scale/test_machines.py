"""Two webs and two workers that share nothing but addresses, with a broker that fails over under their hands."""

import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import redis
import requests
from flask_migrate import upgrade
from redis.sentinel import Sentinel

from quietus import create_app
from quietus.core.config import Settings
from quietus.stack.state import free_port
from tests.conftest import close
from tests.factories import PASSWORD, TEST_SETTINGS, make_user
from tests.scale.machines import PROJECT, Valkey, snippet, within
from tests.scale.proxy import round_robin

pytestmark = pytest.mark.stack

SECRET = secrets.token_urlsafe(24)
SENTINELS = 3
CALM = "The tea was good and the train came on time."


@dataclass
class Machines:
    """The addresses of both webs and of the proxy before them, where each part lives, and the broker's servers."""

    webs: list[str]
    proxy: str
    folders: dict[str, Path]
    watchers: Sentinel
    brokers: list[Valkey]

    def person(self, url: str, email: str = "") -> requests.Session:
        """Signed in, or registered where no e-mail is given, at this web; a new connection for each request."""
        browser = requests.Session()
        browser.headers["Connection"] = "close"
        body = {"email": email or f"{uuid4().hex[:8]}@example.org", "password": PASSWORD}
        way, more = ("login", {}) if email else ("register", {"full_name": "Alice Example"})
        browser.headers["X-CSRFToken"] = _token(browser, url)
        answer = browser.post(f"{url}/api/v1/auth/{way}", json=body | more, timeout=20)
        assert answer.ok, answer.text
        browser.headers["X-CSRFToken"] = _token(browser, url)
        return browser


def _token(browser: requests.Session, url: str) -> str:
    return str(browser.get(f"{url}/api/v1/auth/csrf", timeout=20).json()["csrf_token"])


@pytest.fixture(scope="module")
def brokers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[list[Valkey], list[Valkey]]]:
    """A Valkey with a copy, and three sentinels with the settings of docs/scaling.md."""
    folder = tmp_path_factory.mktemp("brokers")
    entry = (
        f"requirepass {SECRET}\nmasterauth {SECRET}\nappendonly yes\nappendfsync always\nmaxmemory-policy noeviction"
    )
    master = Valkey(folder, "broker-1", entry)
    copy = Valkey(folder, "broker-2", f"{entry}\nreplicaof 127.0.0.1 {master.port}")
    watchers = []
    for number in range(SENTINELS):
        port = free_port()
        settings = snippet("sentinel.conf", **{
            "port 26379": "", "redis1.internal 6379": f"127.0.0.1 {master.port}", "CHANGE-ME": SECRET, "3000": "1000",
        })  # fmt: skip
        watchers.append(Valkey(folder, f"sentinel-{number}", settings, sentinel=True, port=port))
    with ExitStack() as stack:
        for server in (master, copy):
            stack.callback(server.stop)
            server.start()
            within(10, lambda server=server: _pings(server), "Valkey")  # type: ignore[misc]
        within(10, lambda: _client(copy).info("replication")["master_link_status"] == "up", "the copy of Valkey")
        for server in watchers:
            stack.callback(server.stop)
            server.start()
        yield [master, copy], watchers


def _client(server: Valkey) -> "redis.Redis":
    return redis.Redis(port=server.port, password=SECRET, socket_timeout=2)


def _pings(server: Valkey) -> bool:
    assert server.running(), server.log.read_text()[-2000:]
    try:
        return bool(_client(server).ping())
    except redis.RedisError:
        return False


@pytest.fixture(scope="module")
def machines(
    brokers: tuple[list[Valkey], list[Valkey]], tmp_path_factory: pytest.TempPathFactory, new_database: Any
) -> Iterator[Machines]:
    database, owner = new_database()
    servers, watchers = brokers
    address = ";".join(f"sentinel://:{SECRET}@127.0.0.1:{server.port}/0" for server in watchers)
    sentinel = Sentinel([("127.0.0.1", server.port) for server in watchers], socket_timeout=1)
    within(20, lambda: len(sentinel.discover_slaves("mymaster")) == 1, "the sentinels' knowledge")
    _prepare(database, owner, address)
    common = {"DATABASE_URL": database, "REDIS_URL": address, "QUIETUS_SECRET_KEY": secrets.token_urlsafe(40)}
    gunicorn = ["gunicorn", "--config", "python:quietus.core.gunicorn_conf", "--no-control-socket", "--workers", "1"]
    celery = ["celery", "--quiet", "--app", "celery_worker", "worker", "--without-gossip", "--without-mingle"]
    ports = [free_port(), free_port()]
    parts = {
        "web-1": [*gunicorn, "--bind", f"127.0.0.1:{ports[0]}", "wsgi:app"],
        "web-2": [*gunicorn, "--bind", f"127.0.0.1:{ports[1]}", "wsgi:app"],
        "worker-1": [*celery, "--queues", "analysis", "--concurrency", "1", "--hostname", "one@%h"],
        "worker-2": [
            *celery, "--queues", "events,reports,maintenance,mail", "--concurrency", "1", "--hostname", "two@%h",
            "--beat", "--schedule", "schedule",
        ],
    }  # fmt: skip
    folders = {name: tmp_path_factory.mktemp(name) for name in parts}
    with ExitStack() as stack:
        for name, module in parts.items():
            stack.enter_context(part(folders[name], common, module))
        webs = [f"http://127.0.0.1:{port}" for port in ports]
        for url in webs:
            within(150, lambda url=url: _ready(url), "a web")  # type: ignore[misc]
        proxy = stack.enter_context(round_robin(ports))
        yield Machines(webs, proxy, folders, sentinel, servers)


def _prepare(database: str, owner: str, broker: str) -> None:
    settings = Settings(database_url=database, migration_database_url=owner, redis_url=broker, **TEST_SETTINGS)
    app = create_app(settings)
    with app.app_context():
        upgrade()
        make_user("bob@example.org", ("CLINICIAN",))
        make_user("carol@example.org")
    close(app)


@contextmanager
def part(folder: Path, common: dict[str, str], module: list[str]) -> Iterator[None]:
    """One process of the product with an empty folder for everything that it might keep."""
    environment = {
        "PATH": os.environ["PATH"], "PYTHONPATH": str(PROJECT), "HOME": str(folder), "TMPDIR": str(folder),
        "QUIETUS_STATE": str(folder / "state"), "QUIETUS_REGISTER_LIMIT": "10000 per hour",
        "QUIETUS_ARGON2_MEMORY_KIB": "8", "QUIETUS_ARGON2_TIME_COST": "1", **common,
    }  # fmt: skip
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", *module], cwd=folder, env=environment, stdout=log, stderr=log, start_new_session=True
        )
        try:
            yield
            assert process.poll() is None, (folder / "log").read_text()[-3000:]
        finally:
            os.killpg(process.pid, signal.SIGKILL)  # stopping in order is shown by tests/stack
            process.wait()


def _ready(url: str) -> bool:
    try:
        found = requests.get(f"{url}/readyz", timeout=20)
    except requests.RequestException:  # it is starting
        return False
    return found.status_code == 200 and bool(found.json()["broker"]["ok"])


def test_signed_in_at_one_and_read_at_the_other(machines: Machines) -> None:
    first, second = machines.webs
    alice = machines.person(first)
    sent = alice.post(f"{second}/api/v1/analyses", json={"text": CALM}, timeout=20)
    assert sent.status_code == 202, sent.text
    address = f"/api/v1/analyses/{sent.json()['id']}"
    assert alice.get(f"{first}{address}", timeout=20).json()["input_text"] == CALM
    within(60, lambda: alice.get(f"{second}{address}", timeout=20).json()["status"] != "PENDING", "the outcome")
    # a form's token of one is taken by the other, and none is not
    refused = requests.post(f"{second}/api/v1/analyses", json={"text": CALM}, cookies=alice.cookies, timeout=20)
    assert (refused.status_code, refused.json()["code"]) == (403, "csrf_failed")
    # signed out at the one is signed out at the other
    cookies = alice.cookies.copy()
    assert alice.post(f"{second}/api/v1/auth/logout", timeout=20).status_code == 204
    assert requests.get(f"{first}/api/v1/auth/me", cookies=cookies, timeout=20).status_code == 401


def test_any_web_behind_one_proxy_will_do(machines: Machines) -> None:
    alice = machines.person(machines.proxy)
    sent = [alice.post(f"{machines.proxy}/api/v1/analyses", json={"text": f"{CALM} {n}"}, timeout=20) for n in range(8)]
    assert [answer.status_code for answer in sent] == [202] * 8
    listed = alice.get(f"{machines.proxy}/api/v1/analyses", timeout=20).json()["items"]
    assert {item["id"] for item in listed} == {answer.json()["id"] for answer in sent}
    page = alice.get(f"{machines.proxy}/history", timeout=20)
    assert page.status_code == 200
    assert CALM in page.text


def test_a_report_asked_for_at_one_is_downloaded_at_the_other(machines: Machines) -> None:
    first, second = machines.webs
    bob = machines.person(first, "bob@example.org")
    asked = bob.post(f"{first}/api/v1/reports", json={"name": "analyses_rows", "params": {}}, timeout=20)
    assert asked.status_code == 202, asked.text
    address = f"/api/v1/reports/{asked.json()['id']}"
    within(60, lambda: bob.get(f"{second}{address}", timeout=20).json()["status"] == "READY", "the report")
    for kind in ("csv", "pdf", "xlsx"):
        assert len(bob.get(f"{second}{address}/download?format={kind}", timeout=30).content) > 500


def test_a_file_uploaded_at_one_is_imported_and_followed_at_the_other(machines: Machines) -> None:
    first, second = machines.webs
    alice = machines.person(first)
    notice = alice.get(f"{second}/api/v1/video/notice", timeout=20).json()
    wish = {
        "session_type": "TEST", "client_platform": "WEB",
        "consent": {"version": notice["version"], "accepted": True},
    }  # fmt: skip
    session = alice.post(f"{first}/api/v1/video/sessions", json=wish, timeout=20)
    assert session.status_code == 201, session.text
    address = f"/api/v1/video/sessions/{session.json()['id']}/events"
    lines = "\n".join(json.dumps(_event()) for _ in range(300)).encode()
    sent = alice.post(
        f"{first}{address}/import", data=lines, headers={"Content-Type": "application/x-ndjson"}, timeout=30
    )
    assert sent.status_code == 202, sent.text
    job = sent.json()["url"]

    def stored() -> bool:
        return bool(alice.get(f"{second}{job}", timeout=20).json()["stored"] == 300)

    within(60, stored, "the import")


def _event() -> dict[str, Any]:
    return {
        "id": str(uuid4()), "event_at": datetime.now(UTC).isoformat(), "risk_level": "LOW", "confidence": 0.9,
        "signals": {"movement": 0.2}, "model_version": "test-1", "latency_ms": 20,
    }  # fmt: skip


def test_failed_sign_ins_are_counted_together(machines: Machines) -> None:
    strangers = requests.Session()
    codes = []
    for number in range(11):
        url = machines.webs[number % 2]
        strangers.headers["X-CSRFToken"] = _token(strangers, url)
        body = {"email": "carol@example.org", "password": "not the password at all"}
        codes.append(strangers.post(f"{url}/api/v1/auth/login", json=body, timeout=20).status_code)
    assert codes == [401] * 10 + [429]


def test_a_broker_that_is_killed_is_replaced_and_no_text_is_lost(machines: Machines, record_property: Any) -> None:
    alice = machines.person(machines.proxy)
    old = _master(machines)
    machines.brokers[0].kill()
    began = time.monotonic()

    def send(number: int) -> int:
        body = {"text": f"{CALM} Number {number}."}
        return alice.post(f"{machines.webs[number % 2]}/api/v1/analyses", json=body, timeout=30).status_code

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(send, range(40))) == [202] * 40
    within(30, lambda: _master(machines) not in (None, old), "the failover")
    record_property("failover_seconds", round(time.monotonic() - began, 1))

    def waiting() -> int:
        listed = alice.get(f"{machines.proxy}/api/v1/analyses?predicted_label=PENDING&limit=100", timeout=20)
        return len(listed.json()["items"])

    within(60, lambda: waiting() == 0, "the recording of every text")
    record_property("recorded_seconds", round(time.monotonic() - began, 1))
    assert all(_ready(url) for url in machines.webs)
    # the old one comes back as a copy of the new one, and the desk stays with the new one
    machines.brokers[0].start()
    within(30, lambda: _pings(machines.brokers[0]) and _client(machines.brokers[0]).info()["role"] == "slave", "it")
    assert alice.post(f"{machines.proxy}/api/v1/analyses", json={"text": CALM}, timeout=20).status_code == 202
    within(30, lambda: waiting() == 0, "the recording of the last text")


def _master(machines: Machines) -> tuple[str, int] | None:
    try:
        found: tuple[str, int] = machines.watchers.discover_master("mymaster")
    except redis.RedisError:  # they know that it is down, and have not chosen yet
        return None
    return found


def test_nothing_was_kept_in_a_folder(machines: Machines) -> None:
    for name, folder in machines.folders.items():
        found = {file.name for file in folder.rglob("*") if file.is_file()}
        kept = {file for file in found if not file.startswith(("schedule", "wgunicorn"))}
        assert kept <= {"log"}, name
