"""Where counts of calls are kept: the broker, asked with short patience. accounts/throttle.py counts."""

from flask import Flask

from quietus.core.extensions import limiter
from quietus.core.redis import TIMEOUT_SECONDS


def init_app(app: Flask) -> None:
    settings = app.extensions["settings"]
    app.config.update(
        RATELIMIT_STORAGE_URI=settings.redis_url.get_secret_value(),
        RATELIMIT_STORAGE_OPTIONS={
            "socket_connect_timeout": TIMEOUT_SECONDS,
            "socket_timeout": TIMEOUT_SECONDS,
        },
    )
    limiter.init_app(app)
    # the limiter is one for the whole process and holds the storage of the app that was made last
    app.extensions["counts"] = limiter.storage
