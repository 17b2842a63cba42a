"""A session's events as files: the columns of video_analysis_events under their own names (D1)."""

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from quietus.core.exports import csv_lines
from quietus.video.models import VideoAnalysisEvent
from quietus.video.schemas import StoredEventSchema

COLUMNS: Final = tuple(column.name for column in VideoAnalysisEvent.__table__.columns)
SCHEMA: Final = StoredEventSchema()


def write_csv(events: Iterable[VideoAnalysisEvent]) -> Iterator[str]:
    """One row an event; its signals are JSON in one cell."""
    yield "\ufeff"  # spreadsheets take UTF-8 for something else without it
    rows = (SCHEMA.dump(event) for event in events)
    yield from csv_lines(COLUMNS, ([_cell(row[name]) for name in COLUMNS] for row in rows))


def _cell(value: object) -> object:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else value


def write_json_lines(events: Iterable[VideoAnalysisEvent]) -> Iterator[str]:
    for event in events:
        yield json.dumps(SCHEMA.dump(event), ensure_ascii=False) + "\n"


# file name's end → (media type, writer)
WRITERS: Final[dict[str, tuple[str, Callable[[Iterable[VideoAnalysisEvent]], Iterator[str]]]]] = {
    "csv": ("text/csv; charset=utf-8", write_csv),
    "jsonl": ("application/x-ndjson", write_json_lines),
}
