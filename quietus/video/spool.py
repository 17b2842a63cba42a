"""Keeps an uploaded file in the broker, in compressed pieces, until a task has read it.

Web and workers may be different machines, and the broker is what both reach. It may lose the file: events are
known by their ids, so the file is simply sent again. What was stored is told by the audit log, not from here.
"""

import json
import zlib
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

from quietus.core import clock
from quietus.core.redis import bulk
from quietus.video.pieces import Piece

KEPT: Final = timedelta(hours=24)
REMEMBERED: Final = timedelta(days=7)
WAITING: Final = "quietus:imports"
BAD_MAX: Final = 100
_PREFIX: Final = "quietus:import"

BadLines = Sequence[tuple[int, str]]


@dataclass(frozen=True, slots=True)
class Job:
    """An uploaded file: for which session, by whom, how long, and why it failed if it did."""

    id: UUID
    session_id: UUID
    actor_id: UUID
    created_at: datetime
    pieces: int
    lines: int
    failure: str | None = None


def _key(job_id: UUID, part: object = "facts") -> str:
    return f"{_PREFIX}:{job_id}:{part}"


def keep(pieces: Iterable[Piece], *, session_id: UUID, actor_id: UUID) -> Job:
    """Take in the file as it comes; the job waits once the whole of it is here."""
    job_id, count, lines = uuid4(), 0, 0
    try:
        for piece in pieces:
            packed = zlib.compress(b"%d\n" % piece.first + b"\n".join(piece.lines), 1)
            bulk().set(_key(job_id, count), packed, ex=KEPT)
            count, lines = count + 1, lines + len(piece.lines)
    except BaseException:  # half a file is no use to anybody; whatever stopped it is told by its own name
        forget(job_id, count)
        raise
    job = Job(job_id, session_id, actor_id, clock.now(), count, lines)
    facts = {"session_id": session_id, "actor_id": actor_id, "created_at": job.created_at.isoformat()}
    written = {name: str(value) for name, value in facts.items()} | {"pieces": count, "lines": lines}
    with bulk().pipeline() as together:
        together.hset(_key(job_id), mapping=written)
        together.expire(_key(job_id), REMEMBERED)
        together.zadd(WAITING, {str(job_id): job.created_at.timestamp()})
        together.execute()
    return job


def find(job_id: UUID) -> Job | None:
    """The job; None for one that is unknown, or was forgotten after a week."""
    found: Any = bulk().hgetall(_key(job_id))  # the package's types hold its asynchronous twin too
    facts: dict[str, str] = {name.decode(): value.decode() for name, value in found.items()}
    if "lines" not in facts:
        return None
    return Job(
        job_id,
        UUID(facts["session_id"]),
        UUID(facts["actor_id"]),
        datetime.fromisoformat(facts["created_at"]),
        int(facts["pieces"]),
        int(facts["lines"]),
        facts.get("failure"),
    )


def waiting() -> list[Job]:
    """Jobs that are not finished, oldest first; what the broker forgot of is dropped."""
    found = []
    names: Any = bulk().zrange(WAITING, 0, -1)
    for name in names:
        job = find(UUID(name.decode()))
        if job is None:
            bulk().zrem(WAITING, name)
        else:
            found.append(job)
    return found


def read(job: Job, number: int) -> Piece | None:
    """A piece of the file; None when it was not read in time and is gone."""
    packed: Any = bulk().get(_key(job.id, number))
    if packed is None:
        return None
    first, _, lines = zlib.decompress(packed).partition(b"\n")
    return Piece(int(first), lines.split(b"\n"))


def note_bad(job: Job, number: int, bad: BadLines) -> None:
    """Remember the bad lines of a piece; noting a piece again changes nothing."""
    if bad:
        bulk().hset(_key(job.id, "bad"), str(number), json.dumps(bad))
        bulk().expire(_key(job.id, "bad"), REMEMBERED)


def bad_lines(job: Job) -> list[tuple[int, str]]:
    """The first bad lines, by their numbers, and what is wrong with each."""
    noted: Any = bulk().hgetall(_key(job.id, "bad"))
    return sorted((line, why) for text in noted.values() for line, why in json.loads(text))[:BAD_MAX]


def finish(job: Job, failure: str | None = None) -> None:
    """Done, or failed for this reason: nothing of the file is kept."""
    if failure:
        bulk().hset(_key(job.id), "failure", failure)
    bulk().zrem(WAITING, str(job.id))
    forget(job.id, job.pieces)


def forget(job_id: UUID, pieces: int) -> None:
    """Drop the pieces below this number."""
    for start in range(0, pieces, 1000):
        bulk().delete(*(_key(job_id, number) for number in range(start, min(pieces, start + 1000))))


def forget_person(user_id: UUID, session_ids: Set[UUID]) -> None:
    """Drop every file, waiting or done, that this person sent or that belongs to one of these sessions."""
    for key in bulk().scan_iter(match=f"{_PREFIX}:*:facts", count=1000):
        job = find(UUID(key.decode().split(":")[2]))
        if job is not None and (job.actor_id == user_id or job.session_id in session_ids):
            finish(job)
            bulk().delete(_key(job.id), _key(job.id, "bad"))
