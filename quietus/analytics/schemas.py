"""The JSON of figures: the catalogue, what a figure is asked with, and its answer."""

from datetime import datetime
from typing import Any
from uuid import UUID

import marshmallow as ma
from marshmallow import fields

from quietus.analytics.parameters import PARAMETERS
from quietus.core.api import StrictSchema, Text
from quietus.core.pages import rfc3339

EXAMPLES = {
    "from": "A day (its beginning in `tz`) or an RFC 3339 time; 30 days ago when absent",
    "to": "A day (to its end in `tz`) or an RFC 3339 time, which itself is not counted; now when absent",
    "tz": "IANA time zone of days and steps; UTC when absent",
}


def _parameter(name: str) -> Text:
    about = PARAMETERS[name]
    words = EXAMPLES.get(name, about.label) + (f": {', '.join(about.choices)}" if about.choices else "")
    return Text(validate=ma.validate.Length(max=100), metadata={"description": words})


# from is a word of Python's: the fields are made from their names
ParamsSchema = StrictSchema.from_dict({name: _parameter(name) for name in PARAMETERS}, name="FigureParams")


def columns(figure: Any) -> list[dict[str, str]]:
    return [{"name": name, "words": words, "unit": figure.units[name]} for name, words in figure.columns.items()]


class ColumnSchema(ma.Schema):
    """What a column holds and what it is counted in."""

    name = fields.String(required=True)
    words = fields.String(required=True)
    unit = fields.String(required=True)


class FigureSchema(ma.Schema):
    """One figure of the catalogue."""

    name = fields.String(required=True)
    title = fields.String(required=True)
    question = fields.String(required=True)
    reading = fields.String(required=True)
    parameters = fields.List(fields.String(), required=True)
    required = fields.List(fields.String(), required=True)
    columns = fields.Function(columns, required=True)
    formula = fields.String(required=True)


class CatalogueSchema(ma.Schema):
    """Every figure that the asker may see."""

    items = fields.List(fields.Nested(FigureSchema), required=True)


class QuerySchema(ma.Schema):
    """What was asked of PostgreSQL."""

    sql = fields.String(required=True)
    params = fields.Dict(keys=fields.String(), required=True)
    psql = fields.String(required=True, metadata={"description": "The statement with its values, to paste into psql"})
    row_count = fields.Integer(required=True)
    elapsed_ms = fields.Float(required=True)


class OriginSchema(ma.Schema):
    """Where the rows were read, and how far behind that was."""

    server = fields.String(
        required=True,
        validate=ma.validate.OneOf(["primary", "replica"]),
        metadata={"description": "The main database, or the copy of it that is there for figures"},
    )
    watermark = fields.AwareDateTime(required=True, metadata={"description": "What was stored until then is counted"})
    lag_seconds = fields.Float(required=True, metadata={"description": "How old the watermark was when it was read"})
    note = fields.String(required=True, metadata={"description": "Why the copy was not read, or empty"})


class AnswerSchema(ma.Schema):
    """A figure's rows, each in the order of `columns`, beside the statement that gave them."""

    name = fields.String(required=True)
    title = fields.String(required=True)
    columns = fields.List(fields.Nested(ColumnSchema), required=True)
    rows = fields.List(fields.List(fields.Raw(allow_none=True)), required=True)
    query = fields.Nested(QuerySchema, required=True)
    note = fields.String(required=True, metadata={"description": "A sentence for the reader, or empty"})
    data = fields.Nested(OriginSchema, required=True)


def plain(value: Any) -> Any:
    """A value as JSON has it."""
    if isinstance(value, datetime):
        return rfc3339(value)
    return str(value) if isinstance(value, UUID) else value
