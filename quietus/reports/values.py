"""Values of PostgreSQL as a document holds them: what JSON knows, and no more."""

import math
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from quietus.core.pages import rfc3339
from quietus.reports.document import Cell


def plain(value: Any) -> Cell:
    """Numbers stay numbers, times are RFC 3339 in UTC, a number that is none (NaN) is nothing."""
    if isinstance(value, Decimal):
        value = int(value) if value.is_finite() and value == value.to_integral_value() else float(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, datetime):
        return rfc3339(value.astimezone(UTC))
    return value.isoformat() if isinstance(value, date) else str(value)
