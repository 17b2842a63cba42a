"""Where the program runs, which servers it talks to, and how long it waits for them."""

import json
import os
from pathlib import Path
from typing import Literal, Self

from pydantic import AliasChoices, BaseModel, Field, SecretStr, model_validator

from quietus.places import STATE


class ServerSettings(BaseModel):
    env: Literal["production", "development", "test"] = Field(
        "production", description="`production` refuses unsafe settings; the others are for work on the code."
    )
    debug: bool = Field(False, description="Flask's debugger. Refused in production.")
    state: Path = Field(
        STATE,
        description="Folder of the embedded servers: their data, addresses and the secret key.",
    )
    secret_key: SecretStr = Field(
        SecretStr(""),
        description="Signs sessions, tokens and links; at least 32 bytes. `up` makes one in the state folder.",
    )
    database_url: SecretStr = Field(
        SecretStr(""),
        validation_alias=AliasChoices("DATABASE_URL", "database_url"),
        description="PostgreSQL, `postgresql+psycopg://…`. Unset: the embedded server of the state folder.",
    )
    migration_database_url: SecretStr = Field(
        SecretStr(""),
        description="The role that owns the tables, for migrations only. Unset: `DATABASE_URL`.",
    )
    analytics_database_url: SecretStr = Field(
        SecretStr(""),
        validation_alias=AliasChoices("ANALYTICS_DATABASE_URL", "analytics_database_url"),
        description="One streaming copy of the server of `DATABASE_URL`, for figures and reports to read from. "
        "Unset: they read from `DATABASE_URL`. docs/scaling.md tells more.",
    )
    redis_url: SecretStr = Field(
        SecretStr(""),
        validation_alias=AliasChoices("REDIS_URL", "redis_url"),
        description="Redis or Valkey, `redis://…`, or its sentinels, `sentinel://:password@host:26379/0;sentinel://…`. "
        "Unset: the embedded server of the state folder.",
    )
    redis_master: str = Field("mymaster", description="The name by which the sentinels know the server.")
    public_url: str = Field(
        "http://127.0.0.1:8000",
        description="The address people type. With https, cookies become `__Host-` and Secure, and HSTS is sent.",
    )
    trusted_proxies: int = Field(
        0,
        ge=0,
        le=5,
        description="How many reverse proxies in front set X-Forwarded-*; 0 ignores these headers.",
    )
    language: Literal["en", "de"] = Field(
        "en",
        description="The language (`en`, `de`) of mails and commands, and of pages for whoever asks for no other: "
        "people choose at the foot of every page, or their browser does.",
    )
    exit_url: str = Field("https://www.wikipedia.org/", description="Where the quick-exit link goes: an ordinary page.")
    helplines_file: Path | None = Field(
        None, description="A helplines.json of your own region instead of the one shipped."
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="Least level logged.")

    database_pool: int = Field(10, ge=1, le=200, description="Connections that one process may hold.")
    database_connect_seconds: int = Field(
        2, ge=1, le=60, description="Longest wait for a database connection before the answer is 503."
    )
    statement_seconds: int = Field(
        20, ge=1, le=3600, description="Longest time one SQL statement of a request may take."
    )

    database_pooled: bool = Field(
        False,
        description="Set it when `DATABASE_URL` leads to PgBouncer in transaction mode: time limit and zone are then "
        "set in each transaction, and no statement is kept prepared. Migrations need an address of the server itself.",
    )
    analytics_lag_seconds: int = Field(
        60,
        ge=1,
        le=86400,
        description="Figures are not read from a copy that is further behind than this, but from `DATABASE_URL`.",
    )

    metrics_token: SecretStr = Field(
        SecretStr(""),
        description="Bearer token for /metrics. Unset: /metrics answers only callers on this machine.",
    )
    worker_metrics_port: int = Field(
        0,
        ge=0,
        le=65535,
        description="Port on which a Celery worker shows its own counters at /metrics; 0: none. For workers that share "
        "no folder with the web processes, as in containers: under `up` the web's /metrics holds them all.",
    )

    @model_validator(mode="before")
    @classmethod
    def _servers_of_the_state_folder(cls, values: dict[str, object]) -> dict[str, object]:
        """Without DATABASE_URL or REDIS_URL, take the addresses that the embedded servers left there."""
        state = Path(str(values.get("state") or STATE))
        try:
            found = json.loads((state / "servers.json").read_text())
        except (OSError, ValueError):
            found = {}
        secret = state / "secret_key"
        if secret.is_file() and os.access(secret, os.R_OK):
            found["secret_key"] = secret.read_text().strip()
        own = {
            "DATABASE_URL": "database_url",
            "QUIETUS_MIGRATION_DATABASE_URL": "owner_database_url",
            "REDIS_URL": "redis_url",
            "QUIETUS_SECRET_KEY": "secret_key",  # the name of a field  # nosec B105
        }
        names = {
            "QUIETUS_MIGRATION_DATABASE_URL": "migration_database_url",
            "QUIETUS_SECRET_KEY": "secret_key",  # the name of a field  # nosec B105
        }
        given_database = values.get("DATABASE_URL") or values.get("database_url")
        for variable, key in own.items():
            field = names.get(variable, key)
            if variable == "QUIETUS_MIGRATION_DATABASE_URL" and given_database:
                continue  # the owner of another server is no use for this one
            if key in found and not (values.get(variable) or values.get(field)):
                values[field] = found[key]
        return values

    @model_validator(mode="after")
    def _one_driver_name(self) -> Self:
        for name in ("database_url", "migration_database_url", "analytics_database_url"):
            url: SecretStr = getattr(self, name)
            text = url.get_secret_value()
            for short in ("postgres://", "postgresql://"):
                if text.startswith(short):
                    object.__setattr__(self, name, SecretStr("postgresql+psycopg://" + text.removeprefix(short)))
        return self
