"""A small typed client of the desk's JSON API, for Python 3.11 and newer; it needs no package.

    from quietus_client import Quietus
    desk = Quietus("http://127.0.0.1:8000", token="qt_…")
    record = desk.wait(desk.submit("I have not slept well this week.", subject_id=person)["id"])
    print(record["predicted_label"], record["confidence"])

Every call may be repeated after a lost answer: the ids that make it happen once are made before the first try. What
the desk refuses is raised as Refused, which carries the fields of its problem+json.
"""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NotRequired, TypedDict, cast
from urllib.parse import urlencode
from uuid import UUID, uuid4

AGAIN = (429, 500, 502, 503, 504)  # come back later; any other refusal is final
BATCH, EVENTS = 200, 500


class Analysis(TypedDict):
    """A record: every column of analysis_records, and `status`."""

    id: str
    user_id: str
    input_text: str
    source: str
    predicted_label: str
    confidence: float
    model_version: str
    ai_processing_ms: int
    submitted_at: str
    analyzed_at: str
    request_id: str
    status: str


class Accepted(TypedDict):
    """A text that is stored; its outcome follows."""

    id: str
    request_id: str
    status: str
    url: str


class Event(TypedDict):
    """A window of a video session. Make its `id` once and keep it: the same event sent again is known."""

    id: str
    event_at: str
    risk_level: str
    confidence: float
    signals: dict[str, float | bool | str]
    model_version: str
    latency_ms: int


class Submission(TypedDict):
    """A text of a batch."""

    text: str
    source: NotRequired[str]
    request_id: NotRequired[str]
    subject_id: NotRequired[str]


class Refused(Exception):
    """The desk said no. `code` is for programs, `detail` for people, `errors` names the fields."""

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        self.status: int = status
        self.code: str = problem.get("code", "")
        self.detail: str = problem.get("detail", "")
        self.errors: dict[str, list[str]] = problem.get("errors", {})
        self.request_id: str = problem.get("request_id", "")
        super().__init__(f"{status} {self.code}: {self.detail} {self.errors or ''}".strip())


class NoAnswer(Exception):
    """The desk could not be reached, or was too busy, for as long as we tried."""


