"""Texts that carry facts and prove that this desk wrote them: API tokens and reset links."""

import hashlib
from typing import Any, Final, Literal

from flask import current_app
from itsdangerous import BadData, URLSafeSerializer

Purpose = Literal["api-token", "password-reset", "let-in"]

LENGTH_MAX: Final = 1024  # ours are shorter; nothing longer is worth an HMAC


def _serializer(purpose: Purpose) -> URLSafeSerializer:
    # the purpose is part of the key: a reset link can never pass as a token
    return URLSafeSerializer(
        current_app.config["SECRET_KEY"],
        salt=f"quietus.{purpose}",
        signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
    )


def write(purpose: Purpose, facts: list[Any]) -> str:
    text: str | bytes = _serializer(purpose).dumps(facts)
    return text if isinstance(text, str) else text.decode()


def read(purpose: Purpose, text: str) -> list[Any] | None:
    """The facts, or None when the text was not written by `write` for this purpose with this desk's key."""
    if len(text) > LENGTH_MAX:
        return None
    try:
        facts = _serializer(purpose).loads(text)
    except (BadData, ValueError):  # ValueError: half of a character cannot even be encoded
        return None
    return facts if isinstance(facts, list) else None
