"""A report as PDF: what was asked, the key numbers, a chart and a table for each answer, and the SQL at the end."""

from collections.abc import Iterator, Sequence
from typing import Final

from flask_babel import gettext

from quietus.core.languages import number as said
from quietus.reports.document import Cell, Document, Table
from quietus.reports.render import key_numbers
from quietus.reports.render.pdf_chart import can_draw, draw_chart
from quietus.reports.render.pdf_page import AMBER, INK, SANS, SERIF, SOFT, TEAL, WASH, Page, rgb
from quietus.reports.render.pdf_table import draw_table
from quietus.reports.render.shown import at

# some twenty pages; nobody reads a longer table on paper
ROWS_MAX: Final = 1000
TILES: Final = 4
TILE_HEIGHT: Final = 17.0
CHART_HEIGHT: Final = 66.0


def write_pdf(document: Document) -> Iterator[bytes]:
    page = Page(document)
    _opening(page, document)
    for number, table in enumerate(document.tables):
        _answer(page, table, alone=len(document.tables) == 1, first=number == 0)
    _appendix(page, document)
    yield bytes(page.output())


def _opening(page: Page, document: Document) -> None:
    page.write_in(SANS, 9, style="B", colour=AMBER)
    page.cell(0, 5, gettext("Quietus AI · report"), new_x="LMARGIN", new_y="NEXT")
    page.write_in(SERIF, 24, style="B", colour=TEAL)
    page.paragraph(document.title, 10.5)
    page.ln(1)
    page.write_in(SANS, 12, colour=INK)
    page.paragraph(document.question, 5.8)
    page.ln(2.5)
    facts = [*document.filters, (gettext("Data up to"), at(document.watermark))]
    facts += [(gettext("Built at"), at(document.built_at)), (gettext("Rows"), said(document.row_count))]
    _facts(page, facts)
    page.ln(3)
    page.rule(TEAL, 4)


def _facts(page: Page, facts: Sequence[tuple[str, str]]) -> None:
    for label, value in facts:
        page.write_in(SANS, 9, colour=SOFT)
        page.cell(28, 4.8, label)
        page.write_in(SANS, 9, colour=INK)
        page.cell(0, 4.8, value, new_x="LMARGIN", new_y="NEXT")


def _answer(page: Page, table: Table, *, alone: bool, first: bool) -> None:
    rows = _some(table)
    if not alone:
        page.keep_together(45 + (CHART_HEIGHT + TILE_HEIGHT if can_draw(table, rows) else 0))
        page.ln(0 if first else 5)
        page.write_in(SERIF, 15, style="B", colour=TEAL)
        page.paragraph(table.title, 7)
        page.write_in(SANS, 10, colour=INK)
        page.paragraph(table.question)
        page.ln(2)
    _notes(page, table)
    _tiles(page, key_numbers.of(table, rows))
    if can_draw(table, rows):
        page.keep_together(CHART_HEIGHT + 4)
        draw_chart(page, table, rows, CHART_HEIGHT)
        page.ln(4)
    if not _drawn_whole(table, rows):
        draw_table(page, table, rows)
    _left_out(page, table, len(rows))


def _drawn_whole(table: Table, rows: Sequence[Sequence[Cell]]) -> bool:
    """Whether every number stands in the tiles or in the heat map already."""
    if table.chart is None or not rows:
        return False
    if table.chart.kind == "heat":
        return True
    return table.chart.kind == "tiles" and len(key_numbers.of(table, rows)) >= max(len(rows), 1)


def _some(table: Table) -> list[Sequence[Cell]]:
    found: list[Sequence[Cell]] = []
    for row in table.rows:
        if len(found) == ROWS_MAX:
            break
        found.append(row)
    return found


def _notes(page: Page, table: Table) -> None:
    for text, style, colour in ((table.note, "B", INK), (table.reading, "", SOFT)):
        if text:
            page.write_in(SANS, 9.5, style=style, colour=colour)
            page.paragraph(text, 4.6)
    if table.note or table.reading:
        page.ln(3)


def _tiles(page: Page, numbers: Sequence[key_numbers.KeyNumber]) -> None:
    gap, top = 3.0, page.get_y()
    width = (page.width - gap * (TILES - 1)) / TILES
    for place, number in enumerate(numbers):
        column, line = place % TILES, place // TILES
        if column == 0:
            page.set_y(top + line * (TILE_HEIGHT + gap))
            page.keep_together(TILE_HEIGHT)
            top = page.get_y() - line * (TILE_HEIGHT + gap)
        x, y = page.l_margin + column * (width + gap), top + line * (TILE_HEIGHT + gap)
        _tile(page, number, x, y, width)
    if numbers:
        lines = (len(numbers) - 1) // TILES + 1
        page.set_xy(page.l_margin, top + lines * (TILE_HEIGHT + gap) + 2)


def _tile(page: Page, number: key_numbers.KeyNumber, x: float, y: float, width: float) -> None:
    page.set_fill_color(*rgb(WASH))
    page.rect(x, y, width, TILE_HEIGHT, style="F")
    page.set_fill_color(*rgb(TEAL))
    page.rect(x, y, 0.8, TILE_HEIGHT, style="F")
    lines = ((SANS, 8.0, "", SOFT, number.label, 2.0), (SERIF, 15.0, "B", INK, number.value, 6.4))
    for family, size, style, colour, text, down in (*lines, (SANS, 7.5, "", SOFT, number.beside, 12.4)):
        page.write_in(family, size, style=style, colour=colour)
        page.shrink_to(text, width - 5)
        page.set_xy(x + 3, y + down)
        page.cell(width - 4, size * 0.4, text)


def _left_out(page: Page, table: Table, shown: int) -> None:
    if table.row_count > shown:
        page.ln(2)
        page.write_in(SANS, 9.5, style="B")
        words = gettext(
            "These are the first %(shown)s of %(all)s rows. The other %(left)s are in the CSV.",
            shown=said(shown),
            all=said(table.row_count),
            left=said(table.row_count - shown),
        )
        page.paragraph(words, 4.8)


def _appendix(page: Page, document: Document) -> None:
    if not any(table.sql for table in document.tables):
        return
    page.add_page()
    page.write_in(SERIF, 15, style="B", colour=TEAL)
    page.paragraph(gettext("How these numbers were counted"), 8)
    page.write_in(SANS, 9.5, colour=SOFT)
    words = gettext("The statements as they ran, with their values. Paste them into psql to count again.")
    page.paragraph(words, 4.8)
    for table in document.tables:
        page.ln(3)
        page.keep_together(30)
        page.write_in(SANS, 10.5, style="B")
        page.paragraph(table.title, 5.4)
        page.write_in(SANS, 8.5, colour=SOFT)
        took = gettext("%(rows)s rows in %(ms)s ms.", rows=said(table.row_count), ms=said(table.elapsed_ms))
        page.paragraph(f"{took} {table.formula}".strip(), 4.2)
        page.ln(1)
        page.set_fill_color(*rgb(WASH))
        page.write_in(SANS, 8)
        for line in table.sql.expandtabs(4).splitlines():
            text = line.lstrip(" ")
            # a letter's width for each space: indents stay in step without a typewriter font
            indent = (len(line) - len(text)) * 1.3
            page.set_x(page.l_margin + 2 + indent)
            page.multi_cell(page.width - 2 - indent, 3.7, text or " ", align="L", new_x="LMARGIN", new_y="NEXT")
