"""A small real OpenID Connect provider: code flow, PKCE, tokens signed by RS256. Its knobs make it lie."""

import base64
import hashlib
import secrets
import threading
import time
from typing import Any
from urllib.parse import urlencode

from flask import Flask, Response, jsonify, redirect, request
from joserfc import jwt
from joserfc.jwk import RSAKey
from werkzeug.serving import make_server

CLIENT, SECRET = "the-desk", "only-for-tests-client-secret"


class Provider:
    """`claims` are put over those of every token; `wrong` names what goes wrong."""

    def __init__(self) -> None:
        self.key = RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "RS256"})
        self.stranger = RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "RS256"})
        self.claims: dict[str, Any] = {}
        self.wrong = ""
        self.asked: list[dict[str, str]] = []
        self._codes: dict[str, dict[str, str]] = {}
        self._server = make_server("127.0.0.1", 0, self._app(), threaded=True)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _app(self) -> Flask:
        app = Flask("provider")
        app.add_url_rule("/.well-known/openid-configuration", view_func=self.metadata)
        app.add_url_rule("/authorize", view_func=self.authorize)
        app.add_url_rule("/token", view_func=self.token, methods=["POST"])
        app.add_url_rule("/keys", view_func=lambda: jsonify(keys=[self.key.as_dict(private=False)]))
        return app

    def metadata(self) -> Response:
        return jsonify(
            issuer=self.issuer, authorization_endpoint=f"{self.issuer}/authorize",
            token_endpoint=f"{self.issuer}/token", jwks_uri=f"{self.issuer}/keys",
            id_token_signing_alg_values_supported=["RS256"], code_challenge_methods_supported=["S256"],
        )  # fmt: skip

    def authorize(self) -> Any:
        """Whoever comes is signed in here already."""
        asked = request.args.to_dict()
        assert (asked["response_type"], asked["client_id"]) == ("code", CLIENT)
        assert asked["code_challenge_method"] == "S256" and asked["nonce"] and asked["state"]
        self.asked.append(asked)
        code = secrets.token_urlsafe(16)
        self._codes[code] = asked
        state = "made-up" if self.wrong == "state" else asked["state"]
        return redirect(f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': state})}")

    def token(self) -> Any:
        asked = self._codes.pop(request.form["code"], None)
        given = request.authorization
        if asked is None or given is None or (given.username, given.password) != (CLIENT, SECRET):
            return jsonify(error="invalid_grant"), 400
        digest = hashlib.sha256(request.form["code_verifier"].encode()).digest()
        if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != asked["code_challenge"]:
            return jsonify(error="invalid_grant"), 400
        now = int(time.time())
        claims = {
            "iss": self.issuer, "sub": "person-1", "aud": CLIENT, "iat": now, "exp": now + 300,
            "nonce": asked["nonce"], "email": "alice@example.org", "email_verified": True, "name": "Alice Example",
        } | self.claims  # fmt: skip
        key = self.stranger if self.wrong == "key" else self.key
        header = {"alg": "RS256", "kid": "one"}
        token = jwt.encode(header, claims, key)
        if self.wrong == "unsigned":
            head = base64.urlsafe_b64encode(b'{"alg":"none"}').decode().rstrip("=")
            token = f"{head}.{token.split('.')[1]}."
        answer = {"access_token": "opaque", "token_type": "Bearer", "expires_in": 300}
        return jsonify(answer if self.wrong == "no_id_token" else {**answer, "id_token": token})
