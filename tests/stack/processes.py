"""Starts holders and `up` as processes of their own, reads what they say, and looks for what they leave behind."""

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
START_SECONDS = 90.0


def clean_environment(**more: str) -> dict[str, str]:
    """Ours without what would point a stack elsewhere."""
    named = ("QUIETUS_", "DATABASE_URL", "REDIS_URL", "PROMETHEUS_")
    return {key: value for key, value in os.environ.items() if not key.startswith(named)} | more


class Terminal:
    """A program of the product as a person sees it: its lines, its exit code."""

    def __init__(self, command: Sequence[str], environment: dict[str, str] | None = None) -> None:
        self.lines: list[str] = []
        self._new: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self.process = subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=PROJECT,
            env=environment or clean_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as lines:
            for line in lines:
                self._new.put(line.rstrip("\n"))
        self._new.put(None)

    def until(self, found: Callable[[str], object], seconds: float = START_SECONDS) -> str:
        """The next line that FOUND accepts."""
        ends = time.monotonic() + seconds
        while True:
            try:
                line = self._new.get(timeout=max(0.0, ends - time.monotonic()))
            except queue.Empty:
                line = None
            assert line is not None, "said only:\n" + "\n".join(self.lines)
            self.lines.append(line)
            if found(line):
                return line

    def ended(self, seconds: float = START_SECONDS) -> int:
        """Wait for its end; the exit code. `lines` holds all it said."""
        assert self.process.stdin is not None
        if not self.process.stdin.closed:
            self.process.stdin.close()
        code = self.process.wait(seconds)
        while (line := self._new.get(timeout=10)) is not None:
            self.lines.append(line)
        self._new.put(None)  # for whoever asks again
        return code

    def dispose(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self.ended()


@contextmanager
def holding(state: Path, name: str = "a test", **environment: str) -> Iterator[tuple[Terminal, dict[str, str]]]:
    """Servers on this folder, held by a process of their own; with the variables that reach them."""
    terminal = Terminal(["tests.stack.holder", str(state), name], clean_environment(**environment))
    try:
        yield terminal, json.loads(terminal.until(lambda line: line.startswith("{")))
    finally:
        terminal.dispose()


@contextmanager
def up(state: Path, *options: str, **environment: str) -> Iterator[Terminal]:
    """`python -m quietus up` on this folder, ended with Ctrl-C when the block ends."""
    terminal = Terminal(
        ["quietus", "--state", str(state), "up", "--port", "0", *options], clean_environment(**environment)
    )
    try:
        yield terminal
    finally:
        terminal.dispose()


def descendants(pid: int) -> dict[int, str]:
    """Every process below PID: its number and when it began."""
    parents: dict[int, list[int]] = {}
    began: dict[int, str] = {}
    for entry in Path("/proc").glob("[0-9]*"):
        if fields := _stat(int(entry.name)):
            parents.setdefault(int(fields[1]), []).append(int(entry.name))
            began[int(entry.name)] = fields[19]
    found: dict[int, str] = {}
    waiting = list(parents.get(pid, []))
    while waiting:
        one = waiting.pop()
        found[one] = began[one]
        waiting += parents.get(one, [])
    return found


def alive(processes: dict[int, str]) -> set[int]:
    """Those that still run."""
    return {pid for pid, began in processes.items() if (now := _stat(pid)) and now[19] == began and now[0] != "Z"}


def all_gone(processes: dict[int, str], seconds: float = 20.0) -> bool:
    ends = time.monotonic() + seconds
    while alive(processes) and time.monotonic() < ends:
        time.sleep(0.05)
    return not alive(processes)


def recorded(state: Path) -> dict[str, int]:
    """The processes that the stack noted in the state folder."""
    return {name: entry[0] for name, entry in json.loads((state / "processes.json").read_text()).items()}


def _stat(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []
