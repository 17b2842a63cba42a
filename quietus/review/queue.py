"""What waits for a reader, most urgent first: a query over what is stored, the same after the broker was wiped."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from flask_babel import gettext

from quietus.accounts.identity import Principal
from quietus.core import clock
from quietus.core.errors import Invalid
from quietus.core.paging import LIMIT_DEFAULT, Page, read_cursor, write_cursor
from quietus.review import marks, statements
from quietus.review.vocabulary import Kind, Place

# which label of the program each place asks for; NEXT also holds the sample of LOW
LABELS: Final = {Place.FIRST: "HIGH", Place.NEXT: "MODERATE"}
SAMPLE_DAYS: Final = 30
COUNTED: Final = 200
START: Final = (datetime.fromtimestamp(0, UTC), UUID(int=0))


@dataclass(frozen=True, slots=True)
class Waiting:
    """An item as the queue shows it: nothing of its content, and for NEXT nothing of the program's view."""

    place: Place
    kind: Kind
    id: UUID
    since: datetime
    windows: int | None
    reading: int
    held_by: UUID | None
    held_until: datetime | None

    @property
    def waiting_seconds(self) -> int:
        return max(0, int((clock.now() - self.since).total_seconds()))

    def state(self, reader: UUID) -> str:
        """FREE, YOURS or TAKEN, as this reader sees it."""
        return "FREE" if self.held_by is None else "YOURS" if self.held_by == reader else "TAKEN"


@dataclass(frozen=True, slots=True)
class Counts:
    """How many wait for this reader, at most COUNTED for each place, and since when the longest."""

    first: int
    next: int
    first_since: datetime | None
    next_since: datetime | None


def list_queue(*, reader: Principal, limit: int = LIMIT_DEFAULT, cursor: str | None = None) -> Page[Waiting]:
    """A page of what this reader may open. Raises Invalid for a foreign cursor."""
    place, after = _read(cursor) if cursor else (Place.FIRST, START)
    sessions = _sessions(reader)
    items = _waiting(place, reader, limit + 1, sessions, after)
    if place is Place.FIRST and len(items) <= limit:
        items += _waiting(Place.NEXT, reader, limit + 1 - len(items), sessions)
    return _page(items, limit)


def overview(*, reader: Principal, limit: int = LIMIT_DEFAULT) -> tuple[Page[Waiting], Counts]:
    """The first page and how much waits, by the same queries."""
    first, following = _both(reader, max(COUNTED, limit + 1))
    counts = Counts(
        min(COUNTED, len(first)),
        min(COUNTED, len(following)),
        first[0].since if first else None,
        following[0].since if following else None,
    )
    return _page((first + following)[: limit + 1], limit), counts


def _page(items: list[Waiting], limit: int) -> Page[Waiting]:
    shown, more = items[:limit], len(items) > limit
    return Page(shown, _write(shown[-1]) if more else None)


def first_free(*, reader: Principal) -> list[Waiting]:
    """The items to try when the reader asks for the next one: what they have open already, then what is free."""
    first, following = _both(reader, COUNTED)
    free = [item for item in first + following if item.held_by in (None, reader.id)]
    return sorted(free, key=lambda item: item.held_by != reader.id)


def _both(reader: Principal, limit: int) -> tuple[list[Waiting], list[Waiting]]:
    sessions = _sessions(reader)
    return _waiting(Place.FIRST, reader, limit, sessions), _waiting(Place.NEXT, reader, limit, sessions)


def _sessions(reader: Principal) -> list[Waiting]:
    mark = marks.read(marks.SESSION)
    found = statements.rows(
        "waiting_sessions", reader=reader.id, now=clock.now(), before=mark.before, remaining=list(mark.remaining)
    )
    return [Waiting(Place.FIRST if row.pop("high") else Place.NEXT, Kind.SESSION, **row) for row in map(dict, found)]


def _waiting(
    place: Place,
    reader: Principal,
    limit: int,
    sessions: list[Waiting],
    after: tuple[datetime, UUID] = START,
) -> list[Waiting]:
    """The first items of a place after a row; `sessions` are those of every place."""
    now, mark = clock.now(), marks.read(LABELS[place])
    found = statements.rows(
        "waiting_texts",
        label=LABELS[place],
        reader=reader.id,
        now=now,
        sampled_since=now - timedelta(days=SAMPLE_DAYS),
        after_since=after[0],
        after_id=after[1],
        limit=limit,
        before=mark.before,
        remaining=list(mark.remaining),
    )
    items = [Waiting(place, Kind.ANALYSIS, **row) for row in found]
    items += [item for item in sessions if item.place is place and (item.since, item.id) > after]
    return sorted(items, key=lambda item: (item.since, item.id))[:limit]


def _write(item: Waiting) -> str:
    return f"{item.place}.{write_cursor(item.since, item.id)}"


def _read(cursor: str) -> tuple[Place, tuple[datetime, UUID]]:
    place, _, row = cursor.partition(".")
    if place not in Place.__members__:
        raise Invalid({"cursor": [gettext("This is not a cursor of this list.")]})
    return Place(place), read_cursor(row)
