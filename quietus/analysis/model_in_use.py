"""The text model that the settings choose, loaded once per process, and what it calls itself."""

from flask import Flask
from sqlalchemy import select

from quietus import textmodel
from quietus.analysis.models import AnalysisRecord
from quietus.core.config import settings
from quietus.core.extensions import db
from quietus.textmodel import LABELS, TextModel
from quietus.textmodel.artefact import shipped_version


def model_in_use() -> TextModel | None:
    """The adapter of `QUIETUS_MODEL`; None for `external`, where somebody else's model posts outcomes."""
    chosen = settings()
    if chosen.model == "external":
        return None
    if chosen.model == "remote":
        return textmodel.load(
            "remote",
            url=chosen.model_url,
            token=chosen.model_token.get_secret_value(),
            timeout=chosen.model_timeout_seconds,
        )
    return textmodel.load("local")


def version_in_use() -> str | None:
    """The shipped weights' version; for a model elsewhere, the one that last gave an outcome here."""
    if settings().model == "local":
        return shipped_version()
    newest = select(AnalysisRecord.model_version).where(AnalysisRecord.predicted_label.in_(LABELS))
    return db.session.scalar(newest.order_by(AnalysisRecord.analyzed_at.desc()).limit(1))


def init_app(app: Flask) -> None:
    app.extensions["model_version"] = version_in_use
