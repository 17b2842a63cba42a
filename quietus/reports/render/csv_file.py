"""A report as CSV: the columns under their own names and every row, a line at a time."""

from collections.abc import Iterator

from quietus.core.exports import csv_lines
from quietus.reports.document import Document


def write_csv(document: Document) -> Iterator[bytes]:
    """One table is one plain CSV; several follow each other, each under a line with its name."""
    yield b"\xef\xbb\xbf"  # spreadsheets take UTF-8 for something else without it
    many = len(document.tables) > 1
    for number, table in enumerate(document.tables):
        if many:
            yield f"{'' if number == 0 else chr(13) + chr(10)}{table.name}\r\n".encode()
        for line in csv_lines(table.names, table.rows):
            yield line.encode()
