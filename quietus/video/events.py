"""What counts as an event: the rule for every way in, whether a batch or a line of a file. Plain Python."""

import json
import re
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final, NamedTuple

from quietus.core.errors import BadRequest
from quietus.core.json_bodies import loads
from quietus.video.models import RiskLevel

ID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII)
# twice what the largest event takes
LINE_MAX: Final = 16 * 1024
VERSION: Final = re.compile(r"[!-~]{1,64}")
LATENCY_MAX: Final = 2**31 - 1

SIGNALS_MAX: Final = 32
SIGNALS_BYTES: Final = 4096
NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,47}")
NUMBER: Final = (int, float)
NUMBER_MAX: Final = 1e12
WORD_MAX: Final = 64
# 32 of the longest names and numbers take 2,600 bytes, and a letter at most 4: with so few there is nothing to measure
LETTERS_SURE: Final = 370
# media has no place here (D15): addresses of data, and what base64 looks like
MEDIA: Final = re.compile(r"data:|blob:|[A-Za-z0-9+/_=-]{40}", re.IGNORECASE)


class Event(NamedTuple):
    """One window of a session, read and checked; everything but its place in time is certain."""

    id: str
    event_at: datetime
    risk_level: str
    confidence: float
    signals: dict[str, float | int | bool | str]
    model_version: str
    latency_ms: int


class Unreadable(ValueError):
    """An event that cannot be accepted; `faults` says for each field what is wrong with it."""

    def __init__(self, faults: dict[str, list[str]]) -> None:
        self.faults = faults
        super().__init__(" ".join(f"{name}: {' '.join(texts)}".removeprefix("_: ") for name, texts in faults.items()))


def read_event(raw: object) -> Event:
    """Check one decoded JSON value. Raises Unreadable."""
    if not isinstance(raw, dict):
        raise Unreadable({"_": ["An event is an object."]})
    values: list[Any] = []
    faults: dict[str, list[str]] = {}
    for name, reader in READERS.items():
        try:
            values.append(reader(raw[name]))
        except KeyError:
            faults[name] = ["Missing."]
        except ValueError as error:
            faults[name] = [str(error)]
    if len(raw) != len(READERS) or faults:
        faults |= {str(name)[:100]: ["Unknown field."] for name in raw.keys() - READERS.keys()}
    if faults:
        raise Unreadable(faults)
    return Event(*values)


def read_line(line: bytes) -> Event:
    """Check one line of an NDJSON file. Raises Unreadable."""
    if len(line) > LINE_MAX:
        raise Unreadable({"_": [f"The line is longer than {LINE_MAX} bytes."]})
    try:
        return read_event(loads(line))
    except BadRequest as problem:
        raise Unreadable({"_": [problem.detail.replace("The body", "The line").replace("JSON body", "line")]}) from None


def same_content(one: Event, other: Event) -> bool:
    """Whether two events with one id are the same event; True and 1 are not."""
    return one == other and json.dumps(one.signals, sort_keys=True) == json.dumps(other.signals, sort_keys=True)


def first_of_each(events: Sequence[Event]) -> tuple[dict[str, Event], set[int]]:
    """The events by id, and the places of those whose id came earlier with other content."""
    by_id: dict[str, Event] = {}
    clashing: set[int] = set()
    for place, event in enumerate(events):
        first = by_id.setdefault(event.id, event)
        if first is not event and not same_content(first, event):
            clashing.add(place)
    return by_id, clashing


dumps: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def as_json(events: Collection[Event]) -> str:
    """The events as the one parameter that the SQL takes."""
    return json.dumps([dict(zip(Event._fields, event, strict=True)) for event in events], default=datetime.isoformat)


def _id(value: object) -> str:
    if not isinstance(value, str) or not ID.fullmatch(value):
        raise ValueError("Not a UUID.")
    return value.lower()


def _moment(value: object) -> datetime:
    if not isinstance(value, str):
        raise ValueError("Not an RFC 3339 time.")
    try:
        found = datetime.fromisoformat(value)
        if found.tzinfo is None:
            raise ValueError("The time has no zone.")
        return found.astimezone(UTC)
    except OverflowError:
        raise ValueError("Not a time of this world.") from None
    except ValueError as error:
        raise ValueError("The time has no zone." if "zone" in str(error) else "Not an RFC 3339 time.") from None


def _risk_level(value: object) -> str:
    if value not in LEVELS:
        raise ValueError(f"Must be one of: {', '.join(LEVELS)}.")
    return str(value)


def _confidence(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, NUMBER) or not 0 <= value <= 1:
        raise ValueError("Must be a number from 0 to 1.")
    return round(float(value), 4)


def _model_version(value: object) -> str:
    if not isinstance(value, str) or not VERSION.fullmatch(value):
        raise ValueError("Must be 1 to 64 visible ASCII characters.")
    return value


def _latency_ms(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= LATENCY_MAX:
        raise ValueError(f"Must be a whole number from 0 to {LATENCY_MAX}.")
    return value


def _signals(value: object) -> dict[str, Any]:
    if not isinstance(value, dict) or len(value) > SIGNALS_MAX:
        raise ValueError(f"Must be an object of at most {SIGNALS_MAX} names.")
    letters = 0
    for name, signal in value.items():
        if not _is_name(name):
            raise ValueError("A name is 1 to 48 small letters, digits and underscores, and begins with a letter.")
        if isinstance(signal, str):
            letters += len(signal)
            _refuse_word(name, signal)
        elif not isinstance(signal, NUMBER) or not -NUMBER_MAX <= signal <= NUMBER_MAX:
            raise ValueError(f"{name} must be a number of at most 1e12, true, false, or a short text.")
    if letters > LETTERS_SURE and len(json.dumps(value, ensure_ascii=False).encode()) > SIGNALS_BYTES:
        raise ValueError(f"Must be at most {SIGNALS_BYTES} bytes of JSON.")
    return value


@lru_cache(maxsize=1024)
def _is_name(name: str) -> bool:
    """The same few names come thousands of times."""
    return NAME.fullmatch(name) is not None


def _refuse_word(name: str, signal: str) -> None:
    if len(signal) > WORD_MAX:
        raise ValueError(f"{name} is a text of more than {WORD_MAX} characters.")
    if MEDIA.search(signal):
        raise ValueError(f"{name} looks like media; only numbers and words may be sent.")
    if not signal.isprintable():
        raise ValueError(f"{name} holds characters that cannot be shown.")


LEVELS: Final = tuple(level.value for level in RiskLevel)
READERS: Final[dict[str, Callable[[object], Any]]] = {
    "id": _id,
    "event_at": _moment,
    "risk_level": _risk_level,
    "confidence": _confidence,
    "signals": _signals,
    "model_version": _model_version,
    "latency_ms": _latency_ms,
}
