"""A short-tempered connection to the broker: Redis is a hint here, so nobody waits for it."""

import redis
from flask import Flask, current_app

TIMEOUT_SECONDS = 0.3
# a piece of a file, on a busy network
BULK_TIMEOUT_SECONDS = 10


def broker() -> redis.Redis:
    """The broker's client, shared by the threads of this process. Raises redis.RedisError when it is away."""
    client: redis.Redis = current_app.extensions["broker"]
    return client


def bulk() -> redis.Redis:
    """A patient client for bytes rather than words. Raises redis.RedisError when the broker is away."""
    client: redis.Redis = current_app.extensions["broker_bulk"]
    return client


def init_app(app: Flask) -> None:
    url = app.extensions["settings"].redis_url.get_secret_value()
    app.extensions["broker_bulk"] = redis.Redis.from_url(
        url, socket_connect_timeout=TIMEOUT_SECONDS, socket_timeout=BULK_TIMEOUT_SECONDS
    )
    app.extensions["broker"] = redis.Redis.from_url(
        url, socket_connect_timeout=TIMEOUT_SECONDS, socket_timeout=TIMEOUT_SECONDS, decode_responses=True
    )
