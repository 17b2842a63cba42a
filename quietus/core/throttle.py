"""Where counts of calls are kept: the broker, asked with short patience. accounts/throttle.py counts."""

from flask import Flask

from quietus.core.extensions import limiter
from quietus.core.redis import SHORT, sentinels


def init_app(app: Flask) -> None:
    settings = app.extensions["settings"]
    watched = sentinels(settings)
    app.config.update(
        RATELIMIT_STORAGE_URI=watched.limits_url if watched else settings.redis_url.get_secret_value(),
        RATELIMIT_STORAGE_OPTIONS=SHORT | (watched.limits_options if watched else {}),
    )
    limiter.init_app(app)
    # the limiter is one for the whole process and holds the storage of the app that was made last
    app.extensions["counts"] = limiter.storage
