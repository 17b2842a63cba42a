"""Plain HTTP/1.1 clients that cost little beside the server they measure; a library's would take a core for itself."""

import socket
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import requests

Make = Callable[[int], bytes]


@dataclass
class Tally:
    """What a load met: answers by status, the seconds each took, and how long all of it lasted."""

    statuses: Counter[int] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    lasted: float = 0.0

    @property
    def rate(self) -> float:
        return sum(self.statuses.values()) / self.lasted

    def at(self, share: float) -> float:
        """Milliseconds within which this share of the answers came."""
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000


def place(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    return parts.hostname or "", parts.port or 80


def head(browser: requests.Session | None, url: str, path: str) -> str:
    """A POST's head up to its length, signed in as this browser."""
    lines = [f"POST {path} HTTP/1.1", f"Host: {urlsplit(url).netloc}", "Content-Type: application/json"]
    if browser is not None:
        cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in browser.cookies)
        token = browser.headers["X-CSRFToken"]
        lines += [f"Cookie: {cookies}", f"X-CSRFToken: {token if isinstance(token, str) else token.decode()}"]
    return "\r\n".join(lines) + "\r\n"


def post(start: str, body: bytes) -> bytes:
    return f"{start}Content-Length: {len(body)}\r\n\r\n".encode() + body


def get(browser: requests.Session, url: str, path: str) -> bytes:
    """A whole GET, signed in as this browser."""
    return head(browser, url, path).replace("POST", "GET", 1).encode() + b"\r\n"


class Line:
    """One kept-alive connection."""

    def __init__(self, url: str, timeout: float = 60) -> None:
        self._place, self._timeout = place(url), timeout
        self._socket: socket.socket | None = None

    def ask(self, request: bytes) -> tuple[int, bytes]:
        """Status and head of the answer. Raises OSError when there is none."""
        try:
            return self._ask(request)
        except OSError:
            self.close()
            raise

    def _ask(self, request: bytes) -> tuple[int, bytes]:
        if self._socket is None:
            self._socket = socket.create_connection(self._place, self._timeout)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.sendall(request)
        found = self._more(b"")
        while b"\r\n\r\n" not in found:
            found = self._more(found)
        answer, _, body = found.partition(b"\r\n\r\n")
        low = answer.lower()
        length = int(low.split(b"content-length:")[1].split(b"\r\n")[0]) if b"content-length:" in low else 0
        while len(body) < length:
            body = self._more(body)
        if b"connection: close" in low:
            self.close()
        return int(answer[9:12]), answer

    def _more(self, found: bytes) -> bytes:
        assert self._socket is not None
        data = self._socket.recv(65536)
        if not data:
            raise ConnectionResetError("The server closed the connection.")
        return found + data

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None


def closed_loop(url: str, make: Make, *, clients: int, seconds: float = 0, count: int = 0) -> Tally:
    """Each client asks again as soon as it is answered: for some seconds, or until `count` requests are done."""
    tally, lock, numbers = Tally(), threading.Lock(), iter(range(10**9))
    began = time.perf_counter()

    def work() -> None:
        line, own = Line(url), Tally()
        while True:
            with lock:
                number = next(numbers)
            started = time.perf_counter()
            if number >= count if count else started - began >= seconds:
                break
            status, _ = line.ask(make(number))
            own.seconds.append(time.perf_counter() - started)
            own.statuses[status] += 1
        line.close()
        with lock:
            tally.seconds += own.seconds
            tally.statuses += own.statuses

    threads = [threading.Thread(target=work) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    tally.lasted = time.perf_counter() - began
    return tally
