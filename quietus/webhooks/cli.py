"""`webhooks …`: see the endpoints, send a test, make a secret."""

import base64
import secrets
import sys
from uuid import UUID

import click
from flask.cli import AppGroup

webhooks = AppGroup("webhooks", help="Outgoing webhooks: list, test, send again, make a secret.")


@webhooks.command("list")
def list_endpoints() -> None:
    """The endpoints of QUIETUS_WEBHOOKS: name, host, what they are told of."""
    from quietus.webhooks import service

    for endpoint in service.list_endpoints():
        click.echo(f"{endpoint['name']} {endpoint['host']} {' '.join(endpoint['events'])}")


@webhooks.command("test")
@click.argument("name")
def test(name: str) -> None:
    """Send a test message now and say what came of it. Exit 1 when it was not taken."""
    from quietus.core.errors import Problem
    from quietus.webhooks import service

    try:
        answer = service.send_test(name)
    except Problem as problem:
        raise click.ClickException(problem.detail) from problem
    status = f", status {answer.status}" if answer.status else ""
    click.echo(f"{name}: {answer.reason or 'delivered'}{status}, {answer.ms} ms")
    if answer.reason:
        sys.exit(1)


@webhooks.command("again")
@click.argument("name")
@click.argument("about", type=click.UUID)
def again(name: str, about: UUID) -> None:
    """Send again what was given up: the endpoint's name, and the id of the text or session."""
    from quietus.core.errors import Problem
    from quietus.webhooks import service

    try:
        service.send_again(name, about, actor=None)
    except Problem as problem:
        raise click.ClickException(problem.detail) from problem
    click.echo("It is being sent again.")


@webhooks.command("secret", with_appcontext=False)
def secret() -> None:
    """Make a secret for the settings and the receiver, and print it, this once."""
    click.echo(f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}")
