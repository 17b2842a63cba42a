"""Where counts of calls are kept: the broker, asked with short patience. accounts/throttle.py counts."""

from flask import Flask
from limits.storage import storage_from_string

from quietus.core.redis import SHORT, sentinels


def init_app(app: Flask) -> None:
    settings = app.extensions["settings"]
    watched = sentinels(settings)
    url = watched.limits_url if watched else settings.redis_url.get_secret_value()
    app.extensions["counts"] = storage_from_string(url, **SHORT | (watched.limits_options if watched else {}))
