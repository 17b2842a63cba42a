"""gunicorn's threads, kept from those who connect and then say nothing, or say it a byte at a time.

gthread gives a connection to a thread at once, and the thread waits without end for the rest of the request: eight
half requests would stop a web process. Here the main loop gathers the head, and a thread sees only whole ones.
"""

import math
import time
from functools import partial
from selectors import EVENT_READ
from typing import Any

from gunicorn import http  # type: ignore[import-untyped]  # publishes no types
from gunicorn.http.unreader import SocketUnreader  # type: ignore[import-untyped]
from gunicorn.workers.gthread import ThreadWorker  # type: ignore[import-untyped]

HEAD_SECONDS = 10
HEAD_BYTES = 64 * 1024  # a longer one goes to the parser, which refuses it
# 1 MiB, the largest body allowed, at half a megabit per second
BODY_SECONDS = 20
END = b"\r\n\r\n"


class TimedUnreader(SocketUnreader):
    """Reads a connection until a moment, then raises TimeoutError, which werkzeug answers as a 400."""

    until = math.inf

    def chunk(self, size_hint: int | None = None) -> bytes:
        left = self.until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        before = self.sock.gettimeout()
        self.sock.settimeout(left if before is None else min(left, before))
        try:
            found: bytes = super().chunk(size_hint)
        finally:
            self.sock.settimeout(before)
        return found


class Worker(ThreadWorker):
    """For plain HTTP/1.1, as a reverse proxy or this machine's browser speaks it; TLS is left to gthread."""

    def enqueue_req(self, conn: Any) -> None:
        """Called for each new connection, and for a kept one whose next request begins."""
        if self.cfg.is_ssl:
            super().enqueue_req(conn)
            return
        if conn.parser is None:
            conn.parser = http.get_parser(self.cfg, conn.sock, conn.client)
            conn.parser.unreader = TimedUnreader(conn.sock)
        conn.head = bytearray(conn.parser.unreader.take_buffered())  # pipelined behind the last request
        conn.sock.setblocking(False)
        if END in conn.head or self._gather(conn):
            self._hand_over(conn)
        elif conn.head is not None:
            conn.timeout = time.monotonic() + HEAD_SECONDS  # murder_pending closes it then
            self.pending_conns.append(conn)
            self.poller.register(conn.sock, EVENT_READ, partial(self.on_pending_socket_readable, conn))
        else:
            self._drop(conn)

    def on_pending_socket_readable(self, conn: Any, client: Any) -> None:
        # one that sends byte by byte keeps its place in the line, and so its time
        whole = self._gather(conn)
        if not whole and conn.head is not None:
            return
        self.poller.unregister(client)
        self.pending_conns.remove(conn)
        if whole:
            self._hand_over(conn)
        else:
            self._drop(conn)

    def handle(self, conn: Any) -> Any:
        """Runs in a thread."""
        if conn.parser is not None and isinstance(conn.parser.unreader, TimedUnreader):
            conn.parser.unreader.until = time.monotonic() + BODY_SECONDS
        return super().handle(conn)

    @staticmethod
    def _gather(conn: Any) -> bool:
        """Read what is there, without waiting: whether the head is whole; `conn.head` is None when the client left."""
        try:
            while len(conn.head) < HEAD_BYTES:
                data = conn.sock.recv(8192)
                if not data:
                    conn.head = None
                    return False
                searched = max(0, len(conn.head) - len(END) + 1)
                conn.head += data
                if conn.head.find(END, searched) >= 0:
                    return True
        except BlockingIOError:
            return False
        except OSError:
            conn.head = None
            return False
        return True

    def _hand_over(self, conn: Any) -> None:
        conn.parser.unreader.unread(bytes(conn.head))
        conn.data_ready = True
        super().enqueue_req(conn)

    def _drop(self, conn: Any) -> None:
        self.nr_conns -= 1
        conn.close()
