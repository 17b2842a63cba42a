"""What waits for a reader, most urgent first: a query over what is stored, the same after the broker was wiped."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from quietus.accounts.identity import Principal
from quietus.core import clock
from quietus.core.errors import Invalid
from quietus.core.paging import LIMIT_DEFAULT, Page, read_cursor, write_cursor
from quietus.review import statements
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
    items = _waiting(place, reader, limit + 1, after)
    if place is Place.FIRST and len(items) <= limit:
        items += _waiting(Place.NEXT, reader, limit + 1 - len(items))
    shown, more = items[:limit], len(items) > limit
    return Page(shown, _write(shown[-1]) if more else None)


def first_free(*, reader: Principal) -> list[Waiting]:
    """The items to try when the reader asks for the next one: what they have open already, then what is free."""
    items = [item for place in Place for item in _waiting(place, reader, COUNTED)]
    free = [item for item in items if item.held_by in (None, reader.id)]
    return sorted(free, key=lambda item: item.held_by != reader.id)


def counts(*, reader: Principal) -> Counts:
    first, following = (_waiting(place, reader, COUNTED) for place in Place)
    return Counts(
        len(first), len(following), first[0].since if first else None, following[0].since if following else None
    )


def _waiting(place: Place, reader: Principal, limit: int, after: tuple[datetime, UUID] = START) -> list[Waiting]:
    now = clock.now()
    found = statements.rows(
        "queue",
        label=LABELS[place],
        reader=reader.id,
        now=now,
        sampled_since=now - timedelta(days=SAMPLE_DAYS),
        after_since=after[0],
        after_id=after[1],
        limit=limit,
    )
    return [Waiting(**{**row, "place": place, "kind": Kind(row["kind"])}) for row in found]


def _write(item: Waiting) -> str:
    return f"{item.place}.{write_cursor(item.since, item.id)}"


def _read(cursor: str) -> tuple[Place, tuple[datetime, UUID]]:
    place, _, row = cursor.partition(".")
    if place not in Place.__members__:
        raise Invalid({"cursor": ["This is not a cursor of this list."]})
    return Place(place), read_cursor(row)
