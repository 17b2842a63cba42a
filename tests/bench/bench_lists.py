"""First page of every list at a hundredth of the rows and at all of them: the time must not grow with the rows (P8).

ROWS=n video windows (1,000,000 when not set), a fifth as many texts. Each list is asked for by the person with the most
rows of its kind; the least of some runs is taken. What writes an audit row (searches) pays for its commit in both.
"""

import os
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import psycopg
from sqlalchemy import make_url

from quietus.accounts import searching as users
from quietus.accounts.models import User
from quietus.analysis import service as analysis
from quietus.audit import searching as audit
from quietus.core.extensions import db
from quietus.demo_data import fill
from quietus.reports import service as reports
from quietus.review import queue
from quietus.video import service as video
from tests.bench.bench_figures import _app, least
from tests.bench.results import Results
from tests.conftest import close
from tests.factories import make_user, principal

ROWS = int(os.environ.get("ROWS", "1000000"))
END = datetime(2026, 3, 1, tzinfo=UTC)
MOST = "SELECT user_id FROM {} GROUP BY 1 ORDER BY count(*) DESC LIMIT 1"
LONGEST = "SELECT session_id, user_id FROM video_analysis_events GROUP BY 1, 2 ORDER BY count(*) DESC LIMIT 1"

Ask = Callable[[], object]


def lists(plain: "psycopg.Connection[Any]") -> dict[str, Ask]:
    """Each list's first page, as its service gives it."""

    def person(user_id: UUID) -> Any:
        return principal(db.session.get(User, user_id))

    def most(table: str) -> Any:
        return person(plain.execute(MOST.format(table)).fetchone()[0])  # type: ignore[index]

    writer, sitter = most("analysis_records"), most("video_sessions")
    session, owner = plain.execute(LONGEST).fetchone()  # type: ignore[misc]
    watched = person(owner)
    agent, clinician, admin = (
        principal(make_user(f"{role.lower()}@example.net", (role,))) for role in ("SERVICE", "CLINICIAN", "ADMIN")
    )
    return {
        "history": lambda: analysis.list_analyses(for_user=writer, filters=analysis.Filters(), limit=50),
        "submitted for others": lambda: analysis.list_analyses(for_user=agent, filters=analysis.Filters(), limit=50),
        "sessions": lambda: video.list_sessions(for_user=sitter, filters=video.Filters(), limit=50),
        "events of a session": lambda: video.events_of(
            session, for_user=watched, filters=video.EventFilters(), limit=50
        ),
        "audit search": lambda: audit.search(actor=admin.id, filters=audit.Filters(), limit=50),
        "users": lambda: users.search_users(actor=admin.id, filters=users.Filters(), limit=50),
        "queue": lambda: queue.list_queue(reader=clinician),
        "reports": lambda: reports.my_jobs(for_user=admin),
    }


def measured(rows: int, new_database: Callable[[], tuple[str, str]], broker: str) -> dict[str, float]:
    database, owner = new_database()
    app = _app(database, owner, broker)
    url = make_url(owner).set(drivername="postgresql").render_as_string(hide_password=False)
    print(f"\n{fill(url, events=rows, end=END)}")
    with app.app_context(), psycopg.connect(url, autocommit=True) as plain:
        plain.execute("VACUUM ANALYZE")
        asked = lists(plain)

        def ask(one: Ask) -> None:
            one()
            db.session.rollback()

        found = {name: least(lambda one=one: ask(one))[0] for name, one in asked.items()}  # type: ignore[misc]  # bound now
        db.session.remove()
    close(app)
    return found


def bench_lists(new_database: Callable[[], tuple[str, str]], server_urls: dict[str, str], results: Results) -> None:
    least_rows = max(5000, ROWS // 100)
    few = measured(least_rows, new_database, server_urls["broker"])
    many = measured(ROWS, new_database, server_urls["broker"])
    heads = ["ms, first page", f"{least_rows:,} windows", f"{ROWS:,} windows", "ratio"]
    lines = [[name, f"{few[name]:.1f}", f"{took:.1f}", f"{took / few[name]:.2f}"] for name, took in many.items()]
    results.table("lists", heads, lines)
    print("\n".join("  ".join(f"{cell:20}" for cell in line) for line in [heads, *lines]))
