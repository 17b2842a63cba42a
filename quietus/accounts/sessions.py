"""Sign-ins: a signed cookie that names a session, dead as soon as the audit log says so (D17)."""

import hashlib
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from flask import Flask, g, session
from flask.sessions import SecureCookieSessionInterface

from quietus.core import clock
from quietus.core.config import settings
from quietus.core.extensions import csrf, login_manager

KEY: Final = "signin"
# the cookie is written anew at most this often, not with every answer
TOUCH_SECONDS: Final = 60


@dataclass(frozen=True, slots=True)
class Claim:
    """What the cookie says; the audit log has the last word. Times are seconds since 1970."""

    id: UUID
    user_id: UUID
    generation: int
    since: int
    seen: int


class SignedCookies(SecureCookieSessionInterface):
    """Flask's cookies, signed with SHA-256 where Flask takes SHA-1."""

    digest_method = staticmethod(hashlib.sha256)


def init_app(app: Flask) -> None:
    app.session_interface = SignedCookies()
    # our claim replaces flask-login's own session keys, which a copied cookie keeps alive after sign-out; its
    # "session protection" reads a header that anyone can set
    app.config.update(SESSION_PROTECTION=None)
    login_manager.session_protection = None
    login_manager.init_app(app)
    csrf.init_app(app)


def start(user_id: UUID, session_id: UUID, generation: int) -> None:
    """Give the browser a new session and nothing of the old one: no fixation, no CSRF token from before."""
    now = int(clock.now().timestamp())
    session.clear()
    _write(Claim(session_id, user_id, generation, since=now, seen=now))
    # Flask-WTF keeps this request's token here; it belongs to the session that was just cleared
    g.pop("csrf_token", None)


def forget() -> None:
    """Take the session from the browser. A copy of the cookie stays good until the audit log ends it."""
    session.clear()
    g.pop("csrf_token", None)


def claim() -> Claim | None:
    """What this browser's cookie says, None when it says nothing or too much time has passed."""
    found = _read(session.get(KEY))
    if found is None:
        return None
    now = clock.now().timestamp()
    idle = timedelta(minutes=settings().session_idle_minutes).total_seconds()
    whole = timedelta(hours=settings().session_hours).total_seconds()
    if now - found.seen > idle or now - found.since > whole:
        forget()
        return None
    return found


def touch() -> None:
    """Note that the session is used now."""
    found = _read(session.get(KEY))
    now = int(clock.now().timestamp())
    if found is not None and now - found.seen >= TOUCH_SECONDS:
        _write(Claim(found.id, found.user_id, found.generation, found.since, seen=now))


def _write(claim: Claim) -> None:
    session[KEY] = {name: str(value) if isinstance(value, UUID) else value for name, value in asdict(claim).items()}


def _read(facts: Any) -> Claim | None:
    try:
        return Claim(
            UUID(facts["id"]),
            UUID(facts["user_id"]),
            int(facts["generation"]),
            int(facts["since"]),
            int(facts["seen"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        return None  # written by another version of the program
