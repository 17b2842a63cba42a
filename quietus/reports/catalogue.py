"""The reports that can be asked for: each figure by itself, several in one document, and exports of rows."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from flask_babel import gettext

from quietus.accounts.identity import Principal
from quietus.analytics import parameters
from quietus.analytics import service as figures
from quietus.analytics.catalogue import FIGURES, Figure, read
from quietus.core.errors import NotFound
from quietus.core.languages import translated

Kind = Literal["figure", "overview", "rows"]

OVERVIEW: Final = "overview_report"
# in the order of the document; what the asker may not see is left out
OVERVIEW_FIGURES: Final = (
    "overview",
    "text_trend",
    "text_distribution",
    "text_sources",
    "text_heat_map",
    "text_confidence",
    "text_models",
    "video_trend",
    "video_distribution",
    "video_heat_map",
    "sessions",
    "latency",
)
ROWS: Final[dict[str, Figure]] = {
    path.stem: read(path) for path in sorted((Path(__file__).parent / "sql").glob("*_rows.sql"))
}


@dataclass(frozen=True, slots=True)
class Report:
    """Something to ask for; `figures` are what it holds, one table each."""

    name: str
    title: str
    question: str
    reading: str
    kind: Kind
    figures: tuple[Figure, ...]

    @property
    def parameters(self) -> tuple[str, ...]:
        """Every parameter that one of the figures takes, in the order of forms."""
        return tuple(name for name in parameters.PARAMETERS if any(name in each.parameters for each in self.figures))

    @property
    def required(self) -> frozenset[str]:
        return frozenset(name for figure in self.figures for name in figure.required)

    def read_params(self, raw: Mapping[str, str | None]) -> dict[str, dict[str, Any]]:
        """The checked parameters of each figure. Raises Invalid, also for one that no figure takes."""
        unknown = {name: value for name, value in raw.items() if name not in self.parameters}
        return {
            figure.name: parameters.read(
                figure, unknown | {name: value for name, value in raw.items() if name in figure.parameters}
            )
            for figure in self.figures
        }


def reports_for(asker: Principal) -> list[Report]:
    """Every report that this person may ask for: documents first, then figures by title, then rows."""
    seen = figures.figures_for(asker)
    return [_overview(asker), *(_of_figure(figure, "figure") for figure in seen), *(_rows(asker))]


def get_report(name: str, *, for_user: Principal) -> Report:
    """Raises NotFound, also for a report that this person may not ask for."""
    if name == OVERVIEW:
        return _overview(for_user)
    found = next((report for report in _rows(for_user) if report.name == name), None)
    return found or _of_figure(figures.get_figure(name, for_user=for_user), "figure")


def title_of(name: str) -> str:
    """What to call a report in a list, whoever may ask for it; its name when there is no such report any more."""
    if name == OVERVIEW:
        return str(gettext("Overview of the desk"))
    known = FIGURES | ROWS
    return translated(known[name].title) if name in known else name


def _of_figure(figure: Figure, kind: Kind) -> Report:
    title, question, reading = map(translated, (figure.title, figure.question, figure.reading))
    return Report(figure.name, title, question, reading, kind, (figure,))


def _rows(asker: Principal) -> Iterable[Report]:
    may_see = (figure for figure in ROWS.values() if any(asker.can(right) for right in figure.permissions))
    return [_of_figure(figure, "rows") for figure in may_see]


def _overview(asker: Principal) -> Report:
    seen = {figure.name: figure for figure in figures.figures_for(asker)}
    chosen = tuple(seen[name] for name in OVERVIEW_FIGURES if name in seen)
    if not chosen:
        raise NotFound
    return Report(
        name=OVERVIEW,
        title=title_of(OVERVIEW),
        question=gettext("What came in, when, how was it prioritised, and how sure and how fast was the model?"),
        reading=gettext("Several figures of one period in one document."),
        kind="overview",
        figures=chosen,
    )
