"""One child process of the stack: started so that it cannot outlive us, stopped with its whole group."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from quietus.stack.register import Register, signal_group

STARTER = Path(__file__).with_name("child.py")
UNCHANGED = -1


@dataclass(frozen=True)
class Account:
    """The user a server runs as when we are root."""

    uid: int
    gid: int


def starter(
    command: Sequence[str | Path], account: Account | None = None, death_signal: int = signal.SIGKILL
) -> list[str]:
    """The command line that turns into COMMAND, as ACCOUNT, bound to this process's life."""
    who = account or Account(UNCHANGED, UNCHANGED)
    numbers = (int(death_signal), os.getpid(), who.uid, who.gid)
    return [sys.executable, "-I", "-S", str(STARTER), *map(str, numbers), *map(str, command)]


@dataclass
class Child:
    """A program that the stack runs; `start` may be called again after it ended."""

    name: str
    command: Sequence[str | Path]
    folder: Path
    environment: Mapping[str, str]
    register: Register
    end_signal: signal.Signals = signal.SIGTERM
    death_signal: signal.Signals = signal.SIGTERM
    patience: float = 10.0  # seconds between asking it to end and killing its group
    account: Account | None = None
    output: int | IO[bytes] = subprocess.PIPE
    standard_input: bytes = b""
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)
    _buried: bool = field(default=True, init=False)

    def start(self) -> subprocess.Popen[bytes]:
        """Call it from a thread that lives as long as the child shall: the kernel watches the thread."""
        self.process = subprocess.Popen(
            starter(self.command, self.account, self.death_signal),
            cwd=self.folder,
            env=dict(self.environment),
            stdin=subprocess.PIPE if self.standard_input else subprocess.DEVNULL,
            stdout=self.output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C in the terminal reaches us only, and we stop them in order
        )
        self._buried = False
        self.register.add(self.name, self.process.pid, self.end_signal)
        if self.process.stdin is not None:
            self._feed(self.process.stdin)
        return self.process

    def exit_code(self) -> int | None:
        """None while it runs."""
        if self.process is None:
            return 0
        code = self.process.poll()
        if code is not None:
            self._bury()
        return code

    def running(self) -> bool:
        return self.process is not None and self.exit_code() is None

    def ask_to_end(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(self.end_signal)

    def stop(self, patience: float | None = None) -> int | None:
        """Ask, wait, kill the group; answers the exit code, None when it was never started."""
        if self.process is None:
            return None
        if self.exit_code() is None:
            self.ask_to_end()
            try:
                self.process.wait(self.patience if patience is None else patience)
            except subprocess.TimeoutExpired:
                signal_group(self.process.pid, signal.SIGKILL)
        code = self.process.wait()
        self._bury()
        return code

    def _bury(self) -> None:
        """Kill what it left of its group: the next one needs its port. Once, for numbers are soon reused."""
        if self.process is not None and not self._buried:
            self._buried = True
            signal_group(self.process.pid, signal.SIGKILL)
            self.register.drop(self.name)

    def _feed(self, pipe: IO[bytes]) -> None:
        with contextlib.suppress(BrokenPipeError), pipe:  # one that ended already tells why in its log
            pipe.write(self.standard_input)
