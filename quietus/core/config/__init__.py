"""Every setting of the product, typed, with its default and its reason."""

import re
from typing import cast
from urllib.parse import urlsplit

from flask import current_app
from pydantic import ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from quietus.core.config.accounts import TOKEN_DAYS_LONGEST, AccountSettings
from quietus.core.config.connections import ConnectionSettings, WebhookEndpoint
from quietus.core.config.features import AUDIT_DAYS_LEAST, EscalationStep, FeatureSettings
from quietus.core.config.servers import ServerSettings

__all__ = [
    "AUDIT_DAYS_LEAST", "TOKEN_DAYS_LONGEST", "ConfigurationError", "EscalationStep", "Settings",
    "WebhookEndpoint", "read_settings", "settings",
]  # fmt: skip

SECRET_KEY_BYTES = 32


class ConfigurationError(Exception):
    """A setting is missing or unsafe; the message is one sentence that says what to do."""


# the last base comes first in docs/settings.md
class Settings(ConnectionSettings, FeatureSettings, AccountSettings, ServerSettings, BaseSettings):
    """Read from the environment: `QUIETUS_<NAME>`, or the name given beside the field.

    docs/settings.md is generated from this class (`python -m quietus settings`).
    """

    model_config = SettingsConfigDict(
        env_prefix="QUIETUS_", hide_input_in_errors=True, extra="ignore", frozen=True, populate_by_name=True
    )

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
        copy = self.analytics_database_url.get_secret_value()
        if copy and not copy.startswith("postgresql+psycopg://"):
            raise ConfigurationError("ANALYTICS_DATABASE_URL must be a PostgreSQL address, postgresql+psycopg://….")
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
        if self.oidc_issuer and not self.oidc_issuer.startswith("https://"):
            raise ConfigurationError("QUIETUS_OIDC_ISSUER must be reached by https.")
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
