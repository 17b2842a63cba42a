"""Where the processes of `up` count for /metrics: in memory, since who counts in a mapped file dies of a full disk."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of our own in it  # nosec B108
PREFIX = "quietus-"


def begin(state: Path) -> None:
    """An empty folder `metrics`, for this run of the desk; a link into memory where the machine has such a place."""
    end(state)
    place = state / "metrics"
    if os.access(MEMORY, os.W_OK):
        place.symlink_to(tempfile.mkdtemp(prefix=PREFIX, dir=MEMORY))
    else:
        place.mkdir(mode=0o700)


def end(state: Path) -> None:
    """Counts of processes that are gone tell nobody anything."""
    place = state / "metrics"
    if not place.is_symlink():
        shutil.rmtree(place, ignore_errors=True)
        return
    target = place.readlink()
    place.unlink()
    if target.parent == MEMORY and target.name.startswith(PREFIX):
        shutil.rmtree(target, ignore_errors=True)
