"""What the desk tells other programs, and from whom it takes that somebody is signed in."""

import base64
import binascii
from ipaddress import IPv4Network, IPv6Network
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

SECRET_BYTES = range(24, 65)  # as the Standard Webhooks specification has it

WebhookType = Literal["analysis.recorded", "video_session.ended"]


def _signing_secret(secret: SecretStr) -> SecretStr:
    text = secret.get_secret_value()
    try:
        key = base64.b64decode(text.removeprefix("whsec_"), validate=True) if text.startswith("whsec_") else b""
    except binascii.Error:
        key = b""
    if len(key) not in SECRET_BYTES:
        raise ValueError("a secret is `whsec_` and base64 of 24 to 64 bytes: `python -m quietus webhooks secret`")
    return secret


SigningSecret = Annotated[SecretStr, AfterValidator(_signing_secret)]


class WebhookEndpoint(BaseModel):
    """One address that is told of what happens here."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    name: str = Field(pattern=r"^[a-z0-9-]{1,40}$")
    url: SecretStr  # its path may be as good as a password
    secret: SigningSecret
    previous_secret: SigningSecret | None = None
    events: list[WebhookType] = Field(min_length=1)

    @field_validator("url")
    @classmethod
    def _plain(cls, url: SecretStr) -> SecretStr:
        parts = urlsplit(url.get_secret_value())
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0:
            raise ValueError("an address starts with https:// and names a host")
        if parts.username is not None or parts.fragment or not parts.geturl().isascii() or " " in parts.geturl():
            raise ValueError("an address has no user name, no # and ASCII characters only")
        return url

    @property
    def host(self) -> str:
        """Where it goes, without what may be secret."""
        return urlsplit(self.url.get_secret_value()).netloc


class ConnectionSettings(BaseModel):
    webhooks: list[WebhookEndpoint] = Field(
        [],
        description="Programs that are told of recorded outcomes and ended sessions, as JSON: "
        '`[{"name": "ward", "url": "https://…", "secret": "whsec_…", "events": ["analysis.recorded", '
        '"video_session.ended"]}]`; `previous_secret` signs too while a secret changes. More in docs/integrating.md.',
    )
    webhook_networks: list[IPv4Network | IPv6Network] = Field(
        [],
        description="Networks of your own that webhooks may reach, also by http, as JSON: "
        '`["10.20.0.0/16"]`. Empty: public addresses by https only.',
    )
    webhook_timeout_seconds: float = Field(5.0, gt=0, le=30, description="Longest wait for a webhook's receiver.")
    webhook_attempts: int = Field(
        8, ge=1, le=12, description="Tries of one webhook before it is given up: 8 take about 15 hours."
    )

    @model_validator(mode="after")
    def _one_endpoint_a_name(self) -> Self:
        names = [endpoint.name for endpoint in self.webhooks]
        if len(names) != len(set(names)):
            raise ValueError("each of QUIETUS_WEBHOOKS has a name of its own")
        return self