class Quietus:
    """One desk and one token."""

    def __init__(
        self, url: str, token: str, *, timeout: float = 30, pauses: Sequence[float] = (1, 2, 4, 8, 16)
    ) -> None:
        self._url, self._token, self._timeout, self._pauses = url.rstrip("/") + "/api/v1", token, timeout, pauses

    def _call(self, method: str, path: str, body: Any = None, **query: Any) -> bytes:
        given = {name.rstrip("_"): value for name, value in query.items() if value is not None}
        url = self._url + path + (f"?{urlencode(given)}" if given else "")
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        for pause in (*self._pauses, None):
            request = urllib.request.Request(url, data, headers, method=method)  # noqa: S310 - the address we were given
            wait = pause
            try:
                with urllib.request.urlopen(request, timeout=self._timeout) as answer:  # noqa: S310 - as above
                    return bytes(answer.read())
            except urllib.error.HTTPError as refusal:
                if refusal.code not in AGAIN or pause is None:
                    raise Refused(refusal.code, _problem(refusal.read())) from None
                wait = max(pause, float(refusal.headers.get("Retry-After") or 0))
            except (urllib.error.URLError, TimeoutError, ConnectionError) as error:
                if pause is None:
                    raise NoAnswer(str(error)) from error
            time.sleep(wait or 0)
        raise AssertionError("the last try returns or raises")

    def _json(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        return json.loads(self._call(method, path, body, **query) or b"null")

    def me(self) -> dict[str, Any]:
        """Who the token belongs to, and what it may do (scope `me`)."""
        return cast(dict[str, Any], self._json("GET", "/auth/me"))

    def submit(
        self, text: str, *, subject_id: str | None = None, request_id: UUID | None = None, source: str = "API"
    ) -> Accepted:
        """Store a text; 202 means that it is on the desk's disk. The same `request_id` again stores it once."""
        body = {"text": text, "source": source, "request_id": str(request_id or uuid4())}
        about = {"subject_id": subject_id} if subject_id else {}
        return cast(Accepted, self._json("POST", "/analyses", body | about))

    def analysis(self, analysis_id: str) -> Analysis:
        return cast(Analysis, self._json("GET", f"/analyses/{analysis_id}"))

    def wait(self, analysis_id: str, *, seconds: float = 60) -> Analysis:
        """The record once its text was read; raises NoAnswer when that takes longer."""
        ends, pause = time.monotonic() + seconds, 0.1
        while (record := self.analysis(analysis_id))["status"] == "PENDING":
            if time.monotonic() > ends:
                raise NoAnswer("The text is stored and still waits to be read.")
            time.sleep(pause)
            pause = min(2.0, pause * 1.5)
        return record

    def submit_many(self, items: Sequence[Submission]) -> Iterator[dict[str, Any]]:
        """One result for each text, in order: `status` 202, or the refusal's `problem`. Give `request_id`s of your
        own where you may have to start the whole again."""
        named = [{"request_id": str(uuid4()), **item} for item in items]
        for start in range(0, len(named), BATCH):
            yield from self._json("POST", "/analyses/batch", {"items": named[start : start + BATCH]})["items"]

    def start_session(
        self, subject_id: str, stream_session_id: str, *, session_type: str = "DISTRESS_MONITORING"
    ) -> dict[str, Any]:
        """Open a session for a person who consented, or join the one that has this name already."""
        body = {"session_type": session_type, "client_platform": "AGENT", "stream_session_id": stream_session_id}
        return cast(dict[str, Any], self._json("POST", "/video/sessions", body | {"subject_id": subject_id}))

    def post_events(self, session_id: str, events: Sequence[Event]) -> tuple[int, int]:
        """Store windows; how many were new, and how many were there before."""
        stored = known = 0
        for start in range(0, len(events), EVENTS):
            batch = {"events": list(events[start : start + EVENTS])}
            answer = self._json("POST", f"/video/sessions/{session_id}/events", batch)
            stored, known = stored + answer["stored"], known + answer["duplicates"]
        return stored, known

    def end_session(self, session_id: str) -> dict[str, Any]:
        return cast(dict[str, Any], self._json("POST", f"/video/sessions/{session_id}/end"))

    def figure(self, name: str, *, from_: str, to: str, tz: str = "UTC", **more: str) -> list[dict[str, Any]]:
        """The rows of a figure, each by the names of its columns."""
        answer = self._json("GET", f"/analytics/{name}", from_=from_, to=to, tz=tz, **more)
        names = [column["name"] for column in answer["columns"]]
        return [dict(zip(names, row, strict=True)) for row in answer["rows"]]

    def report(self, name: str, file: Path, *, format_: str = "xlsx", seconds: float = 300, **params: str) -> str:
        """Have a report built and save it; its id. Parameters are those of the catalogue: from_, to, tz, …"""
        wanted = {key.rstrip("_"): value for key, value in params.items()}
        job = self._json("POST", "/reports", {"name": name, "params": wanted})
        ends = time.monotonic() + seconds
        while job["status"] in ("QUEUED", "RUNNING"):
            if time.monotonic() > ends:
                raise NoAnswer("The report is still being built.")
            time.sleep(0.5)
            job = self._json("GET", f"/reports/{job['id']}")
        if job["status"] != "READY":
            raise Refused(409, {"code": job["status"].lower(), "detail": job.get("reason") or "It was not built."})
        file.write_bytes(self._call("GET", f"/reports/{job['id']}/download", format=format_))
        return str(job["id"])


def event(
    at: datetime, risk_level: str, confidence: float, signals: dict[str, Any], *, model: str, ms: int = 0
) -> Event:
    """A window with an id of its own; `at` has a zone."""
    return {
        "id": str(uuid4()), "event_at": at.isoformat(), "risk_level": risk_level, "confidence": confidence,
        "signals": signals, "model_version": model, "latency_ms": ms,
    }  # fmt: skip


def _problem(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except ValueError:  # from something in between, such as a proxy
        return {"detail": body[:200].decode(errors="replace")}
    return found if isinstance(found, dict) else {}
