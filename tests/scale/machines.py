"""Servers as other machines run them, started for a test: PostgreSQL with a streaming copy, PgBouncer, Valkey."""

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from quietus.stack.processes import Account, starter
from quietus.stack.programs import postgres_program, service_account, valkey_program
from quietus.stack.state import free_port
from tests.conftest import open_folder, run_sql

PROJECT = Path(__file__).resolve().parents[2]
QUIET = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


def within(seconds: float, holds: Callable[[], object], what: str = "it") -> float:
    """Seconds until it held. Fails after the time given."""
    began = time.monotonic()
    while not holds():
        assert time.monotonic() - began < seconds, f"{what} did not come about in {seconds} s"
        time.sleep(0.05)
    return time.monotonic() - began


def snippet(name: str, **values: str) -> str:
    """The block of docs/scaling.md that begins with its name as a comment, with these texts replaced."""
    page = (PROJECT / "docs" / "scaling.md").read_text()
    found = re.search(rf"^```\w*\n([;#] {re.escape(name)}\n.*?)^```$", page, re.M | re.S)
    assert found, f"docs/scaling.md shows no {name}"
    text = found[1]
    for old, new in values.items():
        assert old in text, f"{name} in docs/scaling.md does not say {old!r}"
        text = text.replace(old, new)
    return text


class Program:
    """A server's process, as the account that servers run as; killed at the end at the latest."""

    def __init__(self, folder: Path, account: Account | None, end: signal.Signals = signal.SIGINT) -> None:
        self.folder, self.account, self._end = folder, account, end
        self.log = folder.with_name(f"{folder.name}.log")
        self._process: subprocess.Popen[bytes] | None = None

    def run(self, command: Sequence[str | Path]) -> None:
        with self.log.open("ab") as out:
            self._process = subprocess.Popen(
                starter(command, self.account), cwd=self.folder, env=QUIET, stdin=subprocess.DEVNULL,
                stdout=out, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip

    def once(self, command: Sequence[str | Path]) -> None:
        done = subprocess.run(
            starter(command, self.account), cwd=self.folder, env=QUIET, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr

    def kill(self, number: signal.Signals = signal.SIGKILL) -> None:
        assert self._process is not None
        os.killpg(self._process.pid, number)
        if number not in (signal.SIGSTOP, signal.SIGCONT):
            self._process.wait(30)

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(self._end)
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self.kill()

    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None


def folder_for(parent: Path, name: str, account: Account | None) -> Path:
    folder = open_folder(parent) / name
    folder.mkdir(mode=0o700)
    if account is not None:
        os.chown(folder, account.uid, account.gid)
    return folder


class Cluster:
    """One PostgreSQL that trusts this machine, with the roles of docker-compose.yml."""

    def __init__(self, parent: Path, name: str) -> None:
        self.account = service_account(parent / "nothing")
        self.programs = postgres_program(open_folder(parent), self.account).program.parent
        self.server = Program(folder_for(parent, name, self.account), self.account)
        self.port = free_port()

    def url(self, role: str = "postgres", database: str = "quietus") -> str:
        return f"postgresql+psycopg://{role}@127.0.0.1:{self.port}/{database}"

    def create(self) -> None:
        self.server.once([
            self.programs / "initdb", "-D", ".", "-U", "postgres", "-A", "trust", "--encoding=UTF8",
            "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", "--no-sync",
        ])  # fmt: skip

    def copy_of(self, primary: "Cluster") -> None:
        """What docs/scaling.md does with pg_basebackup."""
        self.server.once([
            self.programs / "pg_basebackup", "--pgdata", ".", "--write-recovery-conf", "--checkpoint=fast",
            "--no-sync", "--dbname", f"host=127.0.0.1 port={primary.port} user=postgres",
        ])  # fmt: skip

    def start(self, *settings: str) -> None:
        options = [word for setting in settings for word in ("-c", setting)]
        self.server.run([
            self.programs / "postgres", "-D", ".", "-p", str(self.port), "-c", "listen_addresses=127.0.0.1",
            "-c", "unix_socket_directories=", "-c", "fsync=off", *options,
        ])  # fmt: skip
        within(30, self.answers, "PostgreSQL")

    def answers(self) -> bool:
        assert self.server.running(), self.server.log.read_text()[-2000:]
        try:
            psycopg.connect(self.url(database="postgres").replace("+psycopg", ""), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def arrange(self) -> None:
        run_sql(
            self.url(database="postgres"),
            "CREATE ROLE quietus_owner LOGIN CREATEDB",
            "CREATE ROLE quietus_app LOGIN",
            "CREATE DATABASE quietus OWNER quietus_owner",
        )
        run_sql(self.url(), "ALTER SCHEMA public OWNER TO quietus_owner")


@contextmanager
def cluster_with_copy(parent: Path) -> Iterator[tuple[Cluster, Cluster]]:
    """A primary and its streaming copy, which lets no reader hold up the replay for more than a moment."""
    primary, copy = Cluster(parent, "primary"), Cluster(parent, "copy")
    try:
        primary.create()
        primary.start()
        primary.arrange()
        copy.copy_of(primary)
        copy.start("max_standby_streaming_delay=0", "hot_standby_feedback=off")
        yield primary, copy
    finally:
        copy.server.stop()
        primary.server.stop()


class Valkey(Program):
    """One Valkey, or with `sentinel` a watcher of others; its settings are a file that it may rewrite."""

    def __init__(self, parent: Path, name: str, settings: str = "", *, sentinel: bool = False, port: int = 0) -> None:
        account = service_account(parent / "nothing")
        super().__init__(folder_for(parent, name, account), account, signal.SIGTERM)
        self.port = port or free_port()
        self._program = valkey_program(open_folder(parent), account).program
        self._sentinel = sentinel
        lines = [f"port {self.port}", "bind 127.0.0.1", "dir .", "daemonize no", *settings.splitlines()]
        file = self.folder / "server.conf"
        file.write_text("\n".join(lines) + "\n")
        if account is not None:
            os.chown(file, account.uid, account.gid)

    def start(self) -> None:
        self.run([self._program, "server.conf", *(["--sentinel"] if self._sentinel else [])])


def pgbouncer_program() -> Path:
    """Debian puts it where an ordinary user's PATH does not lead. Skips, or fails in CI, where there is none."""
    found = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if found is None:
        reason = "PgBouncer is not installed; on Debian `make test` as root installs it"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return Path(found)
