"""What a password must be, and how it is kept: argon2id at the cost the settings name."""

import base64
import secrets
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore
from typing import Final, cast

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from flask import current_app
from flask_babel import gettext
from zxcvbn import zxcvbn

from quietus.core.config import Settings, settings
from quietus.core.errors import Unavailable

LENGTH_MIN: Final = 15
LENGTH_MAX: Final = 128
# NFKC may make one character of eighteen; past this length not even the normalising is worth its time
RAW_LENGTH_MAX: Final = 1024
# zxcvbn takes 3.9 s of processor for 72 characters of leet signs, 0.5 s for 32; what stands behind the first
# 32 can only add guesses, so a password is judged by them
JUDGED_LENGTH: Final = 32
SCORE_MIN: Final = 3  # at least 10^8 guesses, zxcvbn's "safely unguessable" behind a slow hash
WAIT_SECONDS: Final = 5.0


class Hasher:
    """argon2id with the settings' cost, a few at a time: each hash takes 19 MiB and a core for 70 ms."""

    def __init__(self, chosen: Settings) -> None:
        self.argon2 = PasswordHasher(
            time_cost=chosen.argon2_time_cost,
            memory_cost=chosen.argon2_memory_kib,
            parallelism=chosen.argon2_parallelism,
        )
        self._slots = BoundedSemaphore(chosen.argon2_concurrent)
        cost = f"m={chosen.argon2_memory_kib},t={chosen.argon2_time_cost},p={chosen.argon2_parallelism}"
        # costs exactly what a real one does and matches nothing: no password leads to these random bytes
        self.dummy = f"$argon2id$v=19${cost}${_base64(16)}${_base64(32)}"

    @contextmanager
    def slot(self) -> Iterator[None]:
        """Wait for a turn. Raises Unavailable when the queue is too long to wait in."""
        if not self._slots.acquire(timeout=WAIT_SECONDS):
            raise Unavailable(gettext("Many people are signing in at this moment. Please try again shortly."))
        try:
            yield
        finally:
            self._slots.release()


def _base64(size: int) -> str:
    return base64.b64encode(secrets.token_bytes(size)).decode().rstrip("=")


def _hasher() -> Hasher:
    found = current_app.extensions.get("passwords")
    if found is None:
        found = current_app.extensions.setdefault("passwords", Hasher(settings()))
    return cast(Hasher, found)


def normal(password: str) -> str:
    """The form that is counted and hashed.

    NFKC (NIST SP 800-63B names NFKC or NFKD): one keyboard sends é as one character, another as two, a
    Japanese one sends full-width letters; to the person who typed them they are the same password.
    """
    return unicodedata.normalize("NFKC", password)


def _readable(password: str) -> bool:
    """No control characters, which get lost between keyboards and forms, and no halves of characters."""
    return not any(unicodedata.category(character) in ("Cc", "Cs") for character in password)


def faults(password: str, *, email: str, full_name: str) -> list[str]:
    """What is wrong with a new password, in words for the person; empty when it is fine."""
    if len(password) > RAW_LENGTH_MAX or len(normal(password)) > LENGTH_MAX:
        return [gettext("Use at most %(most)s characters.", most=LENGTH_MAX)]
    if not _readable(password):
        return [gettext("Use letters, digits, signs and spaces only.")]
    password = normal(password)
    if len(password) < LENGTH_MIN:
        return [
            gettext("Use at least %(least)s characters. A few unrelated words are easy to remember.", least=LENGTH_MIN)
        ]
    own_words = ["quietus", *email.replace("@", ".").split("."), email, full_name, *full_name.split()]
    with _hasher().slot():
        judged = zxcvbn(password[:JUDGED_LENGTH], user_inputs=[word for word in own_words if word])
    if judged["score"] < SCORE_MIN:
        return [gettext("This one is easy to guess. Use a few unrelated words, and not your name or address.")]
    return []


def hash_password(password: str) -> str:
    """The text to store for a password that `faults` found nothing wrong with."""
    hasher = _hasher()
    with hasher.slot():
        return hasher.argon2.hash(normal(password))


def matches(stored: str | None, password: str) -> bool:
    """Whether `password` is the one stored. None stands for an unknown account and takes the same time."""
    hasher = _hasher()
    usable = len(password) <= RAW_LENGTH_MAX and _readable(password)
    with hasher.slot():
        try:
            hasher.argon2.verify(stored or hasher.dummy, normal(password) if usable else "")
        except (VerificationError, InvalidHashError):
            return False
    return usable and stored is not None


def outdated(stored: str) -> bool:
    """Whether the hash was made at another cost than the settings name now."""
    return _hasher().argon2.check_needs_rehash(stored)


def made_up() -> str:
    """A password of 144 random bits for an account that a command makes."""
    return secrets.token_urlsafe(18)
