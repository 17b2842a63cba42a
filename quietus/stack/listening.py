"""The address the product listens on: whether it can be had, how it is reached, whether it answers."""

from __future__ import annotations

import errno
import http.client
import socket
from contextlib import closing

from quietus.stack.state import StackError


def usable_port(host: str, port: int) -> int:
    """The port, or a free one for 0; one sentence when it cannot be had."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with closing(socket.socket(family, kind)) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as gunicorn will
            probe.bind(address)
            return int(probe.getsockname()[1])
    except OSError as reason:
        if isinstance(reason, PermissionError):
            sentence = f"Port {port} needs more rights than this user has: choose another with --port."
        elif isinstance(reason, socket.gaierror) or reason.errno == errno.EADDRNOTAVAIL:
            sentence = f"{host} is no address of this machine: choose another with --host."
        else:
            sentence = f"Port {port} on {host} is taken: choose another with --port (0: any free one)."
        raise StackError(sentence) from None


def address(host: str, port: int) -> str:
    """As gunicorn's --bind and a URL write it."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def base_url(host: str, port: int) -> str:
    """Where a browser on this machine finds it."""
    return f"http://{address(_reached_at(host), port)}"


def readiness(host: str, port: int) -> int | None:
    """The status of GET /readyz; None when nobody answers in time."""
    line = http.client.HTTPConnection(_reached_at(host), port, timeout=3)
    try:
        line.request("GET", "/readyz")
        return line.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        line.close()


def _reached_at(host: str) -> str:
    everywhere = {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1"}  # noqa: S104 - not bound here  # nosec B104
    return everywhere.get(host, host)
