"""The JSON shapes of reports."""

import marshmallow as ma
from marshmallow import fields, validate

from quietus.core.api import StrictSchema, Text
from quietus.reports.render import FORMATS

STATUSES = ("QUEUED", "RUNNING", "READY", "FAILED", "CANCELLED", "EXPIRED")


class ReportSchema(ma.Schema):
    """Something that can be asked for."""

    name = fields.String(required=True)
    title = fields.String(required=True)
    question = fields.String(required=True)
    reading = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(["figure", "overview", "rows"]))
    parameters = fields.List(fields.String(), required=True)
    required = fields.List(fields.String(), required=True)


class ReportCatalogueSchema(ma.Schema):
    """Every report that the asker may ask for."""

    items = fields.List(fields.Nested(ReportSchema), required=True)
    formats = fields.List(fields.String(), required=True)


class ReportOrderSchema(StrictSchema):
    """What is asked: a report of the catalogue and its parameters."""

    name = Text(required=True, validate=validate.Length(1, 64), metadata={"example": "overview_report"})
    params = fields.Dict(
        keys=Text(validate=validate.Length(1, 64)),
        values=Text(validate=validate.Length(max=100)),
        load_default=dict,
        metadata={"example": {"from": "2026-11-01", "to": "2026-11-23", "tz": "UTC"}},
    )


class ReportProgressSchema(ma.Schema):
    """How far it is: `done` of `steps` of `unit` (`figures` or `rows`); `steps` is 0 until that is known."""

    done = fields.Integer(required=True)
    steps = fields.Integer(required=True)
    unit = fields.String(required=True)


class ReportJobSchema(ma.Schema):
    """A report that was asked for, and how it stands."""

    id = fields.UUID(required=True)
    name = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.String(required=True, validate=validate.OneOf(STATUSES))
    progress = fields.Nested(ReportProgressSchema, required=True, attribute="state")
    params = fields.Dict(keys=fields.String(), values=fields.String(), required=True, attribute="request.raw")
    watermark = fields.AwareDateTime(
        required=True, attribute="request.watermark", metadata={"description": "Rows up to this time are in it"}
    )
    row_count = fields.Integer(required=True, attribute="state.row_count")
    digest = fields.String(required=True, attribute="state.digest", metadata={"description": "SHA-256, once READY"})
    reason = fields.String(required=True, attribute="state.reason", metadata={"description": "Why it FAILED"})
    url = fields.Function(lambda job: f"/api/v1/reports/{job.id}", required=True)


class MyReportsSchema(ma.Schema):
    """One's own newest reports."""

    items = fields.List(fields.Nested(ReportJobSchema), required=True)


class ReportFormatSchema(StrictSchema):
    """The kind of file wanted."""

    format_name = fields.String(
        data_key="format", load_default="pdf", validate=validate.OneOf(list(FORMATS)), metadata={"default": "pdf"}
    )
