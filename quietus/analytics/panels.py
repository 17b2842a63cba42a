"""What a page shows of a figure: its answer, or why there is none, and which filters it could not take."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import psycopg
import structlog
from sqlalchemy.exc import SQLAlchemyError

from quietus.accounts.identity import Principal
from quietus.analytics import parameters, service
from quietus.analytics.catalogue import FIGURES, Figure
from quietus.core import clock
from quietus.core.errors import Problem
from quietus.core.extensions import db
from quietus.core.languages import later

log = structlog.get_logger(__name__)

DASHBOARD: Final = (
    "overview", "text_trend", "video_trend", "text_distribution", "video_distribution", "text_heat_map",
    "text_confidence", "latency", "text_models", "video_models",
)  # fmt: skip
PERIODS: Final = {7: later("7 days"), 30: later("30 days"), 90: later("90 days"), 365: later("A year")}
AWAY: Final = later("This figure cannot be counted right now. Please load the page again in a moment.")


@dataclass(frozen=True, slots=True)
class Asked:
    """A figure with its parameters; `raw` is what its address carries."""

    figure: Figure
    params: dict[str, Any]
    raw: dict[str, str]
    ignored: tuple[str, ...]  # filters of the page that this figure does not have


@dataclass(frozen=True, slots=True)
class Panel:
    """A figure on a page."""

    asked: Asked
    answer: service.Answer | None
    problem: str

    @property
    def figure(self) -> Figure:
        return self.asked.figure


def prepare_one(figure: Figure, given: Mapping[str, str]) -> Asked:
    """Raises Invalid."""
    raw = {name: value for name, value in given.items() if name in figure.parameters}
    ignored = tuple(name for name in given if name not in figure.parameters and name not in parameters.PERIOD)
    return Asked(figure, service.read_params(figure.name, raw), raw, ignored)


def prepare(given: Mapping[str, str], *, for_user: Principal) -> list[Asked]:
    """The figures of the dashboard, all about the very same period. Raises Invalid."""
    figures = [FIGURES[name] for name in DASHBOARD]
    asked = [prepare_one(figure, given) for figure in figures if figure in service.figures_for(for_user)]
    if not asked:
        return []
    first = asked[0].params
    for each in asked:
        each.params.update({name: first[name] for name in ("from", "to")})
    return asked


def counted(asked: Sequence[Asked], *, for_user: Principal) -> Iterator[Panel]:
    """One after the other; one that fails leaves the others standing."""
    for each in asked:
        try:
            yield Panel(each, service.answer(each.figure.name, each.params, for_user=for_user), "")
        except (Problem, SQLAlchemyError, psycopg.Error) as error:
            db.session.rollback()
            log.warning("figure.failed", figure=each.figure.name, error=type(error).__name__)
            told = next(iter((error.errors or {}).values()), [error.detail])[0] if isinstance(error, Problem) else AWAY
            yield Panel(each, None, str(told))


def periods(given: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """The addresses of the usual periods under their words, the longest last, with the other filters as they are."""
    try:
        zone = ZoneInfo(parameters.zone(given.get("tz", "")))
    except ValueError:
        zone = ZoneInfo("UTC")
    today = clock.now().astimezone(zone).date()
    kept = {name: value for name, value in given.items() if name not in ("from", "to", "granularity")}
    return {
        str(words): {**kept, "from": (today - timedelta(days=days - 1)).isoformat(), "to": today.isoformat()}
        for days, words in PERIODS.items()
    }
