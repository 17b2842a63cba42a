"""Each figure's time through the service beside its bare SQL in psycopg and beside the naive GROUP BY, same run (P8).

ROWS=n video windows (1,000,000 when not set) and a fifth as many texts over a year; the period is the last 30 days, and
for `A year` all of it. The least of some runs is taken: the machine may be busy with other things. Where PostgreSQL
takes less than 20 ms, the service's own few milliseconds show; they are printed, and no promise is made of a ratio.
"""

import os
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from flask import Flask
from sqlalchemy import make_url

from quietus import create_app
from quietus.analytics import service
from quietus.analytics.catalogue import FIGURES
from quietus.core.config import Settings
from quietus.core.extensions import db
from quietus.demo_data import fill
from tests.bench.results import Results
from tests.factories import TEST_SETTINGS, make_user, principal

ROWS = int(os.environ.get("ROWS", "1000000"))
RUNS, PATIENCE_SECONDS = 7, 6.0
SHORT = 20.0
END = datetime(2026, 3, 1, tzinfo=UTC)
PERIODS = {"30 days": 30, "a year": 365}
TEXTS = "predicted_label IN ('LOW', 'MODERATE', 'HIGH') AND analyzed_at >= %(from)s AND analyzed_at < %(to)s"
WINDOWS = "event_at >= %(from)s AND event_at < %(to)s"
# what one would write first, for the figures where there is such a thing
NAIVE = {
    "overview": (
        "SELECT predicted_label, count(*) FROM analysis_records WHERE analyzed_at >= %(from)s - (%(to)s - %(from)s) "
        "AND analyzed_at < %(to)s GROUP BY analyzed_at >= %(from)s, 1; SELECT risk_level, count(*) FROM "
        "video_analysis_events WHERE event_at >= %(from)s - (%(to)s - %(from)s) AND event_at < %(to)s "
        "GROUP BY event_at >= %(from)s, 1"
    ),
    "text_distribution": f"SELECT predicted_label, count(*) FROM analysis_records WHERE {TEXTS} GROUP BY 1",
    "video_distribution": f"SELECT risk_level, count(*) FROM video_analysis_events WHERE {WINDOWS} GROUP BY 1",
    "text_trend": "SELECT date_trunc(%(granularity)s, analyzed_at AT TIME ZONE %(tz)s), predicted_label, count(*) "
    f"FROM analysis_records WHERE {TEXTS} GROUP BY 1, 2",
    "video_trend": "SELECT date_trunc(%(granularity)s, event_at AT TIME ZONE %(tz)s), risk_level, count(*) "
    f"FROM video_analysis_events WHERE {WINDOWS} GROUP BY 1, 2",
    "text_heat_map": "SELECT extract(isodow FROM analyzed_at AT TIME ZONE %(tz)s), extract(hour FROM analyzed_at "
    f"AT TIME ZONE %(tz)s), count(*), count(*) FILTER (WHERE predicted_label = 'HIGH') FROM analysis_records "
    f"WHERE {TEXTS} GROUP BY 1, 2",
    "video_heat_map": "SELECT extract(isodow FROM event_at AT TIME ZONE %(tz)s), extract(hour FROM event_at "
    f"AT TIME ZONE %(tz)s), count(*), count(*) FILTER (WHERE risk_level = 'HIGH') FROM video_analysis_events "
    f"WHERE {WINDOWS} AND risk_level <> 'UNKNOWN' GROUP BY 1, 2",
    "text_confidence": f"SELECT floor(confidence * 20), predicted_label, count(*) FROM analysis_records WHERE {TEXTS} "
    "GROUP BY 1, 2",
    "video_confidence": "SELECT floor(confidence * 20), risk_level, count(*) FROM video_analysis_events "
    f"WHERE {WINDOWS} GROUP BY 1, 2",
    "text_sources": f"SELECT source, predicted_label, count(*) FROM analysis_records WHERE {TEXTS} GROUP BY 1, 2",
    "video_sources": "SELECT client_platform, session_type, risk_level, count(*) FROM video_analysis_events AS e "
    f"JOIN video_sessions AS s ON s.id = e.session_id WHERE {WINDOWS} GROUP BY 1, 2, 3",
    "text_models": "SELECT model_version, count(*), count(*) FILTER (WHERE predicted_label = 'LOW'), "
    "count(*) FILTER (WHERE predicted_label = 'MODERATE'), count(*) FILTER (WHERE predicted_label = 'HIGH'), "
    "avg(confidence), percentile_cont(0.5) WITHIN GROUP (ORDER BY ai_processing_ms), percentile_cont(0.95) WITHIN "
    f"GROUP (ORDER BY ai_processing_ms), min(analyzed_at), max(analyzed_at) FROM analysis_records WHERE {TEXTS} "
    "GROUP BY 1",
    "video_models": "SELECT model_version, count(*), count(*) FILTER (WHERE risk_level = 'LOW'), "
    "count(*) FILTER (WHERE risk_level = 'MODERATE'), count(*) FILTER (WHERE risk_level = 'HIGH'), "
    "avg(confidence), percentile_cont(0.5) WITHIN GROUP (ORDER BY latency_ms), percentile_cont(0.95) WITHIN GROUP "
    f"(ORDER BY latency_ms), min(event_at), max(event_at) FROM video_analysis_events WHERE {WINDOWS} GROUP BY 1",
    "sessions": "SELECT session_type, client_platform, status, count(DISTINCT s.id), count(*) FROM video_sessions AS s "
    "LEFT JOIN video_analysis_events AS e ON e.session_id = s.id "
    "WHERE started_at >= %(from)s AND started_at < %(to)s GROUP BY 1, 2, 3",
    "intake_ledger": "SELECT r.predicted_label, count(*) FROM audit_logs AS a LEFT JOIN analysis_records AS r "
    "ON r.id::text = a.resource_id WHERE a.action = 'analysis:accepted' "
    "AND a.created_at >= %(from)s AND a.created_at < %(to)s GROUP BY 1",
}


