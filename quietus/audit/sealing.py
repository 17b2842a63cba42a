"""Seals each closed day of the audit trail by a chain of SHA-256, in parts of at most 10,000 rows.

A part is itself an audit row. Its `digest` is the SHA-256 over the part before it and its own rows' digests, so that
nothing can be changed without breaking the chain. `runs` say which ids it holds and `sums` keeps four bytes of each
row's digest: they add no strength, but by them `verify` names the row that was changed or is missing.
"""

import base64
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from pathlib import Path
from typing import Any, Final, Self

import structlog
from sqlalchemy import func, select, text

from quietus.audit import service as audit
from quietus.audit.models import AuditLog
from quietus.audit.tags import Action
from quietus.core.database import only_one
from quietus.core.extensions import db

log = structlog.get_logger(__name__)

RESOURCE: Final = "audit"
PART_ROWS: Final = 10_000
SUM_BYTES: Final = 4
# rows are fetched by a cursor of the server: a day of any size takes constant memory
FETCH: Final = {"yield_per": 2_000}
ROW_DIGESTS: Final = text(Path(__file__).with_name("sql").joinpath("row_digests.sql").read_text())

RowDigest = tuple[int, bytes]


class DayStillOpen(Exception):
    """A transaction that began on the day to seal still runs: its rows would be late."""


@dataclass(frozen=True, slots=True)
class Part:
    """What a seal says of some rows of a day."""

    day: date
    rows: int
    runs: list[list[int]]
    sums: bytes
    digest: str
    previous: str

    @classmethod
    def of(cls, day: date, previous: str, digests: Sequence[RowDigest]) -> Self:
        return cls(
            day=day,
            rows=len(digests),
            runs=_runs(row_id for row_id, _ in digests),
            sums=b"".join(digest[:SUM_BYTES] for _, digest in digests),
            digest=chained(previous, (digest for _, digest in digests)),
            previous=previous,
        )

    @classmethod
    def read(cls, day: str | None, facts: Any) -> Self:
        """Reverse of `facts`. Raises ValueError for a seal that this program cannot have written."""
        try:
            part = cls(
                day=date.fromisoformat(day or ""),
                rows=int(facts["rows"]),
                runs=[[int(first), int(count)] for first, count in facts["runs"]],
                sums=base64.b64decode(facts["sums"], validate=True),
                digest=str(facts["digest"]),
                previous=str(facts["previous"]),
            )
        except (TypeError, KeyError, AttributeError) as error:
            raise ValueError("not a seal") from error
        if not part.rows == sum(count for _, count in part.runs) == len(part.sums) / SUM_BYTES:
            raise ValueError("not a seal")
        return part

    @property
    def last_id(self) -> int:
        return sum(self.runs[-1]) - 1 if self.runs else 0

    def facts(self) -> dict[str, Any]:
        return {
            "rows": self.rows,
            "first_id": self.runs[0][0] if self.runs else None,
            "last_id": self.last_id if self.runs else None,
            "digest": self.digest,
            "previous": self.previous,
            "runs": self.runs,
            "sums": base64.b64encode(self.sums).decode(),
        }

    def expected(self) -> Iterator[RowDigest]:
        """(id, the first bytes of its digest) of each row that was sealed."""
        ids = (row_id for first, count in self.runs for row_id in range(first, first + count))
        for number, row_id in enumerate(ids):
            yield row_id, self.sums[number * SUM_BYTES : (number + 1) * SUM_BYTES]


def _runs(ids: Iterable[int]) -> list[list[int]]:
    """Ascending ids as [first, count]; a rolled-back transaction leaves an honest gap between two runs."""
    runs: list[list[int]] = []
    for row_id in ids:
        if runs and row_id == runs[-1][0] + runs[-1][1]:
            runs[-1][1] += 1
        else:
            runs.append([row_id, 1])
    return runs


def chained(previous: str, digests: Iterable[bytes]) -> str:
    whole = hashlib.sha256(previous.encode())
    for digest in digests:
        whole.update(digest)
    return whole.hexdigest()


def rows_of(day: date) -> Iterator[RowDigest]:
    """(id, digest) of every row of a UTC day, by ascending id."""
    since = datetime.combine(day, time(), UTC)
    found = db.session.execute(
        ROW_DIGESTS, {"since": since, "until": since + timedelta(days=1)}, execution_options=FETCH
    )
    return ((row_id, bytes(digest)) for row_id, digest in found)


def seal_closed_days() -> list[date]:
    """Seal every day that is over and has no seal yet, the oldest first, each in a commit of its own.

    Raises DayStillOpen; whatever was sealed before stays sealed, and the next run goes on from there.
    """
    sealed: list[date] = []
    while day := _seal_next():
        sealed.append(day)
    return sealed


def _seal_next() -> date | None:
    # sorting the rows of a large day takes longer than a statement of a request may
    db.session.execute(text("SET LOCAL statement_timeout = '10min'"))
    if not only_one("audit.seal"):
        db.session.rollback()
        return None
    newest = audit.newest(Action.AUDIT_SEALED)
    day = first_day() if newest is None else date.fromisoformat(newest.resource_id or "") + timedelta(days=1)
    if day is None or day >= today():
        db.session.rollback()
        return None
    _refuse_open(day)
    previous = "" if newest is None else str((newest.details or {}).get("digest"))
    digests = rows_of(day)
    number = 0
    while (part := list(islice(digests, PART_ROWS))) or not number:
        sealed = Part.of(day, previous, part)
        audit.record(
            Action.AUDIT_SEALED, actor=None, resource_type=RESOURCE, resource_id=str(day), metadata=sealed.facts()
        )
        previous, number = sealed.digest, number + 1
    db.session.commit()
    # a copy beyond the reach of whoever can change the database
    log.info("audit.sealed", day=str(day), digest=previous)
    return day


def first_day() -> date | None:
    first: datetime | None = db.session.scalar(select(func.min(AuditLog.created_at)))
    return first.astimezone(UTC).date() if first else None


def today() -> date:
    """By the database's clock, which dates the rows."""
    now: datetime = db.session.scalar(select(func.now()))  # type: ignore[assignment]  # never NULL
    return now.astimezone(UTC).date()


def _refuse_open(day: date) -> None:
    """A row's time is the begin of its transaction: one from before midnight may still bring rows of that day."""
    ends = datetime.combine(day + timedelta(days=1), time(), UTC)
    still = db.session.scalar(
        text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND xact_start < :ends"),
        {"ends": ends},
    )
    if still:
        db.session.rollback()
        raise DayStillOpen(f"{still} transactions of {day} have not ended yet.")
