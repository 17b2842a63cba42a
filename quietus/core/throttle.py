"""Rate limits counted in the broker, in this process's memory while the broker is away: never a 500, never a stop."""

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
        RATELIMIT_STRATEGY="moving-window",
        RATELIMIT_IN_MEMORY_FALLBACK_ENABLED=True,
        RATELIMIT_KEY_PREFIX="quietus",
        RATELIMIT_HEADERS_ENABLED=False,
    )
    limiter.init_app(app)
