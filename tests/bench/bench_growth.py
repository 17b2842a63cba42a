"""How the cost of the everyday steps grows with the rows: accepting, the sign-in check, the two first pages.

GROWTH=1000,10000,… sets the numbers of texts; each has two audit rows. Best of many, in this process, without HTTP's
own cost: that stays the same. Ten million rows need about fifteen minutes to load: GROWTH=10000000 does it.
"""

import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID, uuid4

import psycopg
from flask import Flask
from sqlalchemy import make_url

from quietus.accounts import standing
from quietus.analysis import accepting, service
from quietus.core.extensions import db
from quietus.demo_data import fill
from quietus.review import queue
from tests.bench.bench_figures import _app as app_on
from tests.bench.results import Results
from tests.factories import make_user, principal

SIZES = [int(size) for size in os.environ.get("GROWTH", "1000,10000,100000,1000000").split(",")]
RUNS = 40
OWN = """
UPDATE analysis_records SET user_id = %s
WHERE id IN (SELECT id FROM analysis_records ORDER BY analyzed_at DESC LIMIT 200)
"""


def best_ms(work: Callable[[], object]) -> float:
    times = []
    for _ in range(RUNS):
        began = time.perf_counter()
        work()
        times.append((time.perf_counter() - began) * 1000)
        db.session.rollback()
    return min(times)


def steps(person: object, reviewer: object) -> dict[str, Callable[[], object]]:
    alice, bob = principal(person), principal(reviewer)
    sign_in: UUID = uuid4()

    def accept() -> object:
        return accepting.accept(accepting.Submission("An ordinary sentence of a long week."), actor=alice)

    return {
        "accepting a text": accept,
        "sign-in check": lambda: standing.of_session(alice.id, sign_in),
        "history, first page": lambda: service.list_analyses(
            for_user=alice, filters=service.Filters(), limit=50, cursor=None
        ),
        "queue, first page": lambda: queue.list_queue(reader=bob),
    }


def bench_growth(
    new_database: Callable[[], tuple[str, str]], server_urls: dict[str, str], results: Results
) -> None:
    found: dict[str, list[float]] = {}
    for size in SIZES:
        database, owner = new_database()
        app: Flask = app_on(database, owner, server_urls["broker"])
        url = make_url(owner).set(drivername="postgresql").render_as_string(hide_password=False)
        fill(url, events=size, texts=size, end=datetime.now(UTC))
        with app.app_context():
            person, reviewer = make_user("person@example.org"), make_user("bob@example.org", ("CLINICIAN",))
            with psycopg.connect(url, autocommit=True) as plain:
                plain.execute(OWN, (person.id,))
                plain.execute("ANALYZE analysis_records")
            for name, work in steps(person, reviewer).items():
                found.setdefault(name, []).append(best_ms(work))
            db.session.remove()
            db.engine.dispose()
    heads = ["ms, best of 40", *(f"{size:,} texts" for size in SIZES), "last beside first"]
    lines = [[name, *(f"{ms:.1f}" for ms in times), f"{times[-1] / times[0]:.2f}"] for name, times in found.items()]
    results.table("growth", heads, lines)
    print("\n" + "\n".join("  ".join(f"{cell:20}" for cell in line) for line in [heads, *lines]))
