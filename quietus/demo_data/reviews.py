"""What made-up reviewers decided: first and second readings, readings of the item, and decisions taken back."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import psycopg

from quietus.demo_data.copying import Array, Ground, copy_rows, numbers, picked, times

LABELS: Final = ("LOW", "MODERATE", "HIGH")
COLUMNS: Final = ("user_id", "action", "resource_type", "resource_id", "metadata", "created_at")
SECOND_READINGS, TAKEN_BACK = 0.12, 50

UNDO: Final = """
INSERT INTO audit_logs (user_id, action, resource_type, resource_id, metadata, created_at)
SELECT user_id, 'review:undone', resource_type, resource_id, jsonb_build_object('decision', id),
    created_at + interval '2 minutes'
FROM audit_logs
WHERE action = 'review:decided' AND resource_type = %s AND id %% %s = 0
    AND created_at > coalesce(%s, '-infinity'::timestamp) AT TIME ZONE 'UTC'
"""


@dataclass(frozen=True, slots=True)
class Reviewed:
    """The items that somebody read, as columns."""

    resource_type: str
    id: list[str]
    user_id: list[str]
    label: list[str]
    confidence: Array
    version: list[str]
    since: Array


@dataclass(frozen=True, slots=True)
class Reading:
    """Who read which of the items, what they said and when."""

    number: int
    places: list[int]
    who: list[str]
    said: list[str]
    at: Array


def add_reviews(ground: Ground, items: Reviewed) -> int:
    """How many audit rows that made."""
    rng, reviewers, connection = ground.rng, ground.reviewers, ground.connection
    count = len(items.id)
    if not count:
        return 0
    who = rng.integers(0, len(reviewers), count)
    at = items.since + np.minimum(rng.lognormal(15, 1, count), 3e8).astype("timedelta64[ms]")
    said = _human(rng, items.label, items.confidence)
    # what would be read later than now still waits
    end = np.datetime64(ground.end.replace(tzinfo=None), "ms")
    done = np.flatnonzero(at <= end)
    first = Reading(1, done.tolist(), picked(reviewers, who[done].tolist()), picked(said, done.tolist()), at[done])
    rows = _viewed(connection, items, first) + _decided(connection, items, first)
    twice = np.flatnonzero((rng.random(count) < SECOND_READINGS) & (at + np.timedelta64(3, "h") <= end))
    # the second reader mostly sees it as the first did
    same = (rng.random(len(twice)) < 0.8).tolist()
    again = [label if keep else "MODERATE" for label, keep in zip(picked(said, twice), same, strict=True)]
    other = picked(reviewers, ((who[twice] + 1) % len(reviewers)).tolist())
    rows += _decided(connection, items, Reading(2, twice.tolist(), other, again, at[twice] + np.timedelta64(3, "h")))
    return rows + connection.execute(UNDO, (items.resource_type, TAKEN_BACK, ground.all_read_until.item())).rowcount


def _human(rng: np.random.Generator, labels: list[str], confidence: Array) -> list[str]:
    """A person says the same about as often as the confidence promises, and else the next label to it."""
    agrees = (rng.random(len(labels)) < np.clip(confidence, 0, 0.97)).tolist()
    near = {"LOW": "MODERATE", "MODERATE": "LOW", "HIGH": "MODERATE"}
    raised = (rng.random(len(labels)) < 0.2).tolist()
    return [
        label if same else "HIGH" if up and label == "MODERATE" else near[label]
        for label, same, up in zip(labels, agrees, raised, strict=True)
    ]


def _viewed(connection: "psycopg.Connection[Any]", items: Reviewed, reading: Reading) -> int:
    who, at = reading.who, reading.at - np.timedelta64(2, "m")
    acts, kinds = [f"{items.resource_type}:viewed"] * len(who), [items.resource_type] * len(who)
    told = [f'{{"reason": "review", "subject_id": "{user}"}}' for user in picked(items.user_id, reading.places)]
    return copy_rows(connection, "audit_logs", COLUMNS,
                     (who, acts, kinds, picked(items.id, reading.places), told, times(at)))  # fmt: skip


def _decided(connection: "psycopg.Connection[Any]", items: Reviewed, reading: Reading) -> int:
    confidence = numbers(items.confidence, 4)
    told = []
    # windows that come after what was seen make a session wait again
    seen = [f', "seen": "{at}"' if items.resource_type == "video_session" else "" for at in times(items.since)]
    for place, human in zip(reading.places, reading.said, strict=True):
        label = items.label[place]
        reason = "SECOND_READING" if reading.number == 2 else "SAMPLE" if label == "LOW" else label
        outcome = "NOT_CONCERNING" if human == "LOW" else "CONFIRMED"
        action = {"LOW": "NONE", "MODERATE": "SIGNPOSTED", "HIGH": "CONTACTED"}[human]
        told.append(
            f'{{"outcome": "{outcome}", "human_label": "{human}", "action": "{action}", "predicted_label": "{label}", '
            f'"confidence": {confidence[place]}, "model_version": "{items.version[place]}", "reason": "{reason}", '
            f'"reading": {reading.number}, "subject_id": "{items.user_id[place]}"{seen[place]}}}'
        )
    acts, kinds = ["review:decided"] * len(told), [items.resource_type] * len(told)
    return copy_rows(
        connection,
        "audit_logs",
        COLUMNS,
        (reading.who, acts, kinds, picked(items.id, reading.places), told, times(reading.at)),
    )
