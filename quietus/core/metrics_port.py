"""A worker's own /metrics: where no web process shares its folder, as in a container, nobody else could gather them."""

import hmac
from collections.abc import Iterable
from threading import Thread
from typing import Any, Final
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import structlog
from prometheus_client import make_wsgi_app
from prometheus_client.exposition import ThreadingWSGIServer

from quietus.core import metrics

log = structlog.get_logger(__name__)

SLOWEST_SECONDS: Final = 10


class _Handler(WSGIRequestHandler):
    """Says nothing in the log, and lets nobody hold a thread by sending slowly."""

    timeout = SLOWEST_SECONDS

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base's own name
        pass


def may_read(token: str, header: str) -> bool:
    """Whether an Authorization header carries this token."""
    return bool(token) and hmac.compare_digest(token.encode(), header.removeprefix("Bearer ").encode())


def serve(port: int, token: str) -> WSGIServer | None:
    """Answer /metrics until the process ends; without a token to this machine only.

    None when the port is taken: that nobody can count must not keep a text from being read.
    """
    inner = make_wsgi_app(metrics.counters())

    def guarded(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        known = not token or may_read(token, environ.get("HTTP_AUTHORIZATION", ""))
        if known and environ["PATH_INFO"] == "/metrics" and environ["REQUEST_METHOD"] in ("GET", "HEAD"):
            answer: Iterable[bytes] = inner(environ, start_response)
            return answer
        start_response("404 Not Found", [("Content-Type", "text/plain"), ("Content-Length", "0")])
        return [b""]

    host = "0.0.0.0" if token else "127.0.0.1"  # noqa: S104 - behind the token  # nosec B104
    try:
        server = make_server(host, port, guarded, ThreadingWSGIServer, _Handler)
    except OSError as error:
        log.error("metrics.port_taken", port=port, error=type(error).__name__)
        return None
    Thread(target=server.serve_forever, name="metrics", daemon=True).start()
    return server
