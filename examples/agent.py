"""A vision agent in its smallest useful form: opens a session for a person, posts what it measures, ends.

Start here with an agent of your own. Replace `judge` by your model and `measurements` by your camera; keep the rest:
every call may be repeated after a lost answer, because sessions and events carry names that are made here.

    QUIETUS_URL=http://127.0.0.1:8000 QUIETUS_TOKEN=qt_… python examples/agent.py --person UUID signals.csv

The token belongs to a SERVICE account and has the scopes `video` and `events`. The person must have consented on the
desk themselves; an agent cannot do it for them. Needs the file quietus_client.py beside it, and no package.
"""

import argparse
import csv
import os
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from quietus_client import EVENTS, Event, Quietus, Refused, event

MODEL_VERSION = "example-agent-1"


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
    desk = Quietus(os.environ.get("QUIETUS_URL", "http://127.0.0.1:8000"), os.environ["QUIETUS_TOKEN"])

    session = desk.start_session(chosen.person, chosen.stream or f"example-{uuid.uuid4()}")
    began = datetime.fromisoformat(session["started_at"])
    waiting: list[Event] = []
    for seconds, signals in measurements(chosen.signals):
        measured_at = began + timedelta(seconds=seconds)
        pause = (measured_at - datetime.now(UTC)).total_seconds()
        if pause > 0 or len(waiting) == EVENTS:  # what fell behind while the desk was away goes together
            post(desk, session["id"], waiting)
            time.sleep(max(0, pause))
        level, confidence = judge(signals)
        same = uuid.uuid5(uuid.UUID(session["id"]), str(seconds))  # after a restart too, the same window has this id
        window = event(measured_at, level, confidence, signals, model=MODEL_VERSION)
        waiting.append({**window, "id": str(same)})
    post(desk, session["id"], waiting)
    print(desk.end_session(session["id"])["status"], session["id"])


def post(desk: Quietus, session_id: str, waiting: list[Event]) -> None:
    """Store what waits; once this returns, it is on the desk's disk."""
    if waiting:
        stored, known = desk.post_events(session_id, waiting)
        print(f"{stored} stored, {known} were there before", flush=True)
        waiting.clear()


if __name__ == "__main__":
    try:
        main()
    except Refused as refusal:
        raise SystemExit(str(refusal)) from None
