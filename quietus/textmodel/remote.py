"""A model served elsewhere: POST {text, request_id}, get {label, confidence, model_version, processing_ms}.

A server that is slow, gone or talking nonsense is never an answer: the texts stay pending and are asked again.
"""

from __future__ import annotations

import http.client
import json
import math
import random
import ssl
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

from .port import LABELS, ModelUnavailable, Outcome, Refusal

LARGEST_ANSWER = 64 * 1024
REFUSING = (400, 413, 422)  # the server looked at this text and will not take it
BUSY = (408, 425, 429, 500, 502, 503, 504)  # the same request may work later


class _TryAgain(Exception):
    """This attempt failed in a way that another may not; `after` is the server's own wish in seconds."""

    def __init__(self, reason: str, after: float = 0.0) -> None:
        super().__init__(reason)
        self.after = after


@dataclass(frozen=True, slots=True)
class _Answer:
    outcome: Outcome | Refusal
    version: str | None


class CircuitBreaker:
    """After some failures in a row nothing is sent for a while; then one attempt decides."""

    def __init__(self, failures: int = 3, rest: float = 30.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._most, self._rest, self._clock = failures, rest, clock
        self._failures = 0
        self._closed_again_at = 0.0

    def check(self) -> None:
        """Raise ModelUnavailable while the circuit is open."""
        wait = self._closed_again_at - self._clock()
        if self._failures >= self._most and wait > 0:
            raise ModelUnavailable(f"The model server failed {self._failures} times; asking again in {wait:.0f} s.")

    def succeeded(self) -> None:
        self._failures = 0

    def failed(self) -> None:
        self._failures += 1
        self._closed_again_at = self._clock() + self._rest


class RemoteModel:
    """One HTTP server; `version` is what the server called itself in the last batch."""

    def __init__(
        self,
        url: str,
        token: str = "",  # none  # nosec B107
        *,
        timeout: float = 5.0,
        attempts: int = 3,
        pause: float = 0.2,
        breaker: CircuitBreaker | None = None,
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("The model server's address must start with http:// or https:// and name a host.")
        if not token.isascii() or not token.isprintable():
            raise ValueError("The service token may hold printable ASCII characters only.")
        self._secure, self._host, self._port = parts.scheme == "https", parts.hostname, parts.port
        self._path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._token, self._timeout, self._attempts, self._pause = token, timeout, attempts, pause
        self._breaker = breaker or CircuitBreaker()
        self.version = "remote"

    def predict(self, texts: Sequence[str]) -> list[Outcome | Refusal]:
        """One answer per text. A batch has one version: when the server changes in the middle it is asked anew."""
        for _ in range(2):
            answers = [self._ask(text) for text in texts]
            versions = {a.version for a in answers if a.version is not None}
            if len(versions) <= 1:
                self.version = versions.pop() if versions else self.version
                return [a.outcome for a in answers]
        raise ModelUnavailable("The model server changes its version from one text to the next.")

    def _ask(self, text: str) -> _Answer:
        self._breaker.check()
        # One id for all attempts, so that a server which did the work already can say so again.
        body = json.dumps({"text": text, "request_id": str(uuid.uuid4())}).encode()
        for attempt in range(1, self._attempts + 1):
            try:
                answer = _understood(*self._post(body))
            except _TryAgain as failure:
                if attempt == self._attempts:
                    self._breaker.failed()
                    raise ModelUnavailable(f"The model server gave no answer: {failure}.") from None
                self._wait(attempt, failure.after)
            except ModelUnavailable:
                self._breaker.failed()
                raise
            else:
                self._breaker.succeeded()
                return answer
        raise ModelUnavailable("The model server was not asked.")  # attempts < 1

    def _wait(self, attempt: int, wish: float) -> None:
        """Exponential back-off with full jitter, at least what the server asked for, at most one timeout."""
        backoff = random.uniform(0.5, 1.0) * self._pause * 2 ** (attempt - 1)  # noqa: S311  no secret
        time.sleep(min(max(backoff, wish), self._timeout))

    def _post(self, body: bytes) -> tuple[int, bytes, float]:
        """Status, body and Retry-After, all within one deadline, however slowly the server drips."""
        connection = self._connection()
        deadline = threading.Timer(self._timeout, _hang_up, [connection])
        deadline.daemon = True
        try:
            deadline.start()
            headers = {"Content-Type": "application/json", "Accept": "application/json", "Connection": "close"}
            if self._token:
                headers["X-Service-Token"] = self._token
            connection.request("POST", self._path, body, headers)
            response = connection.getresponse()
            content = response.read(LARGEST_ANSWER + 1)
            return response.status, content, _seconds(response.getheader("Retry-After"))
        except (OSError, http.client.HTTPException, ValueError, AttributeError) as error:
            # AttributeError: the deadline closed the socket under http.client's hands.
            raise _TryAgain(type(error).__name__) from None
        finally:
            deadline.cancel()
            connection.close()

    def _connection(self) -> http.client.HTTPConnection:
        if self._secure:
            context = ssl.create_default_context()
            return http.client.HTTPSConnection(self._host, self._port, timeout=self._timeout, context=context)
        return http.client.HTTPConnection(self._host, self._port, timeout=self._timeout)


def _hang_up(connection: http.client.HTTPConnection) -> None:
    with suppress(OSError, AttributeError):
        connection.sock.shutdown(2)


def _seconds(value: str | None) -> float:
    return float(value) if value and value.isdigit() and len(value) < 5 else 0.0


def _understood(status: int, content: bytes, retry_after: float) -> _Answer:
    """The server's answer, checked field by field; anything else is a failure, never an outcome."""
    if status in REFUSING:
        return _Answer(Refusal("refused_by_model"), None)
    if status in BUSY:
        raise _TryAgain(f"status {status}", retry_after)
    if status != 200:
        raise ModelUnavailable(f"The model server answered with status {status}: address or token are wrong.")
    try:
        value = json.loads(content) if len(content) <= LARGEST_ANSWER else None
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise _TryAgain("not a JSON object")
    label, confidence, version = (value.get(name) for name in ("label", "confidence", "model_version"))
    if label not in LABELS:
        raise _TryAgain("an unknown label")
    if isinstance(confidence, bool) or not isinstance(confidence, int | float):
        raise _TryAgain("a confidence that is not a number")
    if not (math.isfinite(confidence) and 0 <= confidence <= 1):
        raise _TryAgain("a confidence outside 0 to 1")
    if not isinstance(version, str) or not (1 <= len(version) <= 64 and version.isprintable()):
        raise _TryAgain("no usable model_version")
    outcome = Outcome(label, float(confidence), {label: float(confidence)}, spans=(), flags=())
    return _Answer(outcome, version)
