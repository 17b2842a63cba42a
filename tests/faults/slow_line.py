"""A line between a program and a server that can be made slow, or silent as a cut cable is."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class SlowLine:
    """Listens on `port` of this machine and passes everything on."""

    def __init__(self, host: str, port: int) -> None:
        self.delay = 0.0  # seconds for each piece, each way
        self.cut = False  # takes connections and bytes, and passes nothing on
        self._there = (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._open: list[socket.socket] = []
        threading.Thread(target=self._take, daemon=True).start()

    def drop_all(self) -> None:
        for line in self._open:
            with suppress(OSError):
                line.close()
        self._open.clear()

    def close(self) -> None:
        self._listener.close()
        self.drop_all()

    def _take(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                try:
                    far = socket.create_connection(self._there, 5)
                except OSError:
                    near.close()
                    continue
                self._open += [near, far]
                for one, other in ((near, far), (far, near)):
                    threading.Thread(target=self._pass_on, args=(one, other), daemon=True).start()

    def _pass_on(self, one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while data := one.recv(65536):
                time.sleep(self.delay)
                while self.cut:
                    time.sleep(0.05)
                other.sendall(data)
        for line in (one, other):
            with suppress(OSError):
                line.close()


@contextmanager
def slow_line(host: str, port: int) -> Iterator[SlowLine]:
    line = SlowLine(host, port)
    try:
        yield line
    finally:
        line.cut = False
        line.close()
