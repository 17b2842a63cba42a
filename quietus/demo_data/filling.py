"""Fills an empty database with made-up data, whole or not at all."""

import json
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import numpy as np
import psycopg

from quietus.demo_data.bare_tables import bare_tables
from quietus.demo_data.copying import Ground
from quietus.demo_data.people import DOMAIN, add_people
from quietus.demo_data.sessions import add_sessions
from quietus.demo_data.texts import add_texts

DAYS: Final = 365
TABLES: Final = "users, user_roles, analysis_records, video_sessions, video_analysis_events, audit_logs"
OTHERS: Final = f"""
SELECT EXISTS (SELECT FROM analysis_records) OR EXISTS (SELECT FROM video_sessions)
    OR EXISTS (SELECT FROM users WHERE email LIKE '%@{DOMAIN}')
"""  # noqa: S608 - a constant of ours  # nosec B608
ALERTS: Final = (("high_share", "warn", 0.11), ("high_share", "resolved", 0.08), ("waiting", "critical", 240.0))


class NotEmpty(Exception):
    """The database holds texts, sessions or demo people already; made-up data is never mixed with anybody's."""


@dataclass(frozen=True, slots=True)
class Filled:
    """What was made, in rows, and the seconds that it took."""

    people: int
    texts: int
    sessions: int
    events: int
    audit: int
    seconds: float


def fill(
    url: str,
    *,
    events: int,
    end: datetime,
    texts: int | None = None,
    seed: int = 1,
    days: int = DAYS,
    waiting_days: int | None = None,
) -> Filled:
    """Made-up data of the `days` before `end`; by default a text for every five windows.

    With `waiting_days` nothing waits longer for a reader than that; else a share of all of it was never read.
    `url` is of the role that owns the tables, in libpq's form. Raises NotEmpty.
    """
    began = time.perf_counter()
    rng = np.random.default_rng(seed)
    texts = events // 5 if texts is None else texts
    since = np.datetime64((end - timedelta(days=days)).replace(tzinfo=None), "ms")
    with psycopg.connect(url) as connection:
        if connection.execute(OTHERS).fetchone() == (True,):
            raise NotEmpty
        people, reviewers = add_people(connection, rng, min(20_000, max(20, events // 1000)), since)
        last = np.datetime64(end.replace(tzinfo=None), "ms")
        read_until = np.datetime64("NaT") if waiting_days is None else last - np.timedelta64(waiting_days, "D")
        ground = Ground(connection, rng, people, reviewers, end, days, read_until)
        with bare_tables(connection):
            audit = add_texts(ground, texts)
            sessions, made, more = add_sessions(ground, events)
            audit += more + _add_alerts(connection, end)
    with psycopg.connect(url, autocommit=True) as connection:
        # index-only scans need the map of what is visible to all; autovacuum would make it in its own time
        connection.execute(f"VACUUM (ANALYZE) {TABLES}")
    return Filled(len(people) + len(reviewers), texts, sessions, made, audit, time.perf_counter() - began)


def _add_alerts(connection: "psycopg.Connection[Any]", end: datetime) -> int:
    for number, (rule, state, value) in enumerate(ALERTS):
        connection.execute(
            "INSERT INTO audit_logs (action, resource_type, resource_id, metadata, created_at) "
            "VALUES ('alert:changed', 'alert', %s, %s, %s)",
            (rule, json.dumps({"state": state, "value": value}), end - timedelta(days=9 - number)),
        )
    return len(ALERTS)
