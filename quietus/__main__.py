"""`python -m quietus`: every command of the product, on the stack that `--state` names."""

import os
import sys
from pathlib import Path

import click
from flask import Flask
from flask.cli import ScriptInfo

from quietus import __version__
from quietus.commands import COMMANDS
from quietus.places import STATE


def _app_on_the_stack() -> Flask:
    """The app for a command: on the servers of the state folder, which are started for it when they do not run."""
    from quietus import create_app
    from quietus.core.config import ConfigurationError
    from quietus.stack import StackError, servers

    state = Path(os.environ["QUIETUS_STATE"])
    command = click.get_current_context().command_path
    try:
        addresses = click.get_current_context().find_root().with_resource(servers(state, holder=command))
        os.environ.update(addresses.environment())
        return create_app()
    except (StackError, ConfigurationError) as error:
        click.echo(str(error), err=True)
        sys.exit(2)


@click.group()
@click.option(
    "--state",
    envvar="QUIETUS_STATE",
    type=click.Path(file_okay=False, path_type=Path),
    default=STATE,
    show_default="var/ in a checkout, else the data folder of your account",
    help="Folder of the embedded servers.",
)
@click.version_option(__version__, message="%(version)s")
@click.pass_context
def cli(context: click.Context, state: Path) -> None:
    """Quietus AI: a self-hosted desk for emotional-distress triage."""
    os.environ["QUIETUS_STATE"] = str(state.resolve())
    context.obj = ScriptInfo(create_app=_app_on_the_stack)


for command in COMMANDS:
    cli.add_command(command)


def main() -> None:
    """The command `quietus` of an installed wheel."""
    cli(prog_name="quietus")


if __name__ == "__main__":
    cli(prog_name="python -m quietus")
