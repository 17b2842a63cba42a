"""A table on paper: columns as wide as they need, numbers to the right, the head again on every page."""

from collections.abc import Sequence
from typing import Final

from quietus.reports.document import Cell, Table
from quietus.reports.render.pdf_page import INK, LINE, SANS, SOFT, TEAL, WASH, Page, rgb
from quietus.reports.render.shown import heading, in_words

SIZES: Final = (8.5, 7.5, 6.5, 5.5)
LEADING: Final = 0.53  # of the letters' size, in mm
PAD: Final = 1.3
SAMPLE: Final = 200  # rows that are measured for the widths


def draw_table(page: Page, table: Table, rows: Sequence[Sequence[Cell]]) -> None:
    if not rows:
        return
    words = in_words(table, rows, page.zone)
    right = [_is_number(rows, place) for place in range(len(table.columns))]
    heads = [heading(column) for column in table.columns]
    size, widths = _widths(page, heads, words)
    leading = size * LEADING
    _head(page, heads, widths, right, size)
    for number, row in enumerate(words):
        cells = [_cut(page, text, width - 2 * PAD) for text, width in zip(row, widths, strict=True)]
        height = leading + 0.9
        if page.left_on_page < height:
            page.add_page()
            _head(page, heads, widths, right, size)
        page.set_fill_color(*rgb(WASH))
        if number % 2:
            page.rect(page.l_margin, page.get_y(), sum(widths), height, style="F")
        for text, width, to_right in zip(cells, widths, right, strict=True):
            page.cell(width, height, text, align="R" if to_right else "L")
        page.ln(height)
    page.set_draw_color(*rgb(LINE))
    page.line(page.l_margin, page.get_y(), page.l_margin + sum(widths), page.get_y())


def _is_number(rows: Sequence[Sequence[Cell]], place: int) -> bool:
    values = [row[place] for row in rows[:SAMPLE] if row[place] is not None]
    return bool(values) and all(isinstance(value, int | float) for value in values)


def _widths(page: Page, heads: list[str], words: list[list[str]]) -> tuple[float, list[float]]:
    """The largest letters in which every column has its room; the smallest, with columns cut, where none has."""
    for size in SIZES:
        page.c_margin = PAD
        page.write_in(SANS, size, style="B")
        least = [max(page.get_string_width(part) for part in head.split()) for head in heads]
        page.write_in(SANS, size)
        wanted = [
            max(low, *(page.get_string_width(row[place]) for row in words[:SAMPLE])) + 2 * PAD + 0.4
            for place, low in enumerate(least)
        ]
        if sum(wanted) <= page.width:
            spare = (page.width - sum(wanted)) / len(wanted)
            return size, [width + min(spare, 24) for width in wanted]
    squeeze = page.width / sum(wanted)
    return size, [width * squeeze for width in wanted]


def _head(page: Page, heads: list[str], widths: list[float], right: list[bool], size: float) -> None:
    page.write_in(SANS, size, style="B", colour=SOFT)
    leading = size * LEADING
    wrapped = [_wrap(page, head, width - 2 * PAD) for head, width in zip(heads, widths, strict=True)]
    lines = max(len(part) for part in wrapped)
    page.keep_together(leading * (lines + 4))
    top, x = page.get_y(), page.l_margin
    for parts, width, to_right in zip(wrapped, widths, right, strict=True):
        for number, part in enumerate(parts):
            page.set_xy(x, top + leading * (lines - len(parts) + number))
            page.cell(width, leading, part, align="R" if to_right else "L")
        x += width
    page.set_xy(page.l_margin, top + leading * lines + 0.8)
    page.set_draw_color(*rgb(TEAL))
    page.set_line_width(0.3)
    page.line(page.l_margin, page.get_y(), x, page.get_y())
    page.write_in(SANS, size, colour=INK)


def _wrap(page: Page, text: str, width: float) -> list[str]:
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if page.get_string_width(longer) > width + 0.1 and lines[-1]:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def _cut(page: Page, text: str, width: float) -> str:
    """The text, or its beginning and an ellipsis where the column has no room; the CSV has it whole."""
    if page.get_string_width(text) <= width + 0.1:
        return text
    while text and page.get_string_width(f"{text}…") > width:
        text = text[: -max(1, len(text) // 12)]
    return f"{text}…"
