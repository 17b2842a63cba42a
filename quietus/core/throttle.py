"""Where counts of calls are kept: the broker, asked with short patience. accounts/throttle.py counts."""

from flask import Flask
from limits.storage import storage_from_string

from quietus.core.redis import TIMEOUT_SECONDS


def init_app(app: Flask) -> None:
    app.extensions["counts"] = storage_from_string(
        app.extensions["settings"].redis_url.get_secret_value(),
        socket_connect_timeout=TIMEOUT_SECONDS,
        socket_timeout=TIMEOUT_SECONDS,
    )
