"""Figures in words and numbers for people: every value by the unit of its column."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

UNKNOWN: Final = "–"
WORDS: Final = {
    "LOW": "Low priority", "MODERATE": "Moderate priority", "HIGH": "High priority", "UNKNOWN": "Nobody seen",
    "FAILED": "Could not be read", "PENDING": "Being read",
    "WEB_FORM": "This website", "API": "A program", "IMPORT": "An import", "TRANSCRIPT": "A transcript",
    "DISTRESS_MONITORING": "Distress monitoring", "CHECK_IN": "Check-in", "SUPPORT_CALL": "Support call",
    "TEST": "Test", "WEB": "Web", "IOS": "iOS", "ANDROID": "Android", "DESKTOP": "Desktop", "AGENT": "Agent",
    "analysis": "Texts", "video_session": "Video sessions", "text": "Text", "session": "Session",
    "text_model": "A text, by the model", "text_from_sent_to_outcome": "A text, from sent to outcome",
    "window": "A window, until it arrived", "all_reviewed": "All reviewed", "random_sample": "Random sample",
    "texts": "Texts read", "texts_high": "High priority texts", "texts_high_share": "Share of HIGH texts",
    "texts_waiting": "Texts waiting", "texts_failed": "Texts not readable", "sessions": "Video sessions",
    "windows": "Video windows", "windows_high": "High priority windows", "windows_high_share": "Share of HIGH windows",
    "windows_nobody_seen": "Windows without anybody", "hour": "Hours", "day": "Days", "week": "Weeks",
    "month": "Months", "ok": "OK", "warn": "Warning", "critical": "Critical", "resolved": "Resolved",
}  # fmt: skip
WEEKDAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
STEPS: Final = {"hour": "%a %-d %b, %H:%M", "day": "%a %-d %b %Y", "week": "week of %-d %b %Y", "month": "%B %Y"}


def count(value: float) -> str:
    """Whole numbers with thousands, others with as many digits as they can bear."""
    return f"{value:,.0f}" if float(value).is_integer() or abs(value) >= 1000 else f"{value:,.2f}"


FORMATS: Final[Mapping[str, Callable[[Any], str]]] = {
    "share": lambda value: f"{value * 100:.1f}\u00a0%",
    "confidence": lambda value: f"{value:.2f}",
    "psi": lambda value: f"{value:.3f}",
    "score": lambda value: f"{value:.3f}",
    "sd": lambda value: f"{value:+.2f}",
    "minutes": lambda value: f"{value:.1f}",
    "rate": lambda value: f"{value:.1f}",
    "ms": lambda value: f"{value:,.0f}",
    "weekday": lambda value: WEEKDAYS[value - 1],
    "hour": lambda value: f"{value:02d}:00",
    "label": lambda value: WORDS.get(value, str(value)),
}


def cell(value: Any, unit: str, params: Mapping[str, Any] | None = None) -> str:
    """A value for a table; times in the figure's zone, steps by their length."""
    if value is None:
        return UNKNOWN
    if isinstance(value, datetime):
        given = params or {}
        local = value.astimezone(ZoneInfo(given.get("tz") or "UTC"))
        return local.strftime(STEPS.get(given.get("granularity", ""), "%-d %b %Y, %H:%M"))
    if isinstance(value, UUID | str) and unit != "label":
        return str(value)
    return FORMATS.get(unit, count)(value)


def number(value: Any) -> str:
    """A value as charts read it; empty for what is no number."""
    return repr(float(value)) if isinstance(value, int | float) else ""


def heat(value: int, most: int) -> int:
    """0 for nothing, then 1 to 5."""
    return min(5, 1 + int(5 * value / most)) if value and most else 0
