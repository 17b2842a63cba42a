"""Charts on paper, drawn as lines and boxes: bars, stacked bars, lines and a heat map."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import time
from typing import Final

from babel.dates import format_datetime

from quietus.core.languages import language
from quietus.reports.document import Cell, Column, Table
from quietus.reports.render.colours import colour_of
from quietus.reports.render.pdf_heat import draw_heat
from quietus.reports.render.pdf_page import INK, LINE, SANS, SOFT, Page, rgb
from quietus.reports.render.shown import as_moment, as_number, as_words, heading

KINDS: Final = frozenset({"bars", "stacked", "line", "heat"})
DAYS: Final = {"en": "d MMM", "de": "d. LLL"}
DASHES: Final = ((0.0, 0.0), (2.0, 1.0), (0.6, 0.8), (3.0, 0.8), (1.2, 0.6), (4.0, 1.6))
TICKS: Final = 4
NAME_MAX: Final = 24


@dataclass(frozen=True, slots=True)
class Area:
    """Where the data goes, in mm, and the values at its edges; `ticks` are the parts between these."""

    x: float
    y: float
    width: float
    height: float
    low: float
    top: float
    ticks: int

    def up(self, value: float) -> float:
        """The height of a value on the paper."""
        return self.y + self.height * (self.top - value) / (self.top - self.low)


def can_draw(table: Table, rows: Sequence[Sequence[Cell]]) -> bool:
    if table.chart is None or table.chart.kind not in KINDS or len(rows) < 2:
        return False
    return any(_values(table, rows, name) for name in table.chart.series)


def _values(table: Table, rows: Sequence[Sequence[Cell]], name: str) -> list[float]:
    place = table.place(name)
    return [float(row[place]) for row in rows if isinstance(row[place], int | float)]  # type: ignore[arg-type]  # just asked


def draw_chart(page: Page, table: Table, rows: Sequence[Sequence[Cell]], height: float) -> None:
    assert table.chart is not None  # noqa: S101 - can_draw said so
    if table.chart.kind == "heat":
        draw_heat(page, table, rows, height)
        return
    y = page.get_y()
    _legend(page, table)
    below = page.get_y()
    area = _area(page, table, rows, below, height - (below - y))
    _axes(page, table, area)
    _names(page, table, rows, area)
    columns = [[_cell(row[table.place(name)]) for row in rows] for name in table.chart.series]
    {"bars": _bars, "stacked": _stacks, "line": _lines}[table.chart.kind](page, table, columns, area)
    page.set_xy(page.l_margin, y + height)


def _cell(value: Cell) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _area(page: Page, table: Table, rows: Sequence[Sequence[Cell]], y: float, height: float) -> Area:
    assert table.chart is not None  # noqa: S101 - as above
    places = [table.place(name) for name in table.chart.series]
    if table.chart.kind == "stacked":
        values = [sum(_cell(row[place]) or 0.0 for place in places) for row in rows]
    else:
        values = [value for name in table.chart.series for value in _values(table, rows, name)]
    step = _step(max(0.0, *values), max(0.0, *(-value for value in values)))
    below = math.ceil(max(0.0, *(-value for value in values)) / step - 1e-9)
    above = max(math.ceil(max(0.0, *values) / step - 1e-9), 0 if below else 1)
    return Area(page.l_margin + 14, y + 2, page.width - 15, height - 11, -below * step, above * step, below + above)


def _step(above: float, below: float) -> float:
    """A distance between lines that reads well and needs about TICKS of them."""
    span = above + below
    if span <= 0:
        return 1.0
    power: float = 10.0 ** math.floor(math.log10(span / TICKS))
    return next(part * power for part in (1, 2, 2.5, 5, 10) if part * power * TICKS >= span * 0.9999)


def _legend(page: Page, table: Table) -> None:
    assert table.chart is not None  # noqa: S101 - as above
    page.write_in(SANS, 8, colour=SOFT)
    for number, name in enumerate(table.chart.series):
        text = heading(table.columns[table.place(name)])
        width = page.get_string_width(text) + 13
        if page.get_x() + width > page.l_margin + page.width:
            page.ln(4.4)
        x, y = page.get_x(), page.get_y() + 2.2
        _pen(page, name, number)
        if table.chart.kind == "line":
            page.line(x, y, x + 7, y)
        else:
            page.rect(x + 2, y - 1.5, 4, 3, style="F")
        page.set_dash_pattern()
        page.set_x(x + 8)
        page.cell(width - 8, 4.4, text)
    page.ln(5.4)


def _pen(page: Page, name: str, number: int) -> None:
    colour = rgb(colour_of(name, number))
    page.set_draw_color(*colour)
    page.set_fill_color(*colour)
    page.set_line_width(0.55)
    dash, gap = DASHES[number % len(DASHES)]  # never colour alone
    page.set_dash_pattern(dash, gap)


def _axes(page: Page, table: Table, area: Area) -> None:
    assert table.chart is not None  # noqa: S101 - as above
    unit = table.columns[table.place(table.chart.series[0])].unit
    page.write_in(SANS, 7.5, colour=SOFT)
    page.set_line_width(0.15)
    page.set_draw_color(*rgb(LINE))
    for tick in range(area.ticks + 1):
        value = area.low + (area.top - area.low) * tick / area.ticks
        y = area.up(value)
        page.line(area.x, y, area.x + area.width, y)
        page.set_xy(page.l_margin - 2, y - 1.6)
        page.cell(15, 3.2, as_number(value, unit), align="R")


def _names(page: Page, table: Table, rows: Sequence[Sequence[Cell]], area: Area) -> None:
    """What stands along the axis: every name where there is room, else some at even steps."""
    assert table.chart is not None  # noqa: S101 - as above
    place, step = table.place(table.chart.x), area.width / len(rows)
    page.write_in(SANS, 7.5, colour=INK)
    names = [_short(page, row[place], rows[0][place], table.columns[place]) for row in rows]
    widest = max(page.get_string_width(name) for name in names) + 2.5
    for number in range(0, len(rows), math.ceil(widest / step)):
        page.set_xy(area.x + step * (number + 0.5) - widest / 2, area.y + area.height + 1.2)
        page.cell(widest, 3.4, names[number], align="C")


def _short(page: Page, value: Cell, first: Cell, column: Column) -> str:
    moment = as_moment(value)
    if moment is None:
        text = as_words(value, column)
        return text if len(text) <= NAME_MAX else f"{text[: NAME_MAX - 1]}…"
    local, begun = moment.astimezone(page.zone), as_moment(first)
    days = local.time() == time() and (begun is None or begun.astimezone(page.zone).time() == time())
    return format_datetime(local, DAYS[language()] + ("" if days else " HH:mm"), locale=language())


def _bars(page: Page, table: Table, columns: list[list[float | None]], area: Area) -> None:
    assert table.chart is not None  # noqa: S101 - as above
    step = area.width / len(columns[0])
    width = min(18.0, step * 0.72 / len(columns))
    alone = len(columns) == 1
    for number, (name, column) in enumerate(zip(table.chart.series, columns, strict=True)):
        for place, value in enumerate(column):
            if value is None:
                continue
            # one series takes the colours of its rows: HIGH is red wherever it stands
            _pen(page, str(page_name) if alone and (page_name := _row_name(table, place)) else name, number)
            x = area.x + step * (place + 0.5) + width * (number - len(columns) / 2)
            page.rect(x, min(area.up(value), area.up(0)), width, abs(area.up(0) - area.up(value)), style="F")
    page.set_dash_pattern()


def _row_name(table: Table, place: int) -> str:
    rows = table.rows
    if not isinstance(rows, Sequence) or table.chart is None:
        return ""
    name = str(rows[place][table.place(table.chart.x)])
    return name if name in ("LOW", "MODERATE", "HIGH", "UNKNOWN", "FAILED") else ""


def _stacks(page: Page, table: Table, columns: list[list[float | None]], area: Area) -> None:
    assert table.chart is not None  # noqa: S101 - as above
    step = area.width / len(columns[0])
    width = min(18.0, step * 0.8)
    below = [0.0] * len(columns[0])
    for number, (name, column) in enumerate(zip(table.chart.series, columns, strict=True)):
        _pen(page, name, number)
        for place, value in enumerate(column):
            if not value:
                continue
            y = area.up(below[place] + value)
            page.rect(area.x + step * (place + 0.5) - width / 2, y, width, area.up(below[place]) - y, style="F")
            below[place] += value
    page.set_dash_pattern()


def _lines(page: Page, table: Table, columns: list[list[float | None]], area: Area) -> None:
    assert table.chart is not None  # noqa: S101 - as above
    step = area.width / len(columns[0])
    for number, (name, column) in enumerate(zip(table.chart.series, columns, strict=True)):
        _pen(page, name, number)
        run: list[tuple[float, float]] = []
        for place, value in enumerate([*column, None]):
            if value is not None:
                run.append((area.x + step * (place + 0.5), area.up(value)))
            elif run:  # a gap in the data is a gap in the line
                page.polyline(run if len(run) > 1 else [*run, (run[0][0] + 0.4, run[0][1])])
                run = []
    page.set_dash_pattern()
