"""Clients that behave: made-up texts at a steady rate, whatever the desk does, and each one repeated until it is in."""

import random
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import requests

OPENINGS = ("This week", "Since Monday", "After the move", "At work", "At night", "With the new neighbours", "Lately")
MIDDLES = (
    "I slept badly and was tired",
    "everything felt heavy",
    "we cooked soup and laughed",
    "I could not stop worrying",
    "the garden kept me busy",
    "nobody called and I felt alone",
    "the days went by as usual",
)
HANG_SECONDS = 30.0
CLIENTS = 200


@dataclass(frozen=True)
class Attempt:
    """One request: when it began, how long it took, and the status, or the name of what went wrong."""

    began: float
    seconds: float
    said: int | str


@dataclass
class Submitted:
    """One submission of one text, or of several in a batch."""

    texts: dict[str, str]  # request_id → text
    ids: dict[str, str] = field(default_factory=dict)  # request_id → the id that came with its 202
    at: float = 0.0  # when the last of them was accepted
    attempts: list[Attempt] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    @property
    def accepted(self) -> bool:
        return len(self.ids) == len(self.texts)


class Submitter:
    """Open loop: the next one comes at its time, also while earlier ones wait for an answer."""

    def __init__(self, url: str, token: str, seed: int, *, per_second: float, batch: int) -> None:
        self.done: list[Submitted] = []
        self._url, self._batch = url, batch
        self._headers = {"Authorization": f"Bearer {token}"}
        self._random = random.Random(seed)
        self._pause = 1.0 / per_second
        self._stop = threading.Event()
        self._give_up = threading.Event()
        self._local = threading.local()
        self._pool = ThreadPoolExecutor(CLIENTS)
        self._clock = threading.Thread(target=self._keep_time, daemon=True)

    def __enter__(self) -> "Submitter":
        self._clock.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.finish(0)

    def finish(self, seconds: float) -> None:
        """No new ones; wait so long for those that are still repeating."""
        self._stop.set()
        self._clock.join()
        timer = threading.Timer(seconds, self._give_up.set)
        timer.start()
        self._pool.shutdown(wait=True)
        timer.cancel()

    def attempts(self) -> Iterator[Attempt]:
        for one in list(self.done):
            yield from list(one.attempts)

    def accepted(self) -> dict[str, str]:
        """Every request_id that was answered 202, and the id that came with it."""
        return {key: value for one in self.done for key, value in list(one.ids.items())}

    def repeat(self, one: Submitted) -> list[dict[str, Any]]:
        """Send what was accepted once more; the desk's answers."""
        answer = requests.post(self._path("/batch"), json=_batch(one), headers=self._headers, timeout=HANG_SECONDS)
        items: list[dict[str, Any]] = answer.json()["items"]
        return items

    def _keep_time(self) -> None:
        due, number = time.monotonic(), 0
        while not self._stop.is_set():
            number += 1
            # every fourth is a batch
            one = Submitted(dict(self._text(number) for _ in range(self._batch if number % 4 == 0 else 1)))
            self.done.append(one)
            self._pool.submit(self._bring_in, one)
            due += self._pause
            time.sleep(max(0.0, due - time.monotonic()))

    def _text(self, number: int) -> tuple[str, str]:
        words = f"{self._random.choice(OPENINGS)} {self._random.choice(MIDDLES)}, note {number} of mine."
        return str(UUID(int=self._random.getrandbits(128), version=4)), words

    def _bring_in(self, one: Submitted) -> None:
        while not (one.accepted or one.refused or self._give_up.is_set()):
            time.sleep(self._try(one))

    def _try(self, one: Submitted) -> float:
        """One request; the seconds to wait before the next."""
        began = time.time()
        try:
            answer = self._send(one)
            body: Any = answer.json() if answer.status_code in (202, 207) else {}
        except (requests.RequestException, ValueError) as error:
            one.attempts.append(Attempt(began, time.time() - began, type(error).__name__))
            self._local.session = None
            return 0.25
        one.attempts.append(Attempt(began, time.time() - began, answer.status_code))
        if answer.status_code in (202, 207):
            for item in body.get("items", [{"status": 202, "analysis": body}]):
                if item["status"] == 202:
                    self._note(one, item["analysis"]["request_id"], item["analysis"]["id"])
                else:
                    one.refused.append(f"{item['status']} in a batch")
            one.at = time.time()
        elif answer.status_code in (429, 503):
            if not answer.headers.get("Retry-After", "").isdigit():
                one.refused.append(f"{answer.status_code} without Retry-After")
            return float(answer.headers.get("Retry-After", 1))
        else:
            one.refused.append(f"{answer.status_code} {answer.text[:200]}")
        return 0.0

    @staticmethod
    def _note(one: Submitted, request_id: str, record_id: str) -> None:
        if one.ids.setdefault(request_id, record_id) != record_id:
            one.refused.append(f"{request_id} was given two ids")

    def _send(self, one: Submitted) -> requests.Response:
        session = getattr(self._local, "session", None)
        if session is None:
            session = self._local.session = requests.Session()
        if len(one.texts) > 1:
            found: requests.Response = session.post(
                self._path("/batch"), json=_batch(one), headers=self._headers, timeout=HANG_SECONDS
            )
            return found
        ((request_id, text),) = one.texts.items()
        body = {"text": text, "request_id": request_id}
        return session.post(self._path(), json=body, headers=self._headers, timeout=HANG_SECONDS)  # type: ignore[no-any-return]

    def _path(self, rest: str = "") -> str:
        return f"{self._url}/api/v1/analyses{rest}"


def _batch(one: Submitted) -> dict[str, list[dict[str, str]]]:
    return {"items": [{"text": text, "request_id": request_id} for request_id, text in one.texts.items()]}


def moment(seconds: float) -> datetime:
    """A time.time() as the database writes it."""
    return datetime.fromtimestamp(seconds, UTC)
