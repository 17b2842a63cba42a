"""A person's records as files: the columns of analysis_records under their own names (D1)."""

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from quietus.analysis.models import AnalysisRecord
from quietus.analysis.schemas import AnalysisSchema
from quietus.core.exports import csv_lines

COLUMNS: Final = tuple(column.name for column in AnalysisRecord.__table__.columns)
SCHEMA: Final = AnalysisSchema(only=COLUMNS)


def write_csv(records: Iterable[AnalysisRecord]) -> Iterator[str]:
    yield "\ufeff"  # spreadsheets take UTF-8 for something else without it
    rows = (SCHEMA.dump(record) for record in records)
    yield from csv_lines(COLUMNS, ([row[name] for name in COLUMNS] for row in rows))


def write_json(records: Iterable[AnalysisRecord]) -> Iterator[str]:
    yield "["
    for number, record in enumerate(records):
        yield ("," if number else "") + "\n" + json.dumps(SCHEMA.dump(record), ensure_ascii=False)
    yield "\n]\n"


WRITERS: Final[dict[str, Callable[[Iterable[AnalysisRecord]], Iterator[str]]]] = {
    "csv": write_csv,
    "json": write_json,
}
