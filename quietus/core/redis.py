"""A short-tempered connection to the broker: Redis is a hint here, so nobody waits for it."""

import redis
from flask import Flask, current_app

TIMEOUT_SECONDS = 0.3


def broker() -> redis.Redis:
    """The broker's client, shared by the threads of this process. Raises redis.RedisError when it is away."""
    client: redis.Redis = current_app.extensions["broker"]
    return client


def init_app(app: Flask) -> None:
    url = app.extensions["settings"].redis_url.get_secret_value()
    app.extensions["broker"] = redis.Redis.from_url(
        url, socket_connect_timeout=TIMEOUT_SECONDS, socket_timeout=TIMEOUT_SECONDS, decode_responses=True
    )
