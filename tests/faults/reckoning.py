"""Compares every 202 with the rows, and tells how long each fault was felt."""

import bisect
import math
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import psycopg

from quietus.textmodel import LABELS
from tests.faults.storm import Fault
from tests.faults.submitter import Submitted

ROWS = """
    SELECT r.request_id::text, r.id::text, r.predicted_label, r.input_text,
        extract(epoch FROM r.submitted_at)::float8, extract(epoch FROM r.analyzed_at)::float8,
        count(a.id) FILTER (WHERE a.action = 'analysis:accepted'),
        count(a.id) FILTER (WHERE a.action IN ('analysis:recorded', 'analysis:failed'))
    FROM analysis_records r
    LEFT JOIN audit_logs a ON a.resource_type = 'analysis' AND a.resource_id = r.id::text
    GROUP BY r.id
"""


@dataclass
class Reckoning:
    """What the rows say about the answers."""

    accepted: int = 0
    lost: list[str] = field(default_factory=list)  # answered 202 and not there, or under another id, or changed
    twice: list[str] = field(default_factory=list)  # more than one outcome or acceptance
    waiting: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    unasked: list[str] = field(default_factory=list)  # a row that nobody was told of
    recorded_at: list[float] = field(default_factory=list)
    waits: dict[str, tuple[float, float]] = field(default_factory=dict)  # request_id → submitted, recorded


def reckon(database: str, submitted: list[Submitted]) -> Reckoning:
    found = Reckoning()
    with psycopg.connect(database) as connection:
        rows: dict[str, tuple[Any, ...]] = {row[0]: row for row in connection.execute(ROWS).fetchall()}
    answered = {key: (one.ids[key], text) for one in submitted for key, text in one.texts.items() if key in one.ids}
    found.accepted = len(answered)
    for key, (record_id, text) in answered.items():
        row = rows.get(key)
        if row is None or row[1] != record_id or row[3] != text:
            found.lost.append(key)
            continue
        _, _, label, _, submitted_at, analyzed_at, acceptances, outcomes = row
        if label == "PENDING":
            found.waiting.append(key)
            continue
        if label not in LABELS:
            found.failed.append(key)
        if (acceptances, outcomes) != (1, 1):
            found.twice.append(f"{key}: accepted {acceptances}, outcomes {outcomes}")
        found.waits[key] = (submitted_at, analyzed_at)
    found.unasked = sorted(rows.keys() - answered.keys())
    found.recorded_at = sorted(recorded for _, recorded in found.waits.values())
    return found


def first_after(moments: list[float], after: float | None) -> float | None:
    """Seconds from `after` to the first of the sorted moments that follows."""
    if after is None:
        return None
    at = bisect.bisect_right(moments, after)
    return moments[at] - after if at < len(moments) else None


def table(faults: list[Fault], submitted: list[Submitted], found: Reckoning) -> list[dict[str, Any]]:
    """For each fault: seconds until the part was back, until the first 202 and until the first new outcome."""
    began = faults[0].at
    accepted = sorted(
        one.began + one.seconds for each in submitted for one in each.attempts if one.said in (202, 207)
    )
    return [
        {
            "fault": fault.name,
            "at": fault.at - began,
            "back": fault.back - fault.killed if fault.back else None,
            "first_202": first_after(accepted, fault.at),
            "first_row": first_after(found.recorded_at, whole_again(fault, faults)),
            "longest_wait": _longest_wait(fault, whole_again(fault, faults), found),
        }
        for fault in faults
    ]


def whole_again(fault: Fault, faults: list[Fault]) -> float | None:
    """When the part was back, and every other part that had been hit before that too."""
    moment = fault.back
    while moment is not None:
        later = [other.back for other in faults if other.at <= moment and (other.back or math.inf) > moment]
        if not later:
            return moment
        moment = None if None in later else max(back for back in later if back is not None)
    return None


def _longest_wait(fault: Fault, whole: float | None, found: Reckoning) -> float | None:
    """Of the texts accepted from the fault on until all was back: how long after that the last one was recorded."""
    if whole is None:
        return None
    late = [recorded - whole for sent, recorded in found.waits.values() if fault.at <= sent <= whole]
    return max(0.0, *late) if late else None


def hung(faults: list[Fault], submitted: list[Submitted], seconds: float) -> list[str]:
    """Requests that were not answered in time although no web process was being started."""
    away = [(fault.at, fault.back or math.inf) for fault in faults if fault.part == "web"]
    return [
        f"{one.said} after {one.seconds:.1f} s"
        for each in submitted
        for one in each.attempts
        if one.seconds > seconds
        and not any(gone <= one.began + one.seconds and one.began <= back for gone, back in away)
    ]


def statuses(submitted: list[Submitted]) -> Counter[str]:
    return Counter(str(one.said) for each in submitted for one in each.attempts)


def slow_answers(submitted: list[Submitted], status: int) -> list[float]:
    return sorted(one.seconds for each in submitted for one in each.attempts if one.said == status)
