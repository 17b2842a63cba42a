"""Keyset paging: a page starts where the last one ended, so page 10,000 costs what page 1 does."""

import base64
import binascii
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar
from uuid import UUID

from quietus.core.errors import Invalid

Row = TypeVar("Row")
Key = TypeVar("Key")

LIMIT_DEFAULT = 50
LIMIT_MAX = 200


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Some rows and the cursor of the next page, None on the last."""

    items: list[Row]
    next_cursor: str | None


def write_cursor(moment: datetime, row_id: UUID | int) -> str:
    """The place after a row in an order by (moment DESC, id DESC)."""
    return base64.urlsafe_b64encode(json.dumps([moment.isoformat(), str(row_id)]).encode()).decode().rstrip("=")


def read_cursor(cursor: str) -> tuple[datetime, UUID]:
    """Reverse of write_cursor. Raises Invalid for anything that it did not write."""
    return _read(cursor, UUID)


def read_numbered_cursor(cursor: str) -> tuple[datetime, int]:
    """The same for rows that are numbered."""
    return _read(cursor, _number)


def _number(text: str) -> int:
    found = int(text)
    if not 0 <= found < 2**63:
        raise ValueError("no row has this number")
    return found


def _read(cursor: str, key: Callable[[str], Key]) -> tuple[datetime, Key]:
    try:
        moment, row_id = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        at = datetime.fromisoformat(moment)
        if at.tzinfo is None:
            raise ValueError("a cursor without a zone")
        return at, key(row_id)
    except (ValueError, TypeError, AttributeError, binascii.Error, RecursionError) as error:
        raise Invalid({"cursor": ["This is not a cursor of this list."]}) from error
