"""A real small HTTP server that receives webhooks, well or badly."""

import base64
import hashlib
import hmac
import json
import socket
import ssl
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEY = b"only-for-tests-0123456789abcdef"
SECRET = "whsec_" + base64.b64encode(KEY).decode()


@dataclass
class Received:
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    def signed_by(self, key: bytes) -> bool:
        """As the specification tells it, without the library that signed."""
        told = b".".join((self.id.encode(), self.headers["webhook-timestamp"].encode(), self.body))
        right = "v1," + base64.b64encode(hmac.new(key, told, hashlib.sha256).digest()).decode()
        return abs(time.time() - int(self.headers["webhook-timestamp"])) < 300 and any(
            hmac.compare_digest(right, each) for each in self.headers["webhook-signature"].split(" ")
        )


class Receiver(ThreadingHTTPServer):
    """Keeps what it was told. `manner`: a status to answer with, or hang, drip, close, endless."""

    daemon_threads = True

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.scheme = "https" if context else "http"
        if context:
            self.socket = context.wrap_socket(self.socket, server_side=True)
        self.told: list[Received] = []
        self.manner: int | str = 204
        self.released = threading.Event()
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def handle_error(self, *_: Any) -> None:
        pass  # a caller that hangs up is what some tests are about

    def url(self, host: str = "127.0.0.1") -> str:
        return f"{self.scheme}://{host}:{self.server_port}/in/for-the-ward-only"

    def stop(self) -> None:
        self.released.set()
        self.shutdown()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.told.append(Received({k.lower(): v for k, v in self.headers.items()}, body))
        manner = self.server.manner
        if manner == "hang":
            self.server.released.wait(20)
        elif manner == "drip":
            self._drip()
        elif manner == "close":
            self.connection.shutdown(socket.SHUT_RDWR)
        elif manner == "endless":
            self._pour()
        else:
            self.send_response(int(manner))
            if 300 <= int(manner) < 400:
                self.send_header("Location", self.server.url() + "/elsewhere")
            self.end_headers()

    def _drip(self) -> None:
        """A header now and then, for ever: each byte would begin a socket's own timeout anew."""
        self.wfile.write(b"HTTP/1.1 200 OK\r\n")
        while not self.server.released.wait(0.1):
            self.wfile.write(b"X-More: x\r\n")

    def _pour(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while not self.server.released.is_set():
            self.wfile.write(b"10000\r\n" + b"x" * 65536 + b"\r\n")

    def log_message(self, *_: object) -> None:
        pass
