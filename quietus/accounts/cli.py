"""`user …` and `token …`: accounts and tokens from the command line, for whoever runs the desk."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import TypeVar

import click
from flask.cli import AppGroup

from quietus.accounts.permissions import ROLES

Command = TypeVar("Command", bound=Callable[..., None])

user = AppGroup("user", help="Accounts: create, role, deactivate, activate, list.")
token = AppGroup("token", help="API tokens.")


@contextmanager
def _refusals_as_sentences() -> Iterator[None]:
    """A refusal ends the command with its words and exit 1, not with a traceback."""
    from quietus.core.errors import Problem

    try:
        yield
    except Problem as problem:
        faults = [text for texts in (problem.errors or {}).values() for text in texts]
        raise click.ClickException(" ".join(faults) or problem.detail) from problem


def _speaking(command: Command) -> Command:
    @wraps(command)
    def run(*args: object, **kwargs: object) -> None:
        with _refusals_as_sentences():
            command(*args, **kwargs)

    return run  # type: ignore[return-value]  # wraps keeps the command's shape


def _read_password() -> str:
    """From a pipe the first line; at a terminal asked twice, without showing it."""
    if sys.stdin.isatty():
        answer: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
        return answer
    return sys.stdin.readline().rstrip("\r\n")


@user.command("create")
@click.option("--email", required=True)
@click.option("--role", "roles", multiple=True, type=click.Choice(ROLES), default=("USER",), show_default=True)
@click.option("--name", default="", help="Full name; the part of the address before @ when left out.")
@_speaking
def create(email: str, roles: tuple[str, ...], name: str) -> None:
    """Make an account. The password is read from stdin, or asked for twice at a terminal."""
    from quietus.accounts.administration import create_user

    made = create_user(
        email=email,
        full_name=name or email.partition("@")[0],
        password=_read_password(),
        roles=frozenset(roles),
        actor=None,
    )
    click.echo(f"{made.id} {made.email} {' '.join(sorted(made.role_names))}")


@user.command("role")
@click.argument("email")
@click.argument("roles", nargs=-1, required=True, type=click.Choice(ROLES))
@_speaking
def role(email: str, roles: tuple[str, ...]) -> None:
    """Give an account exactly these roles."""
    from quietus.accounts.administration import find_user, set_roles

    changed = set_roles(find_user(email).id, frozenset(roles), actor=None)
    click.echo(f"{changed.email} {' '.join(sorted(changed.role_names))}")


@user.command("deactivate")
@click.argument("email")
@_speaking
def deactivate(email: str) -> None:
    """Shut an account: its sessions and tokens are dead from the next request."""
    from quietus.accounts import administration

    administration.deactivate(administration.find_user(email).id, actor=None)
    click.echo(f"{email} is deactivated.")


@user.command("activate")
@click.argument("email")
@_speaking
def activate(email: str) -> None:
    """Open an account again."""
    from quietus.accounts import administration

    administration.activate(administration.find_user(email).id, actor=None)
    click.echo(f"{email} is active.")


@user.command("let-in")
@click.argument("email")
@_speaking
def let_in(email: str) -> None:
    """Print a link that signs in to an ADMIN account once, whatever is wrong with the other ways."""
    from quietus.accounts import outside

    click.echo(outside.let_in_link(email))


@user.command("unlink")
@click.argument("email")
@_speaking
def unlink(email: str) -> None:
    """Let another identity of the sign-in provider be linked to this account at its next sign-in."""
    from quietus.accounts import outside

    outside.unlink(email)
    click.echo(f"{email} is linked to nobody now.")


@user.command("list")
@_speaking
def list_users() -> None:
    """Every account: id, address, state, roles."""
    from quietus.accounts.administration import all_users

    for found in all_users():
        state = "active" if found.is_active else "deactivated"
        click.echo(f"{found.id} {found.email} {state} {' '.join(sorted(found.role_names))}")


@token.command("issue")
@click.option("--email", required=True, help="Whose token it is; it can never do more than this account.")
@click.option("--scopes", required=True, help="Comma-separated: analyses,events,…")
@click.option("--days", type=int, default=90, show_default=True)
@click.option("--name", default="cli", show_default=True, help="Small letters, digits and hyphens.")
@_speaking
def issue(email: str, scopes: str, days: int, name: str) -> None:
    """Make an API token and print it, this once."""
    from quietus.accounts import tokens
    from quietus.accounts.administration import find_user

    chosen = [scope.strip() for scope in scopes.split(",") if scope.strip()]
    made = tokens.issue(find_user(email).id, name=name, scopes=chosen, days=days, actor=None)
    click.echo(made.token)
