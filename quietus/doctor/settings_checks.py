"""Settings that are legal and still unwise: the address, the secret key, the state folder, mail."""

import os
import shutil
import smtplib
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from quietus.core.config import Settings
from quietus.doctor.findings import Desk, Finding

LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
GIB: Final = 1024**3
PRIVATE: Final = 0o077
PATIENCE: Final = 5.0


def address(desk: Desk) -> Iterator[Finding]:
    """https, proxies, and whether somebody answers there."""
    chosen, place = desk.settings, urlsplit(desk.settings.public_url)
    if not chosen.https and place.hostname not in LOOPBACK:
        yield Finding("address", "fail" if chosen.production else "warn", f"{chosen.public_url} is not https.",
                      "Passwords and texts travel readable, and cookies are not Secure: put a proxy with a certificate "
                      "in front and set QUIETUS_PUBLIC_URL=https://….")  # fmt: skip
    elif chosen.https and not chosen.trusted_proxies:
        yield Finding("address", "warn", "https without QUIETUS_TRUSTED_PROXIES.",
                      "Behind a proxy all share its address in the throttle: set how many there are.")  # fmt: skip
    else:
        yield Finding("address", "ok", f"{chosen.public_url}{' (this machine only)' if not chosen.https else ''}.")
    yield _answer(chosen)


def _answer(chosen: Settings) -> Finding:
    try:
        with urllib.request.urlopen(f"{chosen.public_url.rstrip('/')}/readyz", timeout=PATIENCE):  # noqa: S310 - our own  # nosec B310
            return Finding("web", "ok", "/readyz says ready.")
    except urllib.error.HTTPError as error:
        return Finding("web", "fail", f"/readyz answers {error.code}.", "See the database below, and the web's log.")
    except (OSError, ValueError):
        return Finding("web", "warn", f"Nobody answers at {chosen.public_url} from here.",
                       "Is `up` running, or the web? At another address, set QUIETUS_PUBLIC_URL.")  # fmt: skip


def secret_key(desk: Desk) -> Iterator[Finding]:
    file = desk.settings.state / "secret_key"
    key = desk.settings.secret_key.get_secret_value()
    try:
        kept = file.read_text().strip() if file.is_file() else key
        loose = file.is_file() and file.stat().st_mode & PRIVATE
    except OSError:
        kept, loose = key, 0
    if loose:
        yield Finding("secret key", "fail", f"{file} can be read by others.", f"chmod 600 {file}")
    elif kept != key:
        yield Finding("secret key", "warn", "QUIETUS_SECRET_KEY is not the key in the state folder.",
                      "Two keys sign each other's people out: use one.")  # fmt: skip
    else:
        yield Finding("secret key", "ok", f"{len(key.encode())} bytes.")


def disk(desk: Desk) -> Iterator[Finding]:
    folder = desk.settings.state
    if not folder.is_dir():
        yield Finding("disk", "ok", "no state folder here: the servers are elsewhere.")
        return
    use = shutil.disk_usage(folder)
    share, gib = use.free / use.total, use.free / GIB
    said = f"{gib:.1f} GiB free ({share:.0%}) at {folder}."
    if not os.access(folder, os.W_OK):
        yield Finding("disk", "fail", f"{folder} cannot be written to.", "Run as the user that owns it.")
    elif gib < 0.5:
        yield Finding("disk", "fail", said, "Make room now: a full disk stops the database.")
    elif gib < 2 or share < 0.05:
        yield Finding("disk", "warn", said, "Make room.")
    else:
        yield Finding("disk", "ok", said)


def mail(desk: Desk) -> Iterator[Finding]:
    """Signs in at the mail server and sends nothing."""
    chosen = desk.settings
    if chosen.mail_backend == "console":
        yield Finding("mail", "warn", "mail goes to the log.",
                      "Nobody gets reset links or summaries: set QUIETUS_MAIL_BACKEND=smtp.")  # fmt: skip
        return
    where = f"{chosen.mail_server}:{chosen.mail_port}"
    try:
        with smtplib.SMTP(chosen.mail_server, chosen.mail_port, timeout=PATIENCE) as server:
            if chosen.mail_use_tls:
                server.starttls()
            if chosen.mail_username:
                server.login(chosen.mail_username, chosen.mail_password.get_secret_value())
            server.noop()
    except smtplib.SMTPAuthenticationError:
        yield Finding(
            "mail", "fail", f"{where} refuses user and password.", "See QUIETUS_MAIL_USERNAME and …_PASSWORD."
        )
    except (smtplib.SMTPException, OSError) as error:
        yield Finding("mail", "fail", f"{where} does not take mail ({type(error).__name__}).", "See QUIETUS_MAIL_*.")
    else:
        plain = chosen.mail_username and not chosen.mail_use_tls and chosen.mail_server not in LOOPBACK
        advice = "The password travels readable: set QUIETUS_MAIL_USE_TLS=true." if plain else ""
        yield Finding("mail", "warn" if plain else "ok", f"{where} takes mail.", advice)
