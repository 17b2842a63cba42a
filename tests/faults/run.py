"""One seeded run: start the desk, submit, strike, wait for the last outcome, compare, print."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from tests.faults import parts, reckoning, storm
from tests.faults.submitter import Submitter
from tests.live import start_live

# promise P2: seconds from a part's return to the first new outcome, and from the broker's to the last that waited
ROW_SECONDS = 15.0
BROKER_SECONDS = 30.0
# P2 says 3 s for the 503 of a database that is away; a client that waits longer than this was left hanging
HANG_SECONDS = 10.0


@dataclass(frozen=True)
class Wanted:
    """How hard, how long."""

    seed: int
    faults: int
    texts: int
    per_second: float
    batch: int
    gap: tuple[float, float]
    kinds: Sequence[str] = storm.KINDS


@dataclass
class Ran:
    wanted: Wanted
    found: reckoning.Reckoning
    table: list[dict[str, Any]]
    statuses: dict[str, int]
    refused: list[str]
    unanswered: int  # gave up without a 202
    slowest: float
    hung: list[str]
    slow_503: float
    ledger: str
    replays: list[str]
    seconds: float


def run(state: Path, wanted: Wanted) -> Ran:
    """Raises where the desk could not be used at all; everything else is for the caller to judge."""
    began = time.monotonic()
    with start_live(state, {}) as desk:
        database, broker = parts.superuser_url(desk), desk.address("broker")
        token = parts.token(desk)
        submitter = Submitter(desk.url, token, wanted.seed, per_second=wanted.per_second, batch=wanted.batch)
        weather = storm.Storm(desk, database, broker)
        with submitter:
            time.sleep(3)
            faults = storm.plan(wanted.seed, wanted.faults, wanted.kinds)
            for fault, gap in zip(faults, storm.gaps(wanted.seed, len(faults), *wanted.gap), strict=True):
                weather.strike(fault)
                time.sleep(gap)
            parts.within(300, lambda: len(submitter.accepted()) >= wanted.texts)
            weather.settle()
            submitter.finish(90)
        _await_outcomes(database)
        assert desk.process.poll() is None, "`up` itself ended"
        replays = _replays(submitter)
        ledger = desk.command("ledger")  # fails unless its exit code is 0
        found = reckoning.reckon(database, submitter.done)
    times = [one.seconds for one in submitter.attempts()]
    return Ran(
        wanted,
        found,
        reckoning.table(weather.done, submitter.done, found),
        dict(reckoning.statuses(submitter.done)),
        [line for one in submitter.done for line in one.refused],
        sum(not one.accepted for one in submitter.done),
        max(times),
        reckoning.hung(weather.done, submitter.done, HANG_SECONDS),
        max(reckoning.slow_answers(submitter.done, 503), default=0.0),
        ledger,
        replays,
        time.monotonic() - began,
    )


def _await_outcomes(database: str) -> None:
    def none_waits() -> bool:
        with psycopg.connect(database) as connection:
            row = connection.execute("SELECT count(*) FROM analysis_records WHERE predicted_label = 'PENDING'")
            return row.fetchone() == (0,)

    parts.within(300, none_waits, every=0.5)


def _replays(submitter: Submitter) -> list[str]:
    """What a repeated submission was told otherwise than at first; nothing, if all is well."""
    wrong = []
    for one in [each for each in submitter.done if each.accepted][::10][:50]:
        for answer in submitter.repeat(one):
            same = answer["status"] == 202 and answer["replayed"]
            if not same or answer["analysis"]["id"] != one.ids.get(answer["analysis"]["request_id"]):
                wrong.append(str(answer))
    return wrong


# what a client sees of a web process that is killed, or that is still starting
BROKEN = ("ConnectionError", "ChunkedEncodingError", "ReadTimeout")


def assert_nothing_lost(ran: Ran) -> None:
    """Promise P1."""
    found = ran.found
    assert not ran.refused, ran.refused[:5]
    assert ran.unanswered == 0
    assert not found.lost, f"{len(found.lost)} lost: {found.lost[:5]}"
    assert not found.twice, f"{len(found.twice)} twice: {found.twice[:5]}"
    assert not (found.waiting or found.failed or found.unasked)
    assert not ran.replays, ran.replays[:5]
    assert ran.found.accepted == int(ran.ledger.split()[1])
    assert set(ran.statuses) <= {"202", "207", "429", "503", *BROKEN}, ran.statuses


def assert_recovers(ran: Ran) -> None:
    """Promise P2: without anybody's help, and in time."""
    assert not ran.hung, ran.hung
    assert ran.slow_503 < HANG_SECONDS
    for row in ran.table:
        assert row["back"] is not None, f"{row['fault']}: it did not come back"
        assert row["first_row"] is None or row["first_row"] <= ROW_SECONDS, row
        if row["fault"].startswith("broker"):
            assert (row["longest_wait"] or 0) <= BROKER_SECONDS, row


def show(ran: Ran) -> str:
    """The run as people read it."""
    found = ran.found
    lines = [
        f"seed {ran.wanted.seed}: {len(ran.table)} faults, {found.accepted} texts answered 202, {ran.seconds:.0f} s",
        f"lost {len(found.lost)}, twice {len(found.twice)}, waiting {len(found.waiting)}, failed {len(found.failed)}, "
        f"stored and never answered {len(found.unasked)}, replays that differed {len(ran.replays)}",
        f"{' '.join(ran.ledger.split())}",
        f"answers {ran.statuses}, slowest {ran.slowest:.1f} s, slowest 503 {ran.slow_503:.1f} s, hung {len(ran.hung)}",
        f"{'at':>6} {'back':>6} {'202':>6} {'row':>6} {'last':>6}  fault",
    ]
    for row in ran.table:
        cells = [row[name] for name in ("at", "back", "first_202", "first_row", "longest_wait")]
        lines.append(" ".join(f"{'-' if cell is None else f'{cell:.1f}':>6}" for cell in cells) + f"  {row['fault']}")
    return "\n".join(lines)
