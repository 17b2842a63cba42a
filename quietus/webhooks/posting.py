"""Sends one message over one connection: to a checked address only, no redirect, verified TLS, one deadline."""

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from quietus.webhooks.addresses import Network, NoAddress, resolve

AGENT: Final = "Quietus-Webhooks"
HTTPS_PORT: Final = 443
HTTP_PORT: Final = 80
OK: Final = range(200, 300)
REDIRECTS: Final = range(300, 400)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one try: `reason` is None where the receiver took the message."""

    reason: str | None
    status: int | None = None
    ms: int = 0


class _Pinned(http.client.HTTPConnection):
    """Connects to addresses that were checked, whatever the name leads to by now."""

    def __init__(self, host: str, port: int, addresses: Sequence[str], ends: float, context: ssl.SSLContext | None):
        super().__init__(host, port)
        self._addresses, self._ends, self._context = addresses, ends, context

    def connect(self) -> None:
        for place, address in enumerate(self._addresses):
            try:
                plain = socket.create_connection((address, self.port), max(0.001, self._ends - time.monotonic()))
                break
            except OSError:
                if place + 1 == len(self._addresses):
                    raise
        self.sock = plain
        if self._context:
            self.sock = self._context.wrap_socket(plain, server_hostname=self.host)


def post(url: str, headers: Mapping[str, str], body: str, *, timeout: float, networks: Sequence[Network]) -> Answer:
    """POST the body; never raises. Nothing of the answer is read but its status."""
    began, parts = time.monotonic(), urlsplit(url)
    encrypted = parts.scheme == "https"
    host, port = parts.hostname or "", parts.port or (HTTPS_PORT if encrypted else HTTP_PORT)
    try:
        addresses = resolve(host, port, networks, encrypted=encrypted)
    except NoAddress as refusal:
        return Answer(str(refusal))
    context = ssl.create_default_context() if encrypted else None
    connection = _Pinned(host, port, addresses, time.monotonic() + timeout, context)
    # an own deadline: a socket's timeout begins anew with each byte that a receiver drips
    hung_up = threading.Event()
    deadline = threading.Timer(timeout, _hang_up, [connection, hung_up])
    deadline.daemon = True
    deadline.start()
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    fixed = {"Content-Type": "application/json", "User-Agent": AGENT, "Connection": "close"}
    try:
        connection.request("POST", path, body.encode(), {**fixed, **headers})
        status: int | None = connection.getresponse().status
        # headers that the deadline cut off look whole
        status, reason = (None, "timeout") if hung_up.is_set() else (status, _judged(status or 0))
    except Exception as error:
        # AttributeError and ValueError too: the deadline closes the socket under http.client's hands
        status, reason = None, _named(error, hung_up)
    finally:
        deadline.cancel()
        connection.close()
    return Answer(reason, status, int((time.monotonic() - began) * 1000))


def _hang_up(connection: http.client.HTTPConnection, hung_up: threading.Event) -> None:
    hung_up.set()
    with suppress(OSError, AttributeError):
        connection.sock.shutdown(socket.SHUT_RDWR)


def _judged(status: int) -> str | None:
    if status in OK:
        return None
    return "redirect" if status in REDIRECTS else "status"


def _named(error: Exception, hung_up: threading.Event) -> str:
    if hung_up.is_set() or isinstance(error, TimeoutError):
        return "timeout"
    return "tls" if isinstance(error, ssl.SSLError) else "connection"
