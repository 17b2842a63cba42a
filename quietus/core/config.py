"""Every setting of the product, typed, with its default and its reason."""

import json
import os
import re
from pathlib import Path
from typing import Literal, Self, cast
from urllib.parse import urlsplit

from flask import current_app
from pydantic import AliasChoices, BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

PROJECT = Path(__file__).resolve().parents[2]
SECRET_KEY_BYTES = 32
TOKEN_DAYS_LONGEST = 3650
AUDIT_DAYS_LEAST = 31


class ConfigurationError(Exception):
    """A setting is missing or unsafe; the message is one sentence that says what to do."""


class EscalationStep(BaseModel):
    """Who is told when an item of HIGH priority has waited this long."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    after_minutes: int = Field(ge=0, le=7 * 24 * 60)
    urls: list[SecretStr] = Field(min_length=1, max_length=20)


class Settings(BaseSettings):
    """Read from the environment: `QUIETUS_<NAME>`, or the name given beside the field.

    docs/settings.md is generated from this class (`python -m quietus settings`).
    """

    model_config = SettingsConfigDict(
        env_prefix="QUIETUS_", hide_input_in_errors=True, extra="ignore", frozen=True, populate_by_name=True
    )

    env: Literal["production", "development", "test"] = Field(
        "production", description="`production` refuses unsafe settings; the others are for work on the code."
    )
    debug: bool = Field(False, description="Flask's debugger. Refused in production.")
    state: Path = Field(
        PROJECT / "var",
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
    redis_url: SecretStr = Field(
        SecretStr(""),
        validation_alias=AliasChoices("REDIS_URL", "redis_url"),
        description="Redis or Valkey, `redis://…`. Unset: the embedded server of the state folder.",
    )
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

    session_hours: int = Field(12, ge=1, le=720, description="A sign-in ends after this long, used or not.")
    session_idle_minutes: int = Field(
        60, ge=5, le=1440, description="A sign-in ends after this long without a request."
    )
    reset_minutes: int = Field(30, ge=5, le=1440, description="How long a password reset link works.")
    token_days_max: int = Field(365, ge=1, le=TOKEN_DAYS_LONGEST, description="Longest life of an API token.")
    argon2_time_cost: int = Field(2, ge=1, le=20, description="argon2id passes (OWASP: 2).")
    argon2_memory_kib: int = Field(19456, ge=8, le=1048576, description="argon2id memory in KiB (OWASP: 19456).")
    argon2_parallelism: int = Field(1, ge=1, le=16, description="argon2id lanes (OWASP: 1).")
    argon2_concurrent: int = Field(2, ge=1, le=64, description="Password hashes computed at once per process.")
    sign_in_limit: str = Field("10 per 5 minutes", description="Failed sign-ins of one account from one address.")
    sign_in_address_limit: str = Field(
        "50 per 5 minutes", description="Failed sign-ins from one address, all accounts."
    )
    sign_in_account_limit: str = Field(
        "100 per 5 minutes", description="Failed sign-ins of one account from all addresses."
    )
    sign_in_global_limit: str = Field("1000 per 5 minutes", description="Failed sign-ins of everybody.")
    register_limit: str = Field("20 per hour", description="Registrations and reset requests from one address.")

    admin_email: str = Field("admin@localhost", description="The first ADMIN, made at the first start.")
    admin_password: SecretStr = Field(
        SecretStr(""), description="The first ADMIN's password. Unset: one is made and printed once."
    )

    mail_backend: Literal["console", "smtp"] = Field("console", description="Where mail goes.")
    mail_sender: str = Field("Quietus <noreply@localhost>", description="The From line of mails.")
    mail_server: str = Field("localhost", description="SMTP host.")
    mail_port: int = Field(25, ge=1, le=65535, description="SMTP port.")
    mail_username: str = Field("", description="SMTP user, when the server wants one.")
    mail_password: SecretStr = Field(SecretStr(""), description="SMTP password.")
    mail_use_tls: bool = Field(False, description="STARTTLS for SMTP.")

    model: Literal["local", "remote", "external"] = Field(
        "local",
        description="`local`: the shipped weights; `remote`: an HTTP model server; `external`: a model of "
        "your own posts outcomes.",
    )
    model_url: str = Field("", description="The remote model server's address, for `model=remote`.")
    model_token: SecretStr = Field(SecretStr(""), description="Sent to it as X-Service-Token.")
    model_timeout_seconds: float = Field(5.0, gt=0, le=120, description="Longest wait for its answer.")
    batch_size: int = Field(200, ge=1, le=1000, description="Texts that a task claims at once.")
    stale_minutes: float = Field(
        5.0, gt=0, le=1440, description="A text still PENDING after this long is analysed alone."
    )
    attempts: int = Field(3, ge=1, le=20, description="Lone attempts before a text becomes FAILED.")

    retention_texts_days: int = Field(
        0, ge=0, le=36500, description="Texts are deleted this many days after they were read; 0 keeps them."
    )
    retention_sessions_days: int = Field(
        0, ge=0, le=36500, description="Video sessions are deleted this many days after their end; 0 keeps them."
    )
    retention_events_days: int = Field(
        0, ge=0, le=36500, description="Windows of video sessions are deleted after this many days; 0 keeps them."
    )
    retention_audit_days: int = Field(
        0,
        ge=0,
        le=36500,
        description=f"Audit rows are deleted after this many days, {AUDIT_DAYS_LEAST} at least; 0 keeps them. What "
        "sign-ins, tokens, consents and kept records are judged by stays.",
    )
    erasure_wait_days: int = Field(
        7, ge=0, le=90, description="Days between asking to be erased and the erasure; 0 erases at once."
    )

    context: Literal["general", "healthcare", "workplace", "education"] = Field(
        "general",
        description="Where this desk is used. `workplace` and `education` refuse video sessions "
        "(EU AI Act, Art. 5(1)(f)) unless `QUIETUS_CONTEXT_BASIS` names the exception.",
    )
    context_basis: Literal["none", "medical", "safety"] = Field(
        "none",
        description="The exception that the operator relies on and can show: `medical` or `safety` reasons.",
    )
    import_mib: int = Field(
        64, ge=1, le=2048, description="Largest NDJSON file of video events that one upload may bring, in MiB."
    )

    claim_minutes: int = Field(
        15, ge=1, le=240, description="A reviewer has an item for this long; an open page renews it."
    )
    review_low_sample: int = Field(
        5,
        ge=0,
        le=1000,
        description="LOW texts of each day that join the review queue, drawn at random and unmarked, so that "
        "misses are seen.",
    )
    escalation: list[EscalationStep] = Field(
        [],
        description="Who is told of an item of HIGH priority, and when, as JSON: "
        '`[{"after_minutes": 0, "urls": ["mailtos://…"]}, {"after_minutes": 15, "urls": ["…"]}]` (Apprise addresses). '
        "Empty: nobody is told.",
    )

    alert_rules: str = Field(
        "[]",
        description="Rules that watch figures, as JSON: "
        '`[{"name": "high-share", "figure": "text_distribution", "column": "share", '
        '"where": {"predicted_label": "HIGH"}, "warn": 0.2, "critical": 0.4, "window_minutes": 1440, '
        '"grace_minutes": 10}]`. docs/operating.md tells more.',
    )
    alert_urls: list[SecretStr] = Field(
        [],
        description="Who is told when a rule changes its state, as JSON: a list of Apprise addresses. Empty: nobody.",
    )

    metrics_token: SecretStr = Field(
        SecretStr(""),
        description="Bearer token for /metrics. Unset: /metrics answers only callers on this machine.",
    )

    @model_validator(mode="before")
    @classmethod
    def _servers_of_the_state_folder(cls, values: dict[str, object]) -> dict[str, object]:
        """Without DATABASE_URL or REDIS_URL, take the addresses that the embedded servers left there."""
        state = Path(str(values.get("state") or PROJECT / "var"))
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
            "QUIETUS_SECRET_KEY": "secret_key",
        }
        names = {
            "QUIETUS_MIGRATION_DATABASE_URL": "migration_database_url",
            "QUIETUS_SECRET_KEY": "secret_key",
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
        for name in ("database_url", "migration_database_url"):
            url: SecretStr = getattr(self, name)
            text = url.get_secret_value()
            for short in ("postgres://", "postgresql://"):
                if text.startswith(short):
                    object.__setattr__(self, name, SecretStr("postgresql+psycopg://" + text.removeprefix(short)))
        return self

    @property
    def https(self) -> bool:
        """Whether people reach the product over https."""
        return urlsplit(self.public_url).scheme == "https"

    @property
    def production(self) -> bool:
        return self.env == "production"

    def refuse_unsafe(self) -> None:
        """Raise ConfigurationError where the program could not run, or not run safely."""
        if not self.database_url.get_secret_value():
            raise ConfigurationError("No database: run `python -m quietus up`, or set DATABASE_URL.")
        if not self.redis_url.get_secret_value():
            raise ConfigurationError("No broker: run `python -m quietus up`, or set REDIS_URL.")
        if not self.database_url.get_secret_value().startswith("postgresql+psycopg://"):
            raise ConfigurationError("DATABASE_URL must be a PostgreSQL address, postgresql+psycopg://….")
        key = self.secret_key.get_secret_value()
        if not key:
            raise ConfigurationError("No secret key: set QUIETUS_SECRET_KEY to at least 32 random bytes.")
        if 0 < self.retention_audit_days < AUDIT_DAYS_LEAST:
            raise ConfigurationError(f"QUIETUS_RETENTION_AUDIT_DAYS is 0, or at least {AUDIT_DAYS_LEAST}.")
        if not self.production:
            return
        if len(key.encode()) < SECRET_KEY_BYTES or len(set(key)) < 10:
            raise ConfigurationError("The secret key is weak: set QUIETUS_SECRET_KEY to at least 32 random bytes.")
        if self.debug:
            raise ConfigurationError("Debug mode is refused in production: unset QUIETUS_DEBUG.")
        if self.model == "remote" and not self.model_url:
            raise ConfigurationError("QUIETUS_MODEL=remote needs QUIETUS_MODEL_URL.")


def read_settings() -> Settings:
    """The settings of the environment. Raises ConfigurationError for a value that cannot be read; it is not shown."""
    try:
        return Settings()
    except SettingsError as error:
        named = re.search(r'field "(\w+)"', str(error))
        raise ConfigurationError(f"{_variable(named[1] if named else '')} is not the JSON it should be.") from None
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        name, *inside = map(str, first["loc"]) if first["loc"] else ("",)
        where = f" at {'.'.join(inside)}" if inside else ""
        raise ConfigurationError(f"{_variable(name)} cannot be used{where}: {first['msg']}.") from None


def _variable(name: str) -> str:
    return name if name.isupper() else f"QUIETUS_{name.upper()}"


def settings() -> Settings:
    """The settings of the running app."""
    return cast(Settings, current_app.extensions["settings"])
