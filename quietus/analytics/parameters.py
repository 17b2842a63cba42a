"""Reads what a figure is asked with: each value checked once, for the address of a page, JSON and the command line."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo, available_timezones

from flask_babel import gettext

from quietus.analysis.models import Source
from quietus.analytics.catalogue import Figure
from quietus.core import clock
from quietus.core.errors import Invalid
from quietus.core.languages import later, number
from quietus.video.models import ClientPlatform, SessionType

FIRST_YEAR, LAST_YEAR = 1970, 2999
DEFAULT_DAYS = 30
# a chart of more steps cannot be read, and each step is a scan of its own
STEPS_MAX = 3000
STEPS_SHOWN = 75
STEP: Final = {
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(weeks=1),
    "month": timedelta(days=28),
}
LABELS: Final = ("LOW", "MODERATE", "HIGH")
PLATFORMS: Final = tuple(value.value for value in ClientPlatform)
SESSION_TYPES: Final = tuple(value.value for value in SessionType)
VERSION = re.compile(r"[!-~]{1,64}")
DAY = re.compile(r"\d{4}-\d\d-\d\d")
# a + that was not written as %2B in an address arrives as a space
LOST_PLUS = re.compile(r"(?<=\d) (?=\d\d:?\d\d$)")


@dataclass(frozen=True, slots=True)
class Parameter:
    """What a form shows for a parameter: its label and, where there is a list, its values."""

    label: str
    choices: tuple[str, ...] = ()


PARAMETERS: Final[dict[str, Parameter]] = {
    "from": Parameter(later("From day")),
    "to": Parameter(later("Up to day")),
    "tz": Parameter(later("Time zone")),
    "granularity": Parameter(later("Step"), tuple(STEP)),
    "predicted_label": Parameter(later("Priority of texts"), LABELS),
    "risk_level": Parameter(later("Priority of windows"), ("UNKNOWN", *LABELS)),
    "source": Parameter(later("Source of texts"), tuple(value.value for value in Source)),
    "client_platform": Parameter(later("Platform of sessions"), PLATFORMS),
    "session_type": Parameter(later("Kind of session"), SESSION_TYPES),
    "model_version": Parameter(later("Model version")),
    "resource_type": Parameter(later("What was reviewed"), ("analysis", "video_session")),
    "subject_id": Parameter(later("Person (their id)")),
    "reader_id": Parameter(later("Reader (their id)")),
}
# these say which stretch of time is looked at and how it is cut, not whose rows
PERIOD: Final = ("from", "to", "tz", "granularity")


def read(figure: Figure, raw: Mapping[str, str | None]) -> dict[str, Any]:
    """Every parameter of the figure, checked; the missing ones by default or None. Raises Invalid."""
    given = {name: (value or "").strip() for name, value in raw.items()}
    errors: dict[str, list[str]] = {
        name: [gettext("This figure has no such parameter.")] for name in given if name not in figure.parameters
    }
    found: dict[str, Any] = {}

    def keep(name: str, reader: Callable[[], Any]) -> None:
        try:
            found[name] = reader()
        except ValueError as error:
            errors[name] = [str(error)]

    for name in figure.parameters:
        if name not in PERIOD:
            keep(name, lambda name=name: _value(name, given.get(name, ""), name in figure.required))  # type: ignore[misc]  # bound now
    if "from" in figure.parameters:
        keep("tz", lambda: zone(given.get("tz", "")))
        local = ZoneInfo(found.get("tz", "UTC"))
        keep("to", lambda: _moment(given.get("to", ""), local, last=True) or clock.now())
        keep("from", lambda: _moment(given.get("from", ""), local) or _some_days_before(found.get("to"), local))
        if not errors:
            keep("from", lambda: _before(found["from"], found["to"]))
    if "granularity" in figure.parameters and not errors:
        keep("granularity", lambda: _granularity(given.get("granularity", ""), found["to"] - found["from"]))
    if errors:
        raise Invalid(errors)
    return {name: found[name] for name in figure.parameters}


@cache
def _zones() -> frozenset[str]:
    # these two are files of one machine, no zones
    return frozenset(available_timezones() - {"localtime", "Factory"})


def zone(text: str) -> str:
    """The name of an IANA zone; UTC when none is given. Raises ValueError."""
    if text and text not in _zones():
        raise ValueError(gettext("There is no such time zone; write it like Europe/Berlin."))
    return text or "UTC"


def _value(name: str, text: str, required: bool) -> Any:
    if not text:
        if required:
            raise ValueError(gettext("This figure needs it."))
        return None
    choices = PARAMETERS[name].choices
    if choices and text not in choices:
        raise ValueError(_one_of(choices))
    if name.endswith("_id"):
        return _id(text)
    if name == "model_version" and not VERSION.fullmatch(text):
        raise ValueError(gettext("A model version is at most 64 characters without spaces."))
    return text


def _one_of(choices: Iterable[str]) -> str:
    return str(gettext("Must be one of: %(choices)s.", choices=", ".join(choices)))


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise ValueError(gettext("Not an id; it looks like 6f1c2a34-0b7e-4c55-9a52-3f0d1f8f7a10.")) from None


def _moment(text: str, local: ZoneInfo, *, last: bool = False) -> datetime | None:
    """A time with its zone as it is, a day as its beginning there; as `last`, a day counts to its end."""
    if not text:
        return None
    try:
        found = _day(text, local, last) if DAY.fullmatch(text) else datetime.fromisoformat(LOST_PLUS.sub("+", text))
    except (ValueError, OverflowError):
        raise ValueError(gettext("Write a day as 2026-11-23, or a time as 2026-11-23T08:00:00Z.")) from None
    if found.tzinfo is None:
        raise ValueError(gettext("The time needs its zone: write 2026-11-23T08:00:00Z, or a day alone."))
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        words = gettext("The year must be from %(first)s to %(last)s.", first=FIRST_YEAR, last=LAST_YEAR)
        raise ValueError(words)
    return found.astimezone(UTC)


def _day(text: str, local: ZoneInfo, last: bool) -> datetime:
    day = date.fromisoformat(text)
    return datetime.combine(day + timedelta(days=1) if last else day, time(), local)


def _some_days_before(until: datetime | None, local: ZoneInfo) -> datetime:
    """The beginning of the day there by which the period has DEFAULT_DAYS days, the last one perhaps unfinished."""
    last = (until or clock.now()) - timedelta(microseconds=1)
    first = last.astimezone(local).date() - timedelta(days=DEFAULT_DAYS - 1)
    return datetime.combine(first, time(), local).astimezone(UTC)


def _before(since: datetime, until: datetime) -> datetime:
    if since >= until:
        raise ValueError(gettext("The period ends before it begins."))
    return since


def _granularity(text: str, length: timedelta) -> str:
    """The step asked for, or the finest that can still be read."""
    if text and text not in STEP:
        raise ValueError(_one_of(STEP))
    step = text or next((name for name in ("hour", "day", "week") if length / STEP[name] <= STEPS_SHOWN), "month")
    if length / STEP[step] > STEPS_MAX:
        words = gettext(
            "That would be %(steps)s steps, and %(most)s can be shown: choose a longer step or a shorter period.",
            steps=number(length / STEP[step]),
            most=number(STEPS_MAX),
        )
        raise ValueError(words)
    return step
