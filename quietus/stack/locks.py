"""Who runs the servers of a state folder, and who else uses them: two locks that die with their holder."""

from __future__ import annotations

import fcntl
import json
import os
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from quietus.stack.state import StackError


@dataclass(frozen=True)
class Holder:
    """What the owner wrote about itself."""

    name: str
    pid: int
    since: str
    ready: bool

    def __str__(self) -> str:
        return f"{self.name} (process {self.pid}, since {self.since} UTC)"


class FileLock:
    """flock on one file; released by the kernel however the process ends."""

    def __init__(self, file: Path) -> None:
        self.file = file
        try:
            # Closed on exec by Python's default: a child must not keep our lock alive.
            self._handle = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
        except PermissionError:
            raise StackError(
                f"{file} belongs to another user: run as that user, or choose another folder with --state."
            ) from None

    def take(self, *, shared: bool = False) -> bool:
        """Without waiting: whether we have it."""
        try:
            fcntl.flock(self._handle, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def take_within(self, seconds: float) -> bool:
        until = time.monotonic() + seconds
        while not self.take():
            if time.monotonic() > until:
                return False
            time.sleep(0.05)
        return True

    def write(self, text: str) -> None:
        os.ftruncate(self._handle, 0)
        os.pwrite(self._handle, text.encode(), 0)

    def read(self) -> str:
        return os.pread(self._handle, 4096, 0).decode(errors="replace")

    def close(self) -> None:
        os.close(self._handle)


class Ownership:
    """The right to start and stop the servers of one state folder, or a share in servers that run already."""

    def __init__(self, state: Path, name: str) -> None:
        self._name = name
        self._since = datetime.now(UTC).strftime("%H:%M:%S")
        self._owner = FileLock(state / "owner.lock")
        self._users = FileLock(state / "users.lock")

    def claim(self) -> bool:
        """Whether we are the owner now."""
        if not self._owner.take():
            return False
        self._write(ready=False)
        return True

    def announce_ready(self) -> None:
        self._write(ready=True)

    def holder(self) -> Holder | None:
        """Who owns it; None for the blink in which a new owner has not written its name."""
        try:
            return Holder(**json.loads(self._owner.read()))
        except (ValueError, TypeError):
            return None

    def share(self) -> bool:
        """Keep the owner from stopping the servers; False when it is stopping them already."""
        return self._users.take(shared=True)

    def others_gone(self, seconds: float) -> bool:
        """Wait for everyone who shares; afterwards nobody new can."""
        return self._users.take_within(seconds)

    def release(self) -> None:
        if self._owner.take():
            self._owner.write("")
        self._owner.close()
        self._users.close()

    def _write(self, *, ready: bool) -> None:
        self._owner.write(json.dumps(vars(Holder(self._name, os.getpid(), self._since, ready))))
