"""A report as XLSX: a sheet that says what it is, then each table on a sheet of its own with a native chart."""

import re
import tempfile
from collections.abc import Iterator, Sequence
from typing import IO, Any, Final
from zoneinfo import ZoneInfo

import xlsxwriter
from flask_babel import gettext
from xlsxwriter.worksheet import Worksheet

from quietus.core.languages import number as said
from quietus.reports.document import SHARE, Cell, Document, Table
from quietus.reports.render.colours import colour_of
from quietus.reports.render.shown import as_moment, heading

# a sheet holds 1,048,576; past this a spreadsheet crawls, and the CSV holds every row
ROWS_MAX: Final = 100_000
PIECE: Final = 64 * 1024
CHARTS: Final[dict[str, dict[str, str]]] = {
    "bars": {"type": "column"},
    "stacked": {"type": "column", "subtype": "stacked"},
    "line": {"type": "line"},
}
FORBIDDEN = re.compile(r"[\[\]:*?/\\]")
OPTIONS: Final = {
    "constant_memory": True,
    # a value that a person can choose must never become a formula or a link
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "remove_timezone": True,
}


def write_xlsx(document: Document) -> Iterator[bytes]:
    with tempfile.TemporaryFile() as file:
        _workbook(document, file)
        file.seek(0)
        while piece := file.read(PIECE):
            yield piece


def _workbook(document: Document, file: IO[bytes]) -> None:
    with xlsxwriter.Workbook(file, OPTIONS) as book:
        book.set_properties({"title": document.title, "subject": document.question, "author": "Quietus AI"})
        styles = Styles(book, ZoneInfo(document.tz))
        _about(book, document, styles)
        for number, table in enumerate(document.tables, start=1):
            _table(book, table, f"{number} {FORBIDDEN.sub(' ', table.title)}"[:31].strip(), styles)


class Styles:
    """The formats of one workbook, and the zone that its times are written in."""

    def __init__(self, book: xlsxwriter.Workbook, zone: ZoneInfo) -> None:
        self.zone = zone
        self.title = book.add_format({"bold": True, "font_size": 16, "font_color": "#14454b"})
        self.head = book.add_format({"bold": True, "bg_color": "#e3efed", "text_wrap": True, "valign": "top"})
        self.label = book.add_format({"font_color": "#52626a", "valign": "top"})
        self.words = book.add_format({"text_wrap": True, "valign": "top"})
        self.code = book.add_format({"font_name": "Courier New", "font_size": 9})
        self.share = book.add_format({"num_format": "0.0%"})
        self.moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})


def _about(book: xlsxwriter.Workbook, document: Document, styles: Styles) -> None:
    sheet = book.add_worksheet(gettext("About"))
    sheet.set_column(0, 0, 22)
    sheet.set_column(1, 1, 100)
    sheet.write_string(0, 0, document.title, styles.title)
    facts = [(gettext("Question"), document.question), *document.filters, (gettext("Time zone"), document.tz)]
    facts += [(gettext("Data up to"), document.watermark), (gettext("Built at"), document.built_at)]
    facts += [(gettext("Rows"), said(document.row_count)), (gettext("Digest (SHA-256)"), document.digest)]
    line = 2
    for label, words in facts:
        sheet.write_string(line, 0, label, styles.label)
        sheet.write_string(line, 1, words, styles.words)
        line += 1
    for table in document.tables:
        line = _source(sheet, table, line + 1, styles)


def _source(sheet: Worksheet, table: Table, line: int, styles: Styles) -> int:
    """How one table came about, down to its SQL; the next free line."""
    sheet.write_string(line, 0, table.title, styles.head)
    sheet.write_string(line, 1, table.question, styles.head)
    facts = [
        (gettext("Read it so"), table.reading),
        (gettext("Note"), _note(table)),
        (gettext("Formula"), table.formula),
    ]
    for label, words in facts:
        if words:
            line += 1
            sheet.write_string(line, 0, label, styles.label)
            sheet.write_string(line, 1, words, styles.words)
    for number, code in enumerate(table.sql.splitlines()):
        line += 1
        sheet.write_string(line, 0, "" if number else "SQL", styles.label)
        sheet.write_string(line, 1, code, styles.code)
    return line + 1


def _note(table: Table) -> str:
    left = table.row_count - ROWS_MAX
    if left <= 0:
        return table.note
    plain = gettext(
        "The first %(most)s of %(all)s rows are here; the CSV has the other %(left)s too.",
        most=said(ROWS_MAX),
        all=said(table.row_count),
        left=said(left),
    )
    return f"{table.note} {plain}".strip()


def _table(book: xlsxwriter.Workbook, table: Table, name: str, styles: Styles) -> None:
    sheet = book.add_worksheet(name)
    sheet.freeze_panes(1, 0)
    for place, column in enumerate(table.columns):
        words = heading(column) + (f" ({styles.zone.key})" if column.unit == "time" else "")
        sheet.set_column(place, place, max(12, min(28, len(words) + 2)))
        sheet.write_string(0, place, words, styles.head)
    written = 0
    for row in table.rows:
        if written == ROWS_MAX:
            break
        written += 1
        _row(sheet, written, row, table, styles)
    if written:
        sheet.autofilter(0, 0, written, len(table.columns) - 1)
        _chart(book, sheet, table, name, written)


def _row(sheet: Worksheet, line: int, row: Sequence[Cell], table: Table, styles: Styles) -> None:
    for place, (value, column) in enumerate(zip(row, table.columns, strict=True)):
        if value is None:
            continue
        if isinstance(value, bool):
            sheet.write_boolean(line, place, value)
        elif isinstance(value, int | float):
            sheet.write_number(line, place, value, styles.share if column.unit == SHARE else None)
        elif moment := as_moment(value):
            sheet.write_datetime(line, place, moment.astimezone(styles.zone), styles.moment)
        else:
            sheet.write_string(line, place, value)


def _chart(book: xlsxwriter.Workbook, sheet: Worksheet, table: Table, name: str, written: int) -> None:
    chart = table.chart
    if chart is None or chart.kind not in CHARTS:
        return
    drawn: Any = book.add_chart(CHARTS[chart.kind])
    x = table.place(chart.x)
    for number, series in enumerate(chart.series):
        place = table.place(series)
        colour = {"color": f"#{colour_of(series, number):06x}"}
        drawn.add_series(
            {
                "name": heading(table.columns[place]),
                "categories": [name, 1, x, written, x],
                "values": [name, 1, place, written, place],
                "line": colour,
                "fill": colour,
            }
        )
    drawn.set_title({"name": table.title})
    drawn.set_x_axis({"name": heading(table.columns[x])})
    drawn.set_legend({"none": True} if len(chart.series) == 1 else {"position": "bottom"})
    drawn.set_size({"width": 760, "height": 380})
    sheet.insert_chart(1, len(table.columns) + 1, drawn)
