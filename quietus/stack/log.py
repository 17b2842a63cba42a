"""The log file of one server: appended to, kept small, and read only for the reason of a failed start."""

from __future__ import annotations

from pathlib import Path
from typing import IO

LARGEST = 4 * 1024 * 1024  # bytes; one older file of that size is kept beside it


class ServerLog:
    def __init__(self, file: Path) -> None:
        self.file = file
        self._mark = 0

    def open(self) -> IO[bytes]:
        """For one run of the server; `tail` shows from here on."""
        if self.file.exists() and self.file.stat().st_size > LARGEST:
            self.file.replace(self.file.with_suffix(".old.log"))
        handle = self.file.open("ab")
        self._mark = handle.tell()
        return handle

    def tail(self) -> list[str]:
        """What the server wrote since the last `open`."""
        with self.file.open("rb") as lines:
            lines.seek(self._mark)
            return lines.read().decode(errors="replace").splitlines()
