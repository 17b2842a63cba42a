"""The text model that the settings choose, loaded once per process."""

from quietus import textmodel
from quietus.core.config import settings
from quietus.textmodel import TextModel


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
            timeout_seconds=chosen.model_timeout_seconds,
        )
    return textmodel.load("local")