def least(*works: Callable[[], object]) -> list[float]:
    """Milliseconds of the fastest run of each; they take turns, so that a busy moment hits all alike."""
    times: list[list[float]] = [[] for _ in works]
    began = time.perf_counter()
    while len(times[0]) < 2 or (len(times[0]) < RUNS and time.perf_counter() - began < PATIENCE_SECONDS):
        for work, took in zip(works, times, strict=True):
            start = time.perf_counter()
            work()
            took.append((time.perf_counter() - start) * 1000)
    return [min(took) for took in times]


def measure(name: str, days: int, reader: Any, plain: "psycopg.Connection[Any]") -> tuple[float, float, float | None]:
    figure = FIGURES[name]
    raw = {"from": (END - timedelta(days=days)).isoformat(), "to": END.isoformat(), "tz": "Europe/Berlin"}
    if figure.required:
        raw["subject_id"] = str(plain.execute("SELECT user_id FROM analysis_records LIMIT 1").fetchone()[0])  # type: ignore[index]
    params = service.read_params(name, {key: value for key, value in raw.items() if key in figure.parameters})
    shown = service.answer(name, params, for_user=reader).query.psql
    naive = NAIVE.get(name)
    cursor = psycopg.ClientCursor(plain)
    whole = {"tz": "Europe/Berlin", "granularity": params.get("granularity", "day"), **params}
    works: list[Callable[[], object]] = [
        lambda: service.answer(name, params, for_user=reader),
        lambda: plain.execute(shown).fetchall(),  # type: ignore[call-overload]
    ]
    if naive:
        works.append(lambda: [cursor.execute(part, whole).fetchall() for part in naive.split(";")])
    through, bare, *simple = least(*works)
    return through, bare, simple[0] if simple else None


def bench_figures(new_database: Callable[[], tuple[str, str]], server_urls: dict[str, str], results: Results) -> None:
    database, owner = new_database()
    app = _app(database, owner, server_urls["broker"])
    plain_url = make_url(owner).set(drivername="postgresql").render_as_string(hide_password=False)
    print(f"\n{fill(plain_url, events=ROWS, end=END)}")
    with app.app_context(), psycopg.connect(plain_url, autocommit=True) as plain:
        reader = principal(make_user("reader@example.org", ("ADMIN",)))
        found: dict[tuple[str, str], tuple[float, float, float | None]] = {}
        print(f"{'milliseconds':22}{'period':>8}{'service':>9}{'bare SQL':>9}{'ratio':>7}{'naive':>9}{'ratio':>7}")
        for words, days in PERIODS.items():
            for name in sorted(FIGURES):
                through, bare, simple = measure(name, days, reader, plain)
                line = f"{name:22}{words:>8}{through:9.1f}{bare:9.1f}{through / bare:7.2f}"
                print(line + (f"{simple:9.1f}{through / simple:7.2f}" if simple else ""), flush=True)
                found[name, words] = through, bare, simple
        db.session.remove()
    _note(found, results)


def _note(found: dict[tuple[str, str], tuple[float, float, float | None]], results: Results) -> None:
    """The figure that does worst beside each of the two, of those that PostgreSQL needs SHORT ms for at least."""
    for words, place, most in (("its bare SQL", 1, 1.1), ("the naive GROUP BY", 2, 1.0)):
        long = [(times[0] / (times[place] or 1), name) for name, times in found.items() if (times[place] or 0) >= SHORT]
        if not long:
            continue
        ratio, (name, period) = max(long)
        ours, beside = found[name, period][0], found[name, period][place]
        results.ratio("P8", f"the worst of {len(long)} figures beside {words}: {name}, {period}", ours=f"{ours:.1f} ms",
                      beside=f"{beside:.1f} ms", ratio=ratio, most=most)  # fmt: skip


def _app(database: str, owner: str, broker: str) -> Flask:
    from flask_migrate import upgrade

    # patient: a figure over everything may take longer than a page would wait
    changes = {"statement_seconds": 600, **TEST_SETTINGS}
    app = create_app(Settings(database_url=database, migration_database_url=owner, redis_url=broker, **changes))
    with app.app_context():
        upgrade()
    return app
