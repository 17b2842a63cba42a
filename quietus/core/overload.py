"""What a web process says when more requests wait than it can serve soon: 503, when to come back, where help is.

Made without Flask, for the main loop of core/gunicorn_worker.py: turning away must cost far less than serving.
"""

import json
import uuid
from typing import Final

from quietus.core import metrics

# requests of a process that may wait for one of its threads: well under a second of work on a quiet machine
WAITING: Final = 32
# help, and the question whether we live, are answered also while everything else is turned away: a thread of their own
SPARED: Final = (b"/help", b"/healthz", b"/readyz", b"/metrics", b"/static/")
RETRY_SECONDS: Final = 2
DETAIL: Final = "The desk is very busy right now. Nothing was accepted. Please try again in a moment."
PAGE: Final = f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Very busy - Quietus</title></head>
<body><main><h1>The desk is very busy</h1><p>{DETAIL}</p>
<p>If you need someone now: <a href="/help">Get help now</a>.</p>
<div lang="de"><h2>Gerade ist hier sehr viel los</h2>
<p>Es wurde nichts angenommen. Bitte versuch es gleich noch einmal.</p>
<p>Wenn du jetzt jemanden brauchst: <a href="/help">Hilfe finden</a>.</p></div></main></body></html>
"""


def _path(head: bytes) -> bytes:
    """The path of a request's first line, empty where there is none."""
    words = head.split(b"\r\n", 1)[0].split(b" ")
    return words[1].split(b"?", 1)[0] if len(words) > 1 else b""


def spared(head: bytes) -> bool:
    """Whether a request that begins like this is served even when all others are turned away."""
    path = _path(head)
    return path == b"/" or path.startswith(SPARED)


def answer(head: bytes) -> bytes:
    """The whole answer to a request that begins like this and is turned away; counts it."""
    metrics.SHED.inc()
    request_id, path = uuid.uuid4().hex, _path(head)
    if path.startswith(b"/api/"):
        kind = "application/problem+json"
        facts = {"type": "about:blank", "title": "Service Unavailable", "status": 503, "detail": DETAIL}
        facts |= {"instance": path.decode("latin-1"), "code": "busy", "request_id": request_id}
        body = json.dumps(facts).encode()
    else:
        kind, body = "text/html; charset=utf-8", PAGE.encode()
    lines = [
        "HTTP/1.1 503 Service Unavailable",
        f"Content-Type: {kind}",
        f"Content-Length: {len(body)}",
        f"Retry-After: {RETRY_SECONDS}",
        f"X-Request-ID: {request_id}",
        "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
        "X-Content-Type-Options: nosniff",
        "Referrer-Policy: no-referrer",
        "Cache-Control: no-store",
        "Connection: close",
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body
