"""Receives the desk's webhooks in their smallest safe form: verify, drop what came before, answer at once.

    WEBHOOK_SECRET=whsec_… python examples/webhook_receiver.py 8099

Follows the Standard Webhooks specification (standardwebhooks.com), for which there are libraries in most languages;
this one needs no package. Put it behind https: the desk sends over plain http only within networks that it was told of.
"""

import base64
import hashlib
import hmac
import json
import os
import sys
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

SECRET = base64.b64decode(os.environ["WEBHOOK_SECRET"].removeprefix("whsec_"))
OLDEST_SECONDS = 300
LARGEST = 64 * 1024
seen: set[str] = set()  # yours lives in a database: a message may come twice, also after a restart


def verified(headers: Mapping[str, str], body: bytes) -> bool:
    """Whether the desk signed this very body, a moment ago."""
    name, at, signatures = (headers.get(f"webhook-{each}", "") for each in ("id", "timestamp", "signature"))
    if not at.isdigit() or abs(time.time() - int(at)) > OLDEST_SECONDS:
        return False
    told = f"{name}.{at}.".encode() + body
    right = "v1," + base64.b64encode(hmac.new(SECRET, told, hashlib.sha256).digest()).decode()
    # several while a secret changes
    return any(hmac.compare_digest(right, each) for each in signatures.split(" "))


def handle(message: dict[str, Any]) -> None:
    """Yours. Be quick, or put it in a queue: the desk waits five seconds and then tries again later."""
    data = message["data"]
    print(message["type"], data.get("id", ""), data.get("predicted_label", ""), flush=True)


class Receiver(BaseHTTPRequestHandler):
    """One POST is one message."""

    timeout = 10

    def do_POST(self) -> None:
        size = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(size) if size <= LARGEST else b""
        if not verified({name.lower(): value for name, value in self.headers.items()}, body):
            self.answer(400)
            return
        if self.headers["webhook-id"] not in seen:
            handle(json.loads(body))
            seen.add(self.headers["webhook-id"])  # after it was handled: what fails comes again
        self.answer(204)

    def answer(self, status: int) -> None:
        self.send_response(status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """The lines of `handle` are enough."""


if __name__ == "__main__":
    HTTPServer(("127.0.0.1", int(sys.argv[1])), Receiver).serve_forever()
