"""Figures in words and numbers for people: every value by the unit of its column."""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_datetime, get_day_names

from quietus.core.languages import language, later

UNKNOWN: Final = "–"
WORDS: Final = {
    "LOW": later("Low priority"),
    "MODERATE": later("Moderate priority"),
    "HIGH": later("High priority"),
    "UNKNOWN": later("Nobody seen"),
    "FAILED": later("Could not be read"),
    "PENDING": later("Being read"),
    "WEB_FORM": later("This website"),
    "API": later("A program"),
    "IMPORT": later("An import"),
    "TRANSCRIPT": later("A transcript"),
    "DISTRESS_MONITORING": later("Distress monitoring"),
    "CHECK_IN": later("Check-in"),
    "SUPPORT_CALL": later("Support call"),
    "TEST": later("Test"),
    "WEB": later("Web"),
    "IOS": later("iOS"),
    "ANDROID": later("Android"),
    "DESKTOP": later("Desktop"),
    "AGENT": later("Agent"),
    "analysis": later("Texts"),
    "video_session": later("Video sessions"),
    "text": later("Text"),
    "session": later("Session"),
    "text_model": later("A text, by the model"),
    "text_from_sent_to_outcome": later("A text, from sent to outcome"),
    "window": later("A window, until it arrived"),
    "all_reviewed": later("All reviewed"),
    "random_sample": later("Random sample"),
    "texts": later("Texts read"),
    "texts_high": later("High priority texts"),
    "texts_high_share": later("Share of HIGH texts"),
    "texts_waiting": later("Texts waiting"),
    "texts_failed": later("Texts not readable"),
    "sessions": later("Video sessions"),
    "windows": later("Video windows"),
    "windows_high": later("High priority windows"),
    "windows_high_share": later("Share of HIGH windows"),
    "windows_nobody_seen": later("Windows without anybody"),
    "hour": later("Hours"),
    "day": later("Days"),
    "week": later("Weeks"),
    "month": later("Months"),
    "ok": later("OK"),
    "warn": later("Warning"),
    "critical": later("Critical"),
    "resolved": later("Resolved"),
}
STEPS: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {
        "hour": "EEE d MMM, HH:mm",
        "day": "EEE d MMM y",
        "week": "'week of' d MMM y",
        "month": "MMMM y",
        "": "d MMM y, HH:mm",
    },
    "de": {
        "hour": "ccc d. LLL, HH:mm",
        "day": "ccc d. LLL y",
        "week": "'Woche ab' d. LLL y",
        "month": "LLLL y",
        "": "d. LLL y, HH:mm",
    },
}


def words(code: str) -> str:
    """A value that stands for something, as people call it; one that nobody knows stays as it is."""
    return str(WORDS.get(code, code))


@cache
def _signs(code: str) -> Mapping[int, str]:
    symbols = Locale(code).number_symbols["latn"]
    return {ord(","): symbols["group"], ord("."): symbols["decimal"]}


def signed(text: str) -> str:
    """1,234.5 with the signs of the reader's language; many times faster than number(), which tables feel."""
    return text.translate(_signs(language()))


def count(value: float) -> str:
    """Whole numbers with thousands, others with as many digits as they can bear."""
    return f"{value:,.0f}" if float(value).is_integer() or abs(value) >= 1000 else f"{value:,.2f}"


def weekday(number: int) -> str:
    """1 is Monday."""
    return str(get_day_names("abbreviated", "stand-alone", locale=language())[number - 1])


FORMATS: Final[Mapping[str, Callable[[Any], str]]] = {
    "share": lambda value: f"{value * 100:.1f}\u00a0%",
    "confidence": lambda value: f"{value:.2f}",
    "psi": lambda value: f"{value:.3f}",
    "score": lambda value: f"{value:.3f}",
    "sd": lambda value: f"{value:+.2f}",
    "minutes": lambda value: f"{value:.1f}",
    "rate": lambda value: f"{value:.1f}",
    "ms": lambda value: f"{value:,.0f}",
    "hour": lambda value: f"{value:02d}:00",
}


def cell(value: Any, unit: str, params: Mapping[str, Any] | None = None) -> str:
    """A value for a table; times in the figure's zone, steps by their length."""
    if value is None:
        return UNKNOWN
    if isinstance(value, datetime):
        return _moment(value, params or {})
    if isinstance(value, UUID | str):
        return words(str(value)) if unit == "label" else str(value)
    return weekday(value) if unit == "weekday" else signed(FORMATS.get(unit, count)(value))


def _moment(value: datetime, params: Mapping[str, Any]) -> str:
    patterns = STEPS[language()]
    local = value.astimezone(ZoneInfo(params.get("tz") or "UTC"))
    return format_datetime(local, patterns.get(params.get("granularity", ""), patterns[""]), locale=language())


def number(value: Any) -> str:
    """A value as charts read it; empty for what is no number."""
    return repr(float(value)) if isinstance(value, int | float) else ""


def heat(value: int, most: int) -> int:
    """0 for nothing, then 1 to 5."""
    return min(5, 1 + int(5 * value / most)) if value and most else 0
