"""At 200,000 rows, no figure reads a big table from end to end: an index serves each period. There is no exception."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from sqlalchemy import make_url

from quietus.analytics import parameters
from quietus.analytics.catalogue import FIGURES
from quietus.demo_data import fill

BIG = ("analysis_records", "video_analysis_events", "audit_logs")
END = datetime(2026, 3, 1, tzinfo=UTC)
INDEX_ONLY = {
    "overview", "text_distribution", "video_distribution", "text_trend", "video_trend", "text_heat_map",
    "video_heat_map", "sessions",
}  # fmt: skip


@pytest.fixture(scope="module")
def big(new_database: Callable[[], tuple[str, str]], migrated: Callable[[str, str], None]) -> Iterator[Any]:
    """A database with 200,000 windows and 40,000 texts over a year, and their audit rows."""
    database, owner = new_database()
    migrated(database, owner)
    plain = make_url(owner).set(drivername="postgresql").render_as_string(hide_password=False)
    fill(plain, events=200_000, end=END)
    with psycopg.connect(plain) as connection:
        yield connection


def explained(connection: Any, name: str) -> list[dict[str, Any]]:
    """The nodes of the plan for the last 30 days of the data."""
    figure = FIGURES[name]
    raw = {"from": "2026-01-31", "to": "2026-02-28", "granularity": "day"}
    if "subject_id" in figure.required:
        raw["subject_id"] = str(connection.execute("SELECT user_id FROM analysis_records LIMIT 1").fetchone()[0])
    params = parameters.read(figure, {key: value for key, value in raw.items() if key in figure.parameters})
    with psycopg.ClientCursor(connection) as cursor:
        cursor.execute("EXPLAIN (ANALYZE, FORMAT JSON) " + figure.sql, params | {"people": False})
        (plan,) = cursor.fetchone()
    nodes, waiting = [], [plan[0]["Plan"]]
    while waiting:
        node = waiting.pop()
        nodes.append(node)
        waiting.extend(node.get("Plans", []))
    return nodes


@pytest.mark.parametrize("name", sorted(FIGURES))
def test_no_big_table_is_read_from_end_to_end(big: Any, name: str) -> None:
    whole = {
        node["Relation Name"]
        for node in explained(big, name)
        if node["Node Type"] == "Seq Scan" and "Relation Name" in node
    }
    assert not whole & set(BIG)


@pytest.mark.parametrize("name", sorted(INDEX_ONLY))
def test_plain_counts_never_touch_the_rows(big: Any, name: str) -> None:
    reads = [node for node in explained(big, name) if node.get("Relation Name") in BIG]
    assert reads
    for node in reads:
        assert node["Node Type"] == "Index Only Scan", node["Node Type"]
        assert node["Heap Fetches"] == 0
