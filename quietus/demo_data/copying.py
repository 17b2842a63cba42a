"""Writes columns of numpy arrays into a table by COPY, and makes the ids and times that they need."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import psycopg
from psycopg import sql

Texts = Sequence[str]
Array = np.ndarray[Any, Any]
BLOCK = 5000


@dataclass(frozen=True, slots=True)
class Ground:
    """What all made-up rows stand on: where they go, where chance comes from, whose they are, and when."""

    connection: "psycopg.Connection[Any]"
    rng: np.random.Generator
    people: list[str]
    reviewers: list[str]
    end: datetime
    days: int
    # whatever asks for a reader and came before this was read; NaT: some of it never is
    all_read_until: np.datetime64


def copy_rows(connection: "psycopg.Connection[Any]", table: str, columns: Sequence[str], data: Sequence[Texts]) -> int:
    """COPY one row for each place of `data`'s columns; the texts hold no tab, line end or backslash."""
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    command = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), names)
    lines = ["\t".join(row) for row in zip(*data, strict=True)]
    with connection.cursor() as cursor, cursor.copy(command) as copy:
        for start in range(0, len(lines), BLOCK):
            copy.write("\n".join(lines[start : start + BLOCK]) + "\n")
    return len(lines)


def ids(rng: np.random.Generator, moments: Array) -> list[str]:
    """UUIDs of version 7: as random as any, and in the order of time, so that indexes grow at their end."""
    raw = rng.integers(0, 256, (len(moments), 16), dtype=np.uint8)
    raw[:, :6] = moments.astype("datetime64[ms]").astype(">i8").view(np.uint8).reshape(-1, 8)[:, 2:]
    raw[:, 6] = raw[:, 6] & 0x0F | 0x70
    raw[:, 8] = raw[:, 8] & 0x3F | 0x80
    text = raw.tobytes().hex()
    parts = (text[at : at + 32] for at in range(0, len(text), 32))
    return [f"{p[:8]}-{p[8:12]}-{p[12:16]}-{p[16:20]}-{p[20:]}" for p in parts]


def times(moments: Array) -> list[str]:
    """RFC 3339, to the millisecond."""
    return list(np.datetime_as_string(moments.astype("datetime64[ms]"), unit="ms", timezone="UTC"))


def numbers(values: Array, digits: int = 0) -> list[str]:
    return [f"{value:.{digits}f}" for value in values.tolist()]


def picked(values: Texts, places: Iterable[int]) -> list[str]:
    return [values[place] for place in places]


def moments(rng: np.random.Generator, count: int, end: datetime, days: int) -> Array:
    """Times of the `days` before `end`, in order: more of them lately, in the evening and on Sundays."""
    last = np.datetime64(end.replace(tzinfo=None), "ms")
    hours = last.astype("datetime64[h]") - np.arange(days * 24, 0, -1).astype("timedelta64[h]")
    place = hours.astype("datetime64[h]").astype(int)
    by_hour = np.array([3, 2, 1, 1, 1, 1, 2, 4, 6, 6, 6, 6, 7, 6, 6, 6, 7, 8, 9, 11, 13, 14, 11, 7], dtype=float)
    by_day = np.array([10, 10, 10, 11, 9, 10, 13], dtype=float)  # the era began on a Thursday
    weight = by_hour[place % 24] * by_day[(place // 24) % 7] * np.linspace(0.6, 1.4, len(hours))
    chosen = rng.choice(len(hours), count, p=weight / weight.sum())
    found = hours[chosen].astype("datetime64[ms]") + rng.integers(0, 3_600_000, count).astype("timedelta64[ms]")
    return np.sort(found)
