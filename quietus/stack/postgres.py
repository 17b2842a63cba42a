"""The embedded PostgreSQL: created once, started, reached only over 127.0.0.1 with a password, stopped."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
from psycopg import sql

from quietus.stack.log import ServerLog
from quietus.stack.processes import Account, Child, starter
from quietus.stack.programs import Found
from quietus.stack.register import Register
from quietus.stack.state import APPLICATION, DATABASE, LOOPBACK, OWNER, SUPERUSER, Memory, StackError

# What a start right after kill -9 may meet until the old server's last backend is gone.
PASSING = ("shared memory block", "already exists", "could not bind", "is starting up")
QUIET = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}  # no PG* variable of the caller gets through


class Postgres:
    name = "postgres"

    def __init__(self, state: Path, memory: Memory, found: Found, account: Account | None) -> None:
        self.data = state / "postgres"
        self.port = memory.postgres_port
        self._memory, self._found, self._account = memory, found, account
        self._log = ServerLog(state / "logs" / "postgres.log")
        self.child = Child(
            self.name,
            self._command(),
            folder=self.data,
            environment=QUIET,
            register=Register(state),
            end_signal=signal.SIGINT,  # "fast": SIGTERM would wait for every client to leave
            death_signal=signal.SIGINT,
            patience=30.0,
            account=account,
        )

    def start(self) -> str | None:
        """Without waiting for it; `answers` tells when it is up. Answers what a person should know, if anything."""
        left = self._end_leftovers()
        self._drop_reused_pid()
        with self._log.open() as out:
            self.child.output = out
            self.child.start()
        return f"ended {left} of its processes that a killed run had left" if left else None

    def create(self) -> None:
        """initdb into a folder beside, then rename: a killed initdb leaves nothing that looks like data."""
        if (self.data / "PG_VERSION").exists():
            self._check_version()
            self._drop_reused_pid()
            return
        draft = self.data.with_name("postgres.new")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        self._give(draft)
        with self._password_pipe() as pipe:
            done = subprocess.run(
                starter(self._initdb(draft, pipe), self._account),
                cwd=draft,
                env=QUIET,
                pass_fds=[pipe],
                capture_output=True,
                text=True,
                check=False,
            )
        if done.returncode != 0:
            raise StackError(f"PostgreSQL could not create its data in {self.data}: {_last(done.stderr)}")
        draft.rename(self.data)

    def answers(self) -> bool:
        try:
            psycopg.connect(self._superuser(), connect_timeout=2).close()
        except psycopg.OperationalError as reason:
            if "password authentication failed" in str(reason):
                raise StackError(
                    f"The data in {self.data} has other passwords than servers.json beside it: "
                    "put the servers.json that belongs to it back."
                ) from None
            return False
        return True

    def arrange(self) -> None:
        """The two roles and the database; repeated at every start, for the first may have been cut short."""
        with psycopg.connect(self._superuser(), autocommit=True) as connection:
            # The owner may make databases beside this one: the tests and a restore drill do.
            for role, rights in ((OWNER, "LOGIN CREATEDB"), (APPLICATION, "LOGIN")):
                if not _exists(connection, "SELECT 1 FROM pg_roles WHERE rolname = %s", role):
                    statement = sql.SQL("CREATE ROLE {} " + rights + " PASSWORD {}")
                    connection.execute(statement.format(sql.Identifier(role), sql.Literal(self._memory.password(role))))
            if not _exists(connection, "SELECT 1 FROM pg_database WHERE datname = %s", DATABASE):
                statement = sql.SQL("CREATE DATABASE {} OWNER {}")
                connection.execute(statement.format(sql.Identifier(DATABASE), sql.Identifier(OWNER)))
        with psycopg.connect(self._superuser(DATABASE), autocommit=True) as connection:
            for right in (
                "ALTER SCHEMA public OWNER TO {}",
                # `subject scrub`: what was erased must not stay in the write-ahead log either
                "GRANT pg_checkpoint TO {}",
                "GRANT EXECUTE ON FUNCTION pg_switch_wal() TO {}",
            ):
                connection.execute(sql.SQL(right).format(sql.Identifier(OWNER)))

    def passing_failure(self) -> bool:
        """Whether the last start failed for a reason that goes away by itself."""
        return any(words in line for line in self._log.tail() for words in PASSING)

    def failure(self) -> str:
        fatal = [line.partition("FATAL:")[2].strip() for line in self._log.tail() if "FATAL:" in line]
        return f"PostgreSQL did not start ({(fatal or ['see its log'])[0]}): {self._log.file}"

    def _command(self) -> list[str | Path]:
        settings = {
            "listen_addresses": LOOPBACK,
            "unix_socket_directories": "",  # a path over 107 bytes would be fatal, and nobody needs one
            "max_connections": "300",  # each of `--workers` may hold a pool of 10
            "timezone": "UTC",
            "log_timezone": "UTC",
            # Failing statements may hold a person's words: the program reports its own errors.
            "log_min_messages": "log",
            "log_min_error_statement": "panic",
            "log_error_verbosity": "terse",
            "log_checkpoints": "off",
            # An old segment kept for its space would keep what was erased with it.
            "wal_recycle": "off",
        }
        options = [word for key, value in settings.items() for word in ("-c", f"{key}={value}")]
        return [self._found.program, "-D", self._reachable(self.data), "-p", str(self.port), *options]

    def _initdb(self, folder: Path, pipe: int) -> list[str | Path]:
        return [
            self._found.program.with_name("initdb"),
            *("-D", self._reachable(folder), "-U", SUPERUSER),
            *("-A", "scram-sha-256", f"--pwfile=/dev/fd/{pipe}"),
            *("--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"),
        ]

    def _reachable(self, folder: Path) -> str | Path:
        """The folder the server works in, by a name that holds even below a parent closed to the account."""
        return "/proc/self/cwd" if self._account and sys.platform == "linux" else folder

    def _superuser(self, database: str = "postgres") -> str:
        return psycopg.conninfo.make_conninfo(
            host=LOOPBACK,
            port=self.port,
            user=SUPERUSER,
            password=self._memory.password(SUPERUSER),
            dbname=database,
        )

    @contextmanager
    def _password_pipe(self) -> Iterator[int]:
        """The superuser's password as a file that never lies on the disk."""
        reading, writing = os.pipe()
        try:
            os.write(writing, f"{self._memory.password(SUPERUSER)}\n".encode())
            self._give(reading)
            os.close(writing)
            yield reading
        finally:
            os.close(reading)

    def _give(self, file: Path | int) -> None:
        if self._account is not None:
            os.chown(file, self._account.uid, self._account.gid)

    def _check_version(self) -> None:
        made_by = (self.data / "PG_VERSION").read_text().strip()
        if made_by != str(self._found.major):
            raise StackError(
                f"The data in {self.data} was made by PostgreSQL {made_by}, but {self._found.version} is "
                f"installed: dump it with {made_by} and load it into a new state folder."
            )

    def _end_leftovers(self) -> int:
        """A backend that hangs outlives a killed postmaster, and as long as it does, no new one can start.

        Only after a run of our own ended: whatever still works in the folder then has lost its postmaster.
        """
        if self.child.process is None or self.child.running() or not Path("/proc/self/cwd").exists():
            return 0
        left = [pid for pid in _working_in(self.data) if "postgres" in _command_of(pid)]
        for pid in left:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return len(left)

    def _drop_reused_pid(self) -> None:
        """No server of ours runs here, says our lock: a live number in postmaster.pid is someone else's."""
        file = self.data / "postmaster.pid"
        try:
            pid = int(file.read_text().split()[0])
        except (OSError, ValueError, IndexError):
            return
        words = _command_of(pid)
        if "postgres" in words and ("/proc/self/cwd" in words or str(self.data) in words):
            raise StackError(f"Another PostgreSQL (process {pid}) works on {self.data}: stop it first.")
        file.unlink()


def _exists(connection: psycopg.Connection, query: str, name: str) -> bool:
    return connection.execute(sql.SQL(query), (name,)).fetchone() is not None


def _command_of(pid: int) -> str:
    if Path("/proc/self/cmdline").exists():
        try:
            return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            return ""
    listing = subprocess.run(["/bin/ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return listing.stdout


def _working_in(folder: Path) -> list[int]:
    """The processes whose working folder this is."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # gone since, or not ours to look at
            if Path(entry, "cwd").readlink() == folder:
                found.append(int(entry.name))
    return found


def _last(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    telling = [line for line in lines if "error:" in line or "FATAL" in line]
    return (telling or lines or ["no reason given"])[-1]
