"""Sign-in by OpenID Connect: the code flow with PKCE, state and nonce, by authlib; off without an issuer."""

from typing import Any, Final

import requests
import structlog
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.flask_client import OAuth
from flask import Flask, current_app, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from joserfc.errors import JoseError

from quietus.accounts.outside import Voucher
from quietus.accounts.permissions import USER
from quietus.core.config import settings
from quietus.core.errors import Unauthenticated, Unavailable
from quietus.core.languages import later

log = structlog.get_logger(__name__)

NAME: Final = "oidc"
TIMEOUT_SECONDS: Final = 5
LEEWAY_SECONDS: Final = 60
# what a provider may answer amiss: an error of the protocol, a token that does not fit, a body that is none of these
WRONG: Final = (AuthlibBaseError, JoseError, ValueError, KeyError, TypeError)
DID_NOT_WORK: Final = later("That sign-in did not work. Please try again.")


def init_app(app: Flask) -> None:
    chosen = app.extensions["settings"]
    oauth = OAuth(app)
    oauth.register(
        NAME,
        client_id=chosen.oidc_client_id,
        client_secret=chosen.oidc_client_secret.get_secret_value() or None,
        server_metadata_url=chosen.oidc_issuer.rstrip("/") + "/.well-known/openid-configuration",
        client_kwargs={
            "scope": "openid email profile",
            "code_challenge_method": "S256",
            "default_timeout": TIMEOUT_SECONDS,
        },
    )
    app.extensions["oidc"] = oauth


def _client() -> Any:
    return current_app.extensions["oidc"].create_client(NAME)


def begin() -> ResponseReturnValue:
    """Send the browser to the provider. Raises Unavailable."""
    # the settings' host: a Host header could be a stranger's
    back = settings().public_url.rstrip("/") + url_for("outside.oidc_back")
    try:
        answer: ResponseReturnValue = _client().authorize_redirect(back)
    except (requests.RequestException, *WRONG) as error:
        log.warning("oidc.away", error=type(error).__name__)
        raise Unavailable(gettext("The sign-in service does not answer now. Please try again in a moment.")) from error
    return answer


def finish() -> Voucher:
    """Who came back, once the provider's token is verified. Raises Unauthenticated or Unavailable."""
    chosen = settings()
    expected = {
        "iss": {"essential": True, "values": [chosen.oidc_issuer]},
        "aud": {"essential": True, "value": chosen.oidc_client_id},
    }
    try:
        token = _client().authorize_access_token(claims_options=expected, leeway=LEEWAY_SECONDS)
        claims = dict(token["userinfo"])  # only there when an ID token came and its nonce fits
        email, identity = str(claims["email"]), f"{claims['iss']}\0{claims['sub']}"
    except requests.RequestException as error:
        log.warning("oidc.away", error=type(error).__name__)
        raise Unavailable(gettext("The sign-in service does not answer now. Please try again in a moment.")) from error
    except WRONG as error:
        log.warning("oidc.refused", error=type(error).__name__)
        raise Unauthenticated("oidc_failed", DID_NOT_WORK) from error
    if claims.get("email_verified") is not True:
        raise Unauthenticated(
            "email_not_verified", gettext("Your address is not confirmed there yet, so it cannot be used here.")
        )
    return Voucher("oidc", identity, email, str(claims.get("name") or ""), chosen.oidc_register, _roles(claims))


def _roles(claims: dict[str, Any]) -> frozenset[str] | None:
    mapping = settings().oidc_roles
    if not mapping:
        return None
    given = claims.get(settings().oidc_roles_claim)
    values = given if isinstance(given, list) else [given]
    return frozenset({USER, *(mapping[value] for value in values if isinstance(value, str) and value in mapping)})
