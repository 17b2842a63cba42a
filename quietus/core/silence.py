"""Notices a database that falls silent in the middle of a statement, which no time limit of its own can tell."""

import socket
import struct
import time
from collections.abc import Generator
from typing import Any

import psycopg
from psycopg import pq
from psycopg.waiting import Ready

# of a statement; a server that lives may well take longer, and is asked whether it does
SILENCE_SECONDS = 1.5
# the first bytes of any client: PostgreSQL answers them with one byte, before it asks who is there
KNOCK = struct.pack("!ii", 8, 80877103)
KNOCK_SECONDS = 1.0
# a statement that takes its time is let be for so long until the next question
NEXT_SECONDS = 5.0


class Connection(psycopg.Connection[Any]):
    """Waits for a statement as long as the server lives: a frozen or cut-off one is an OperationalError."""

    def wait(self, gen: Any, *args: Any, **kwargs: Any) -> Any:
        return super().wait(_watched(gen, self.pgconn), *args, **kwargs)


def _watched(steps: Generator[Any, Any, Any], libpq: pq.abc.PGconn) -> Generator[Any, Any, Any]:
    """psycopg's own steps; each time that nothing came for a tenth of a second it passes Ready.NONE through here."""
    ask_at = time.monotonic() + SILENCE_SECONDS
    try:
        wanted = next(steps)
        while True:
            ready = yield wanted
            if ready != Ready.NONE:
                ask_at = time.monotonic() + SILENCE_SECONDS
            elif time.monotonic() > ask_at:
                if not answers(libpq):
                    libpq.finish()  # the pool must not hand it out again
                    raise psycopg.OperationalError("The database does not answer.")
                ask_at = time.monotonic() + NEXT_SECONDS
            wanted = steps.send(ready)
    except StopIteration as done:
        return done.value


def answers(libpq: pq.abc.PGconn) -> bool:
    """Whether the server behind this connection still answers somebody who knocks."""
    host, port = (libpq.hostaddr or libpq.host).decode(), int(libpq.port)
    try:
        with _line(host, port) as line:
            line.sendall(KNOCK)
            return line.recv(1) != b""
    except OSError:
        return False


def _line(host: str, port: int) -> socket.socket:
    if not host.startswith("/"):
        return socket.create_connection((host, port), KNOCK_SECONDS)
    line = socket.socket(socket.AF_UNIX)
    line.settimeout(KNOCK_SECONDS)
    line.connect(f"{host}/.s.PGSQL.{port}")
    return line
