"""The mailed link that sets a new password: works once, for a while, and dies with any change of password."""

from datetime import timedelta
from uuid import UUID

from flask import current_app

from quietus.accounts import signed, standing
from quietus.accounts.standing import Account
from quietus.core import clock
from quietus.core.config import settings
from quietus.core.errors import Problem
from quietus.core.languages import later


class LinkDead(Problem):
    status, code = 410, "link_dead"
    detail = later("This link was used already, or is too old. Ask for a new one.")


def write(account: Account) -> str:
    """The whole address, on the host that the settings name: a Host header could be a stranger's."""
    expires_at = clock.now() + timedelta(minutes=settings().reset_minutes)
    text = signed.write("password-reset", [account.id.hex, account.generation, int(expires_at.timestamp())])
    path = current_app.url_map.bind("localhost").build("accounts.reset", {"token": text})
    return settings().public_url.rstrip("/") + path


def read(text: str) -> Account:
    """The account whose password the link may set. Raises LinkDead.

    The link names the generation it was made under; setting a password makes a new one, so it works once.
    """
    facts = signed.read("password-reset", text)
    if facts is None:
        raise LinkDead
    try:
        user_id, generation, expires_at = UUID(facts[0]), int(facts[1]), int(facts[2])
    except (IndexError, TypeError, ValueError, AttributeError) as error:  # of another version
        raise LinkDead from error
    account = standing.by_id(user_id) if expires_at > clock.now().timestamp() else None
    if account is None or not account.is_active or account.generation > generation:
        raise LinkDead
    return account
