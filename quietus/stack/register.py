"""Which processes of a state folder run, so that whatever a killed stack leaves behind is found and ended.

Also run as `python -I -S register.py STATE OWNER`, the guard: it waits until OWNER, who holds the other end of its
standard input, is gone, and ends what that owner had started. The kernel's death signal reaches children only, and
only on Linux; the guard also gets what a killed pool had forked a moment before.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import astuple, dataclass
from pathlib import Path

PATIENCE_SECONDS = 30.0  # PostgreSQL may have much to write


@dataclass(frozen=True)
class Entry:
    """A process that leads a group of its own."""

    pid: int
    began: str
    end_signal: int
    owner: int

    def alive(self) -> bool:
        return self.began != "" and born(self.pid) == self.began

    def number_is_reused(self) -> bool:
        return born(self.pid) not in ("", self.began)


class Register:
    """processes.json in the state folder; written by the folder's owner only."""

    def __init__(self, state: Path) -> None:
        self._file = state / "processes.json"

    def add(self, name: str, pid: int, end_signal: int) -> None:
        self._write({**self._read(), name: Entry(pid, born(pid), int(end_signal), os.getpid())})

    def drop(self, name: str) -> None:
        known = self._read()
        known.pop(name, None)
        self._write(known)

    def stop_strays(self) -> list[str]:
        """For a new owner: end all that is noted here; answers the names of what still ran."""
        noted = self._read()
        found = _end(noted)
        self._write({})
        return found

    def stop_those_of(self, owner: int) -> None:
        """For the guard; leaves the file to the next owner, who may be writing it already."""
        _end({name: entry for name, entry in self._read().items() if entry.owner == owner})

    def _read(self) -> dict[str, Entry]:
        try:
            return {name: Entry(*fields) for name, fields in json.loads(self._file.read_text()).items()}
        except (OSError, ValueError, TypeError, AttributeError):
            return {}

    def _write(self, known: Mapping[str, Entry]) -> None:
        draft = self._file.with_suffix(".new")
        # a full disk must not end the desk: what is not noted here still ends by the kernel's death signal
        with contextlib.suppress(OSError):
            draft.write_text(json.dumps({name: astuple(entry) for name, entry in known.items()}))
            draft.replace(self._file)


class Guard:
    """The watcher of this process; it acts when `close` was not reached."""

    def __init__(self, state: Path) -> None:
        command = [sys.executable, "-I", "-S", __file__, str(state), str(os.getpid())]
        # Nothing is ever written to it: that its end of the pipe closes is the message.
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, cwd="/", start_new_session=True)

    def close(self) -> None:
        self._process.communicate()


def born(pid: int) -> str:
    """When that process began, as text: tells it from another with the same number; "" when it is gone."""
    if Path("/proc/self/stat").exists():
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return ""
        return "" if fields[0] in "ZX" else fields[19]
    listing = subprocess.run(["/bin/ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return listing.stdout.strip()


def signal_group(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)


def _end(noted: Mapping[str, Entry]) -> list[str]:
    running = {name: entry for name, entry in noted.items() if entry.alive()}
    for entry in running.values():
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(entry.pid, entry.end_signal)
    until = time.monotonic() + PATIENCE_SECONDS
    while any(entry.alive() for entry in running.values()) and time.monotonic() < until:
        time.sleep(0.05)
    for entry in noted.values():
        # A group outlives its leader, and while it does, nobody else gets its number.
        if not entry.number_is_reused():
            signal_group(entry.pid, signal.SIGKILL)
    return list(running)


if __name__ == "__main__":
    sys.stdin.buffer.read()
    Register(Path(sys.argv[1])).stop_those_of(int(sys.argv[2]))
