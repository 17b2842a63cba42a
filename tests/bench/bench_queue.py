"""Reading the review queue at a million audit rows, with its plan; beside the same query without the settled marks.

AUDIT_ROWS=n sets the size. Three of eight texts were HIGH or MODERATE and are decided, but for some new and some
old ones. 300 sessions with 20 raised windows each lie in the last three days; ten of them wait.
"""

import os
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any
from unittest.mock import patch

from flask import Flask
from sqlalchemy import text

from quietus.core.config import Settings
from quietus.core.extensions import db
from quietus.review import queue, settling, statements
from tests.conftest import run_sql
from tests.factories import make_user, principal

AUDIT_ROWS = int(os.environ.get("AUDIT_ROWS", "1000000"))
SESSIONS, WINDOWS = 300, 20
READS = 30
FRESH = 60

FILL = """
CREATE TEMPORARY TABLE made AS
    SELECT gen_random_uuid() AS id, n, now() - interval '40 minutes' - n * interval '2 minutes' AS at,
           CASE n % 8 WHEN 0 THEN 'HIGH' WHEN 1 THEN 'MODERATE' WHEN 2 THEN 'MODERATE' ELSE 'LOW' END AS label
    FROM generate_series(1, {texts}) n;
INSERT INTO analysis_records (id, user_id, input_text, source, predicted_label, confidence, model_version,
                              ai_processing_ms, submitted_at, analyzed_at, request_id)
    SELECT id, '{alice}', 'a made-up sentence', 'API', label, 0.8, 'bench', 3, at, at, gen_random_uuid() FROM made;
INSERT INTO audit_logs (user_id, action, resource_type, resource_id, metadata, created_at)
    SELECT NULL, 'analysis:' || verb, 'analysis', id::text, '{{"predicted_label": "LOW"}}', at
    FROM made, (VALUES ('accepted'), ('recorded')) AS v(verb) ORDER BY n DESC;
INSERT INTO audit_logs (user_id, action, resource_type, resource_id, metadata, created_at)
    SELECT '{bob}', verb, 'analysis', id::text, jsonb_build_object('reading', 1, 'outcome', 'CONFIRMED',
           'until', at + interval '25 minutes'), at + interval '20 minutes'
    FROM made, (VALUES (1, 'analysis:viewed'), (2, 'review:claimed'), (3, 'review:decided')) AS v(place, verb)
    WHERE label <> 'LOW' AND n > {fresh} AND n % {stride} > 7 ORDER BY n DESC, place;
INSERT INTO video_sessions (id, user_id, stream_session_id, session_type, client_platform, status, started_at)
    SELECT gen_random_uuid(), '{alice}', n::text, 'CHECK_IN', 'WEB', 'ENDED', now() - n * interval '14 minutes'
    FROM generate_series(1, {sessions}) n;
INSERT INTO video_analysis_events (id, session_id, user_id, event_at, risk_level, confidence, signals, model_version,
                                   latency_ms, created_at)
    SELECT gen_random_uuid(), s.id, s.user_id, s.started_at + n * interval '5 seconds',
           CASE WHEN n % 3 = 0 THEN 'HIGH' ELSE 'MODERATE' END, 0.6, '{{}}', 'bench', 20, s.started_at
    FROM video_sessions s, generate_series(1, {windows}) n;
INSERT INTO audit_logs (user_id, action, resource_type, resource_id, metadata)
    SELECT '{bob}', 'review:decided', 'video_session', id::text,
           jsonb_build_object('reading', 1, 'outcome', 'CONFIRMED', 'seen', started_at)
    FROM video_sessions WHERE stream_session_id::int > 10;
ANALYZE
"""


def _fill(settings: Settings, alice: Any, bob: Any) -> None:
    # a text costs two audit rows, and three more when it was reviewed
    texts = int(AUDIT_ROWS / (2 + 3 * 3 / 8))
    script = FILL.format(
        texts=texts, fresh=FRESH, stride=texts // 10, alice=alice.id, bob=bob.id, sessions=SESSIONS, windows=WINDOWS
    )
    run_sql(settings.migration_database_url.get_secret_value(), script)


def _milliseconds(work: Callable[[], object]) -> tuple[float, float]:
    times = []
    for _ in range(READS):
        began = time.perf_counter()
        work()
        times.append((time.perf_counter() - began) * 1000)
        db.session.rollback()
    return min(times), statistics.median(times)


def _plans(reader: Any) -> Iterator[str]:
    """The plan of each statement that the first page runs."""
    run = statements.rows

    def explain(name: str, **parameters: Any) -> list[Any]:
        plain = text("EXPLAIN (ANALYZE, BUFFERS OFF, COSTS OFF) " + statements.statement(name).text)
        lines = "\n".join(db.session.execute(plain, parameters).scalars())
        plans.append(f"{name} {parameters.get('label', '')}\n{lines}")
        return run(name, **parameters)

    plans: list[str] = []
    with patch.object(statements, "rows", explain):
        queue.list_queue(reader=reader)
    return iter(plans)


def bench_queue(app: Flask, test_settings: Settings) -> None:
    alice, bob, dora = make_user(), make_user("bob@example.org", ("CLINICIAN",)), make_user("d@example.org")
    _fill(test_settings, alice, bob)
    reader = principal(dora)
    rows = db.session.scalar(text("SELECT count(*) FROM audit_logs"))
    waiting = len(queue.list_queue(reader=reader, limit=200).items)
    began = time.perf_counter()
    queue.list_queue(reader=reader)
    without = (time.perf_counter() - began) * 1000
    began = time.perf_counter()
    written = settling.settle()
    settled = time.perf_counter() - began
    assert len(queue.list_queue(reader=reader, limit=200).items) == waiting
    print(f"\n{rows:,} audit rows, {waiting} items wait; best and median of {READS} reads, in ms")
    for name, work in (
        ("first page of 50", lambda: queue.list_queue(reader=reader)),
        ("first page with the counts", lambda: queue.overview(reader=reader)),
    ):
        best, median = _milliseconds(work)
        print(f"{name:34}{best:8.1f}{median:8.1f}")
    print(f"{'first page without marks, once':34}{without:8.1f}")
    print(f"{'setting the marks, first time':34}{settled * 1000:8.0f}  {written} rows")
    for plan in _plans(reader):
        print(f"\n{plan}")
