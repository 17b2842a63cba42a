"""The embedded Valkey: every write on the disk before it is acknowledged, reached only with a password."""

from __future__ import annotations

import os
import shutil
import socket
from contextlib import closing
from pathlib import Path

from quietus.stack.log import ServerLog
from quietus.stack.processes import Account, Child
from quietus.stack.programs import Found
from quietus.stack.register import Register
from quietus.stack.state import LOOPBACK, Memory, StackError

PASSING = ("Address already in use",)
# What it says of files that it cannot read. A full disk is not among them: there the files are whole.
DAMAGED = (
    "Bad file format reading the append only file",
    "Unexpected end of file reading the append only file",
    "MANIFEST FILE ERROR",
    "Unable to obtain the AOF file",
    "Unrecoverable error, aborting now",
)


class Valkey:
    name = "valkey"

    def __init__(self, state: Path, memory: Memory, found: Found, account: Account | None) -> None:
        self.data = state / "valkey"
        self.port = memory.valkey_port
        self._password, self._account = memory.password(""), account
        self._log = ServerLog(state / "logs" / "valkey.log")
        self.child = Child(
            self.name,
            [found.program, "-"],  # settings by stdin: the password is in no file and in no process list
            folder=self.data,
            environment={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"},
            register=Register(state),
            account=account,
            standard_input=self._settings().encode(),
        )

    def create(self) -> None:
        self.data.mkdir(mode=0o700, exist_ok=True)
        if self._account is not None:
            for file in (self.data, *self.data.rglob("*")):
                os.chown(file, self._account.uid, self._account.gid)

    def start(self) -> str | None:
        """Without waiting for it; `answers` tells when it is up. Answers what a person should know, if anything."""
        aside = self._set_aside() if self._damaged() else None
        self.create()  # somebody may have emptied the folder, or taken it away
        with self._log.open() as out:
            self.child.output = out
            self.child.start()
        return f"its files could not be read and now lie in {aside}; it begins empty" if aside else None

    def answers(self) -> bool:
        try:
            with closing(socket.create_connection((LOOPBACK, self.port), timeout=2)) as line:
                line.sendall(f"AUTH {self._password}\r\nPING\r\n".encode())
                answer = b""
                while answer.count(b"\r\n") < 2 and (more := line.recv(512)):
                    answer += more
        except OSError:
            return False
        if b"WRONGPASS" in answer:
            raise StackError(f"Something else answers on port {self.port} with another password than ours.")
        return b"+PONG" in answer  # "-LOADING" while it reads its file

    def arrange(self) -> None:
        """Nothing to set up inside it."""

    def passing_failure(self) -> bool:
        """Whether the last start failed for a reason that goes away by itself."""
        return self._said(*PASSING) or self._damaged()

    def failure(self) -> str:
        lines = [line for line in self._log.tail() if " # " in line or "***" in line] or ["see its log"]
        return f"Valkey did not start ({lines[-1].rpartition(' # ')[2].strip()}): {self._log.file}"

    def _said(self, *words: str) -> bool:
        return any(each in line for line in self._log.tail() for each in words)

    def _damaged(self) -> bool:
        """Whether the run before this one ended over its own files."""
        return self.child.process is not None and not self.child.running() and self._said(*DAMAGED)

    def _set_aside(self) -> Path:
        """Rows in PostgreSQL hold all that was accepted: a desk without its broker's past is better than none."""
        files, aside = self.data / "appendonlydir", self.data / "appendonlydir.unreadable"
        shutil.rmtree(aside, ignore_errors=True)
        files.rename(aside)
        return aside

    def _settings(self) -> str:
        return "\n".join(
            (
                f"port {self.port}",
                f"bind {LOOPBACK}",
                f"requirepass {self._password}",
                "dir .",  # the working folder: needs no quoting, and works below a closed parent
                "appendonly yes",
                "appendfsync always",  # "everysec" lost acknowledged messages on kill -9
                'save ""',
                "maxmemory-policy noeviction",
                "daemonize no",
                'logfile ""',
                "",
            )
        )
