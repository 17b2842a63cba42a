"""Commands of the stack: `up` runs everything in one terminal, `url` prints where the servers are."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from quietus.places import STATE


def state_folder() -> Path:
    """What `--state` or QUIETUS_STATE names; the usual one otherwise."""
    return Path(os.environ.get("QUIETUS_STATE") or STATE)


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="0: any free one.")
@click.option(
    "--workers",
    default=2,
    show_default=True,
    type=click.IntRange(1, 64),
    help="Web processes, and as many for analysis.",
)
@click.option("--admin-email", default=None, help="Address of the first ADMIN, made at the first start.")
def up(host: str, port: int, workers: int, admin_email: str | None) -> None:
    """Run everything in this terminal until Ctrl-C: servers, web, workers, beat."""
    from quietus.stack.up import run

    sys.exit(run(state_folder(), host, port, workers, admin_email))


@click.command()
@click.argument("server", type=click.Choice(["database", "broker"]))
@click.option("--owner", is_flag=True, help="The role that owns the tables instead of the application's.")
def url(server: str, owner: bool) -> None:
    """Print the address of the database or the broker, for psql and friends."""
    from quietus.stack.state import StackError, addresses

    try:
        found = addresses(state_folder())
    except StackError as reason:
        click.echo(reason, err=True)
        sys.exit(2)
    if server == "broker":
        click.echo(found.redis_url)
        return
    database = found.owner_database_url if owner else found.database_url
    # psql knows no drivers: the plain form works there and in every library
    click.echo(database.replace("postgresql+psycopg://", "postgresql://", 1))
