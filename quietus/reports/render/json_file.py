"""A report as JSON: everything it says, with every row, written row by row."""

import json
from collections.abc import Iterator
from typing import Any

from quietus.reports.document import Document, Table


def write_json(document: Document) -> Iterator[bytes]:
    facts = {
        "name": document.name,
        "title": document.title,
        "question": document.question,
        "filters": dict(document.filters),
        "tz": document.tz,
        "watermark": document.watermark,
        "built_at": document.built_at,
        "row_count": document.row_count,
        "digest": document.digest,
    }
    yield f'{_json(facts)[:-1]}, "tables": ['.encode()
    for number, table in enumerate(document.tables):
        yield b",\n" if number else b"\n"
        yield from _table(table)
    yield b"\n]}\n"


def _table(table: Table) -> Iterator[bytes]:
    facts = {
        "name": table.name,
        "title": table.title,
        "question": table.question,
        "reading": table.reading,
        "note": table.note,
        "formula": table.formula,
        "columns": table.names,
        "units": {column.name: column.unit for column in table.columns},
        "row_count": table.row_count,
        "elapsed_ms": table.elapsed_ms,
        "sql": table.sql,
    }
    yield f'{_json(facts)[:-1]}, "rows": ['.encode()
    for number, row in enumerate(table.rows):
        yield f"{',' if number else ''}\n{_json(list(row))}".encode()
    yield b"\n]}"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
