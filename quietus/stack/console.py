"""What `up` shows: one short line per event, and the lines of its children behind their names."""

from __future__ import annotations

import json
import sys
import threading
from collections import deque
from typing import IO

WIDTH = 10
KNOWN = {"event", "level", "timestamp", "logger"}
ANNOUNCED = "ADMIN "  # what `prepare` says to the person and not to a log
KEPT = 20  # last lines of a child, for the reason of its end


class Console:
    """Safe to use from several threads."""

    def __init__(self, out: IO[str] | None = None) -> None:
        self._out = out or sys.stdout
        self._lock = threading.Lock()

    def say(self, name: str, text: str) -> None:
        self.line(f"{name:<{WIDTH}} {text}")

    def line(self, text: str) -> None:
        with self._lock:
            try:
                self._out.write(text + "\n")
                self._out.flush()
            except (OSError, ValueError):
                return  # nobody reads any more; the children must be stopped in order all the same

    def follow(self, name: str, pipe: IO[bytes] | None) -> Reader:
        """Show what comes through PIPE, as long as it comes."""
        return Reader(self, name, pipe)


class Reader:
    """A thread that passes a child's lines on and keeps the last of them."""

    def __init__(self, console: Console, name: str, pipe: IO[bytes] | None) -> None:
        self.last: deque[str] = deque(maxlen=KEPT)
        self._console, self._name, self._pipe = console, name, pipe
        self._thread = threading.Thread(target=self._pass_on, daemon=True)
        self._thread.start()

    def finish(self) -> None:
        """Wait for an ended child's last lines; not long, for a grandchild may hold the pipe open."""
        self._thread.join(1.0)

    def _pass_on(self) -> None:
        if self._pipe is None:
            return
        with self._pipe as lines:
            for raw in lines:
                text = readable(raw.decode(errors="replace").rstrip())
                if text:
                    self.last.append(text)
                    self._show(text)

    def _show(self, text: str) -> None:
        if text.startswith(ANNOUNCED):
            self._console.line(text)
        else:
            self._console.say(self._name, text)


def readable(line: str) -> str:
    """A JSON log line as `event key=value …`; any other line as it is."""
    if not line.startswith("{"):
        return line
    try:
        entry = json.loads(line)
    except ValueError:
        return line
    if not isinstance(entry, dict) or "event" not in entry:
        return line
    level = str(entry.get("level", "info"))
    words = [] if level == "info" else [level.upper()]
    words.append(str(entry["event"]))
    words += [f"{key}={value}" for key, value in entry.items() if key not in KNOWN]
    return " ".join(words)
