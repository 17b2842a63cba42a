"""What the desk tells other programs, and from whom it takes that somebody is signed in."""

import base64
import binascii
from ipaddress import IPv4Network, IPv6Network
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

SECRET_BYTES = range(24, 65)  # as the Standard Webhooks specification has it

OutsideRole = Literal["USER", "CLINICIAN", "ANALYST", "AUDITOR", "ADMIN"]
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

    password_sign_in: bool = Field(
        True,
        description="Whether people sign in and register by password. `false` needs another way to sign in; an ADMIN "
        "still gets in by `python -m quietus user let-in`.",
    )
    oidc_issuer: str = Field(
        "", description="Sign-in by OpenID Connect: the provider's issuer, `https://…`. Unset: off."
    )
    oidc_client_id: str = Field("", description="The client that the provider knows this desk as.")
    oidc_client_secret: SecretStr = Field(SecretStr(""), description="Its secret; unset for a public client.")
    oidc_name: str = Field("your organisation", max_length=40, description="What the button says: Sign in with ….")
    oidc_register: bool = Field(False, description="Make a USER account for whoever the provider vouches for.")
    oidc_roles_claim: str = Field("groups", description="The claim that `QUIETUS_OIDC_ROLES` reads.")
    oidc_roles: dict[str, OutsideRole] = Field(
        {},
        description='Values of that claim and the roles they give, as JSON: `{"ward-staff": "CLINICIAN"}`; set anew at '
        "each sign-in, beside USER. Empty: roles are managed here.",
    )
    proxy_user_header: str = Field(
        "",
        pattern=r"^([A-Za-z][A-Za-z0-9-]{0,60})?$",
        description="Sign-in through a proxy that knows who asks: the header with the person's address. Unset: off.",
    )
    proxy_addresses: list[IPv4Network | IPv6Network] = Field(
        [],
        description='Whose word counts for that header, as JSON: `["127.0.0.1/32"]`. From anybody else it is dropped.',
    )
    proxy_register: bool = Field(False, description="Make a USER account for whoever the proxy names.")

    @model_validator(mode="after")
    def _one_endpoint_a_name(self) -> Self:
        names = [endpoint.name for endpoint in self.webhooks]
        if len(names) != len(set(names)):
            raise ValueError("each of QUIETUS_WEBHOOKS has a name of its own")
        return self

    @model_validator(mode="after")
    def _ways_to_sign_in_are_whole(self) -> Self:
        if self.oidc_issuer and not self.oidc_client_id:
            raise ValueError("QUIETUS_OIDC_ISSUER needs QUIETUS_OIDC_CLIENT_ID")
        if self.oidc_issuer and urlsplit(self.oidc_issuer).scheme not in ("http", "https"):
            raise ValueError("QUIETUS_OIDC_ISSUER starts with https://")
        if bool(self.proxy_user_header) != bool(self.proxy_addresses):
            raise ValueError("QUIETUS_PROXY_USER_HEADER and QUIETUS_PROXY_ADDRESSES go together")
        if not self.password_sign_in and not self.oidc_issuer and not self.proxy_user_header:
            raise ValueError("QUIETUS_PASSWORD_SIGN_IN=false needs another way to sign in")
        return self
