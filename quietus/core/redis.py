"""A short-tempered connection to the broker: Redis is a hint here, so nobody waits for it."""

from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import SplitResult, unquote, urlsplit

import redis
from flask import Flask, current_app
from redis.sentinel import Sentinel

from quietus.core.config import Settings

TIMEOUT_SECONDS = 0.3
# a piece of a file, on a busy network
BULK_TIMEOUT_SECONDS = 10
SENTINEL_PORT: Final = 26379
SHORT: Final[dict[str, Any]] = {"socket_connect_timeout": TIMEOUT_SECONDS, "socket_timeout": TIMEOUT_SECONDS}


def broker() -> redis.Redis:
    """The broker's client, shared by the threads of this process. Raises redis.RedisError when it is away."""
    client: redis.Redis = current_app.extensions["broker"]
    return client


def bulk() -> redis.Redis:
    """A patient client for bytes rather than words. Raises redis.RedisError when the broker is away."""
    client: redis.Redis = current_app.extensions["broker_bulk"]
    return client


@dataclass(frozen=True, slots=True)
class Sentinels:
    """What `sentinel://:password@host:26379/0;sentinel://host:26379` names: who watches, and how to enter Redis.

    User, password and database number are those of Redis; the sentinels themselves are asked without a password.
    """

    master: str
    first: SplitResult
    hosts: tuple[tuple[str, int], ...]

    @property
    def credentials(self) -> dict[str, Any]:
        given = {"username": self.first.username, "password": self.first.password}
        return {name: unquote(value) for name, value in given.items() if value}

    @property
    def number(self) -> int:
        return int(self.first.path.strip("/") or 0)

    @property
    def celery_options(self) -> dict[str, Any]:
        return {"master_name": self.master, "sentinel_kwargs": SHORT}

    @property
    def limits_url(self) -> str:
        return f"redis+sentinel://{','.join(f'{host}:{port}' for host, port in self.hosts)}/{self.master}"

    @property
    def limits_options(self) -> dict[str, Any]:
        return {
            "use_replicas": False,  # a copy may lag, and a count that lags is no limit
            "db": self.number,
            "sentinel_kwargs": SHORT | dict.fromkeys(self.credentials),  # else the sentinels would be sent them
            **self.credentials,
        }

    def client(self, **options: Any) -> redis.Redis:
        watchers: Any = Sentinel(list(self.hosts), sentinel_kwargs=SHORT)  # type: ignore[no-untyped-call]  # its own gap
        found: redis.Redis = watchers.master_for(self.master, db=self.number, **self.credentials, **options)
        return found


def sentinels(settings: Settings) -> Sentinels | None:
    """None where REDIS_URL names the server itself."""
    url = settings.redis_url.get_secret_value()
    if not url.startswith("sentinel://"):
        return None
    parts = [urlsplit(part) for part in url.split(";") if part]
    hosts = tuple((part.hostname or "localhost", part.port or SENTINEL_PORT) for part in parts)
    return Sentinels(settings.redis_master, parts[0], hosts)


def _client(settings: Settings, seconds: float, **options: Any) -> redis.Redis:
    options |= SHORT | {"socket_timeout": seconds}
    watched = sentinels(settings)
    if watched:
        return watched.client(**options)
    return redis.Redis.from_url(settings.redis_url.get_secret_value(), **options)


def init_app(app: Flask) -> None:
    settings: Settings = app.extensions["settings"]
    app.extensions["broker_bulk"] = _client(settings, BULK_TIMEOUT_SECONDS)
    app.extensions["broker"] = _client(settings, TIMEOUT_SECONDS, decode_responses=True)
