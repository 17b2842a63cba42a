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
from quietus.review import queue, settling
from tests.bench.bench_figures import _app as app_on
from tests.bench.results import Results
from tests.conftest import close
from tests.factories import make_user, principal

SIZES = [int(size) for size in os.environ.get("GROWTH", "1000,10000,100000,1000000").split(",")]
RUNS = 40
Steps = dict[str, Callable[[], object]]
OWN = """
UPDATE analysis_records SET user_id = %s
WHERE id IN (SELECT id FROM analysis_records ORDER BY analyzed_at DESC LIMIT 200)
"""


def filled(new_database: Callable[[], tuple[str, str]], broker: str, size: int) -> tuple[Flask, Steps]:
    """An app on a database with so many texts, and what is timed on it."""
    database, owner = new_database()
    app: Flask = app_on(database, owner, broker)
    url = make_url(owner).set(drivername="postgresql").render_as_string(hide_password=False)
    fill(url, events=size, texts=size, end=datetime.now(UTC))
    with app.app_context():
        person, reviewer = make_user("person@example.org"), make_user("bob@example.org", ("CLINICIAN",))
        with psycopg.connect(url, autocommit=True) as plain:
            plain.execute(OWN, (person.id,))
            plain.execute("ANALYZE analysis_records")
        settling.settle()  # as the desk does by itself
        return app, steps(person, reviewer)


def one_ms(app: Flask, work: Callable[[], object]) -> float:
    with app.app_context():
        db.session.connection()  # taking one from the pool costs the same whatever the rows
        began = time.perf_counter()
        work()
        took = (time.perf_counter() - began) * 1000
        db.session.remove()
    return took


def steps(person: object, reviewer: object) -> Steps:
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


def bench_growth(new_database: Callable[[], tuple[str, str]], server_urls: dict[str, str], results: Results) -> None:
    desks = [filled(new_database, server_urls["broker"], size) for size in SIZES]
    best: dict[tuple[str, int], float] = {}
    for _ in range(RUNS):  # in turns, so that a busy moment of the machine does not meet one size only
        for place, (app, todo) in enumerate(desks):
            for name, work in todo.items():
                best[name, place] = min(best.get((name, place), 1e9), one_ms(app, work))
    for app, _ in desks:
        close(app)
    heads = [f"ms, best of {RUNS}", *(f"{size:,} texts" for size in SIZES), "last beside first"]
    lines = []
    for name in desks[0][1]:
        times = [best[name, place] for place in range(len(desks))]
        lines.append([name, *(f"{ms:.1f}" for ms in times), f"{times[-1] / times[0]:.2f}"])
    results.table("growth", heads, lines)
    print("\n" + "\n".join("  ".join(f"{cell:20}" for cell in line) for line in [heads, *lines]))
