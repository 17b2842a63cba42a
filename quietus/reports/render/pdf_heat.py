"""A heat map on paper: the darker the box, the larger its number."""

from collections.abc import Sequence

from flask_babel import gettext

from quietus.reports.document import Cell, Table
from quietus.reports.render.pdf_page import INK, LINE, PAPER, SANS, SOFT, TEAL, Page, rgb
from quietus.reports.render.shown import as_number, as_words, heading


def draw_heat(page: Page, table: Table, rows: Sequence[Sequence[Cell]], height: float) -> None:
    """A map for each number of the table: the chart's x stands along the axis, its first series down the side."""
    assert table.chart is not None  # noqa: S101 - the caller looked
    keys = {table.chart.x, table.chart.series[0]}
    for name in table.names:
        if name not in keys and any(row[table.place(name)] for row in rows):
            page.keep_together(height)
            _map(page, table, rows, table.place(name), height)


def _map(page: Page, table: Table, rows: Sequence[Sequence[Cell]], value: int, height: float) -> None:
    assert table.chart is not None  # noqa: S101 - as above
    across, down = table.place(table.chart.x), table.place(table.chart.series[0])
    cells = {(row[across], row[down]): row[value] for row in rows}
    columns, lines = list(dict.fromkeys(row[across] for row in rows)), list(dict.fromkeys(row[down] for row in rows))
    highest = max((number for number in cells.values() if isinstance(number, int | float)), default=0) or 1
    x, y = page.l_margin + 14, page.get_y()
    width, tall = (page.width - 14) / len(columns), (height - 12) / len(lines)
    page.set_draw_color(*rgb(LINE))
    page.set_line_width(0.1)
    page.write_in(SANS, 7.5, colour=INK)
    for line, name in enumerate(lines):
        page.set_xy(page.l_margin, y + line * tall)
        page.cell(13, tall, as_words(name, table.columns[down]), align="R")
        for column, head in enumerate(columns):
            number = cells.get((head, name))
            page.set_fill_color(*_shade(number / highest if isinstance(number, int | float) else 0.0))
            page.rect(x + column * width, y + line * tall, width, tall, style="DF")
            _number(page, number, highest, (x + column * width, y + line * tall, width, tall))
    every = -(-len(columns) // 24)
    for column in range(0, len(columns), every):
        page.set_xy(x + column * width - 2, y + height - 11.5)
        page.cell(width + 4, 4, as_words(columns[column], table.columns[across]), align="C")
    page.write_in(SANS, 8, colour=SOFT)
    page.set_xy(page.l_margin, y + height - 6.5)
    key = gettext("white is none, the darkest box is %(most)s.", most=as_number(highest, ""))
    page.cell(0, 4, f"{heading(table.columns[value])}: {key}")
    page.set_xy(page.l_margin, y + height)


def _number(page: Page, number: Cell, highest: float, box: tuple[float, float, float, float]) -> None:
    if not isinstance(number, int | float) or not number:
        return
    text, (x, y, width, tall) = as_number(number, ""), box
    page.write_in(SANS, 7, colour=PAPER if number > highest / 3 else INK)
    page.shrink_to(text, width - 0.4)
    page.set_xy(x, y)
    page.cell(width, tall, text, align="C")
    page.write_in(SANS, 7.5, colour=INK)


def _shade(part: float) -> tuple[int, int, int]:
    """Between paper and teal, by the square root: small numbers stay visible."""
    weight = part**0.5
    light, dark = rgb(PAPER), rgb(TEAL)
    red, green, blue = (round(a + (b - a) * weight) for a, b in zip(light, dark, strict=True))
    return red, green, blue
