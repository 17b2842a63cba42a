"""gunicorn's threads, kept from those who connect and then say nothing, or say it a byte at a time.

gthread gives a connection to a thread at once, and the thread waits without end for the rest of the request: eight
half requests would stop a web process. Here the main loop gathers the head, and a thread sees only whole ones.
It also counts them: what cannot be served soon is told so at once (core/overload.py), instead of waiting unheard.
"""

import math
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from selectors import EVENT_READ
from socket import SHUT_WR
from typing import Any

from gunicorn import http  # type: ignore[import-untyped]  # publishes no types
from gunicorn.http.unreader import SocketUnreader  # type: ignore[import-untyped]
from gunicorn.workers.gthread import ThreadWorker  # type: ignore[import-untyped]

from quietus.core import overload

HEAD_SECONDS = 10
HEAD_BYTES = 64 * 1024  # a longer one goes to the parser, which refuses it
# 1 MiB, the largest body allowed, at half a megabit per second
BODY_SECONDS = 20
END = b"\r\n\r\n"
# as long a client may take to read that it was turned away
FAREWELL_SECONDS = 2
ACCEPTS_AT_ONCE = 64
SWITCH_SECONDS = 0.001


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

    # requests that a thread, or the one kept for those who are spared, has or will have; the main loop alone counts
    in_flight = spared = 0

    def init_process(self) -> None:
        self.reserve = ThreadPoolExecutor(1)
        # the main loop waits its turn behind the threads: so much the longer, the longer each turn is
        sys.setswitchinterval(SWITCH_SECONDS)
        super().init_process()

    def accept(self, listener: Any) -> None:
        """Take all who knock, not one: between two turns of this loop the threads have the interpreter."""
        for _ in range(ACCEPTS_AT_ONCE):
            before = self.nr_conns
            if before >= self.worker_connections:
                return
            super().accept(listener)
            if self.nr_conns == before:  # nobody, or someone who was turned away and has gone
                return

    def finish_request(self, conn: Any, fs: Any) -> None:
        if conn.by_reserve:
            self.spared -= 1
        else:
            self.in_flight -= 1
        super().finish_request(conn, fs)

    def enqueue_req(self, conn: Any) -> None:
        """Called for each new connection, and for a kept one whose next request begins."""
        if self.cfg.is_ssl:
            self._give_to(self.tpool, conn)
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
        if self.in_flight < self.cfg.threads + overload.WAITING:
            pool = self.tpool
        elif overload.spared(bytes(conn.head[:200])) and self.spared < overload.WAITING:
            pool = self.reserve
        else:
            self._turn_away(conn)
            return
        conn.parser.unreader.unread(bytes(conn.head))
        conn.data_ready = True
        self._give_to(pool, conn)

    def _give_to(self, pool: ThreadPoolExecutor, conn: Any) -> None:
        conn.by_reserve = pool is self.reserve
        if conn.by_reserve:
            self.spared += 1
        else:
            self.in_flight += 1
        done = pool.submit(self.handle, conn)
        done.add_done_callback(lambda future: self.method_queue.defer(self.finish_request, conn, future))

    def _turn_away(self, conn: Any) -> None:
        """Say so, and wait for the client to hang up: closing on a body that is still coming would take the answer."""
        try:
            conn.sock.send(overload.answer(bytes(conn.head[:200])))
            conn.sock.shutdown(SHUT_WR)
        except OSError:
            self._drop(conn)
            return
        conn.timeout = time.monotonic() + FAREWELL_SECONDS
        self.pending_conns.append(conn)
        self.poller.register(conn.sock, EVENT_READ, partial(self._see_off, conn))

    def _see_off(self, conn: Any, client: Any) -> None:
        try:
            if conn.sock.recv(65536):
                return  # still sending; the next event or murder_pending comes back to it
        except BlockingIOError:
            return
        except OSError:
            pass
        self.poller.unregister(client)
        self.pending_conns.remove(conn)
        self._drop(conn)

    def _drop(self, conn: Any) -> None:
        self.nr_conns -= 1
        conn.close()
