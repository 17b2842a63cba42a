"""The days and weeks that are summed up: whole, over, in UTC, and named like daily:2026-11-23."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, Literal

from babel.dates import format_date
from flask_babel import gettext

from quietus.core.languages import day, language

Kind = Literal["daily", "weekly"]

DAYS: Final[dict[str, int]] = {"daily": 1, "weekly": 7}
# how far back a run catches up what was missed while the desk was down
WITH_WEEKDAY: Final = {"en": "EEEE, d MMMM y", "de": "EEEE, d. MMMM y"}
WITHOUT_YEAR: Final = {"en": "d MMMM", "de": "d. MMMM"}
CAUGHT_UP: Final[dict[str, int]] = {"daily": 7, "weekly": 4}


@dataclass(frozen=True, slots=True)
class Period:
    """A day, or a week from its Monday on; half-open."""

    kind: Kind
    first: date

    @property
    def id(self) -> str:
        return f"{self.kind}:{self.first}"

    @property
    def since(self) -> datetime:
        return datetime.combine(self.first, time(), UTC)

    @property
    def until(self) -> datetime:
        return self.since + timedelta(days=DAYS[self.kind])

    @property
    def last_day(self) -> date:
        return self.first + timedelta(days=DAYS[self.kind] - 1)

    @property
    def title(self) -> str:
        if self.kind == "daily":
            return format_date(self.first, WITH_WEEKDAY[language()], locale=language())
        first = format_date(self.first, WITHOUT_YEAR[language()], locale=language())
        return str(gettext("Week of %(first)s to %(last)s", first=first, last=day(self.last_day)))


def read(text: str) -> Period:
    """Reverse of Period.id. Raises ValueError for anything else, also for a week that begins on a Tuesday."""
    kind, _, day = text.partition(":")
    first = date.fromisoformat(day)
    if kind == "daily":
        period = Period("daily", first)
    elif kind == "weekly" and first.isoweekday() == 1:
        period = Period("weekly", first)
    else:
        raise ValueError(text)
    if period.id != text:  # Python reads more ways to write a day than one
        raise ValueError(text)
    return period


def newest(kind: Kind, now: datetime) -> Period:
    """The last one that is over."""
    today = now.astimezone(UTC).date()
    if kind == "daily":
        return Period("daily", today - timedelta(days=1))
    return Period("weekly", today - timedelta(days=today.isoweekday() - 1 + 7))


def due(kind: Kind, now: datetime) -> Iterator[Period]:
    """Those that a run sees to, oldest first."""
    last = newest(kind, now).first
    for back in reversed(range(CAUGHT_UP[kind])):
        yield Period(kind, last - timedelta(days=back * DAYS[kind]))
