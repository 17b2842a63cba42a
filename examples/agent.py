"""A vision agent in its smallest useful form: opens a session for a person, posts what it measures, ends.

Start here with an agent of your own. Replace `judge` by your model and `measurements` by your camera; keep the rest:
every call may be repeated after a lost answer, because sessions and events carry names that are made here.

    QUIETUS_URL=http://127.0.0.1:8000 QUIETUS_TOKEN=qt_… python examples/agent.py --person UUID signals.csv

The token belongs to a SERVICE account and has the scopes `video` and `events`. The person must have consented on the
desk themselves; an agent cannot do it for them. Needs the package `requests`.
"""

import argparse
import csv
import os
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import requests

URL = os.environ.get("QUIETUS_URL", "http://127.0.0.1:8000") + "/api/v1/video/sessions"
AGAIN = (429, 500, 502, 503, 504)  # come back later; any other refusal is final
BATCH = 500
MODEL_VERSION = "example-agent-1"

http = requests.Session()


def call(method: str, url: str, **options: Any) -> dict[str, Any]:
    """Call the desk until it answers; a lost answer is asked for again, and nothing happens twice."""
    for pause in (1, 2, 4, 8, 16, 32):
        try:
            answer = http.request(method, url, timeout=30, **options)
        except (requests.ConnectionError, requests.Timeout):
            time.sleep(pause)
            continue
        if answer.ok:
            return dict(answer.json())
        if answer.status_code not in AGAIN:
            raise SystemExit(f"{answer.status_code}: {answer.text}")
        time.sleep(int(answer.headers.get("Retry-After", pause)))
    raise SystemExit("The desk did not answer.")


def judge(signals: dict[str, float]) -> tuple[str, float]:
    """A review priority of one window and how good the data was. This is no model: put yours here."""
    if signals["presence"] < 0.3:
        return "UNKNOWN", round(1 - signals["presence"], 4)
    signs = (signals["eye_closure"] > 0.6 or signals["head_pitch"] > 25) + (abs(signals["movement"]) > 2)
    return ("LOW", "MODERATE", "HIGH")[signs], signals["presence"]


def measurements(file: str) -> Iterator[tuple[float, dict[str, float]]]:
    """(seconds since the start, signals) of each window."""
    with Path(file).open(newline="") as rows:
        for row in csv.DictReader(rows):
            yield float(row.pop("seconds")), {name: float(value) for name, value in row.items()}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("signals", help="CSV: seconds, then a column for each signal")
    arguments.add_argument("--person", required=True, help="the account's id")
    arguments.add_argument("--stream", default=None, help="your name of this session; the same name goes on with it")
    chosen = arguments.parse_args()
    http.headers["Authorization"] = f"Bearer {os.environ['QUIETUS_TOKEN']}"

    stream = chosen.stream or f"example-{uuid.uuid4()}"
    wish = {"session_type": "DISTRESS_MONITORING", "client_platform": "AGENT", "stream_session_id": stream}
    session = call("POST", URL, json=wish | {"subject_id": chosen.person})
    place, began = f"{URL}/{session['id']}", datetime.fromisoformat(session["started_at"])
    waiting: list[dict[str, Any]] = []
    for seconds, signals in measurements(chosen.signals):
        measured_at = began + timedelta(seconds=seconds)
        pause = (measured_at - datetime.now(UTC)).total_seconds()
        if pause > 0 or len(waiting) == BATCH:  # what fell behind while the desk was away goes together
            post(place, waiting)
            time.sleep(max(0, pause))
        level, confidence = judge(signals)
        same = uuid.uuid5(uuid.UUID(session["id"]), str(seconds))  # after a restart too, the same window has this id
        event = {"id": str(same), "event_at": measured_at.isoformat(), "risk_level": level, "confidence": confidence}
        waiting.append({**event, "signals": signals, "model_version": MODEL_VERSION, "latency_ms": 0})
    post(place, waiting)
    print(call("POST", f"{place}/end")["status"], session["id"])


def post(place: str, waiting: list[dict[str, Any]]) -> None:
    """Store what waits; once this returns, it is on the desk's disk."""
    if waiting:
        answer = call("POST", f"{place}/events", json={"events": waiting})
        print(f"{answer['stored']} stored, {answer['duplicates']} were there before", flush=True)
        waiting.clear()


if __name__ == "__main__":
    main()
