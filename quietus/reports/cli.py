"""`report list` and `report run NAME`: a report as a file, from the command line, without the background worker."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import click
from flask.cli import AppGroup

if TYPE_CHECKING:  # commands import heavy modules when they run
    from quietus.accounts.identity import Principal

report = AppGroup("report", help="Reports: list, run.")


@report.command("list")
@click.option("--as", "email", default=None, help="Whose rights count; an ANALYST's when left out.")
def list_reports(email: str | None) -> None:
    """Every report that can be asked for: name, title, parameters (! must be given)."""
    from quietus.reports.catalogue import reports_for

    for found in reports_for(_asker(email)):
        names = " ".join(f"{name}!" if name in found.required else name for name in found.parameters)
        click.echo(f"{found.name:22} {found.title:40} {names}")


@report.command("run")
@click.argument("name")
@click.option("--from", "since", default="", help="A day such as 2026-11-01, or an RFC 3339 time.")
@click.option("--to", "until", default="", help="A day, counted whole, or a time. Now when left out.")
@click.option("--tz", default="", help="Where days begin, such as Europe/Berlin. UTC when left out.")
@click.option("--param", "params", multiple=True, metavar="NAME=VALUE", help="Any other parameter of the report.")
@click.option("--format", "kind", type=click.Choice(["pdf", "xlsx", "csv", "json"]), default="pdf", show_default=True)
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), required=True, help="The file; - is stdout.")
@click.option("--as", "email", default=None, help="Whose rights count; an ANALYST's when left out.")
def run(
    *, name: str, since: str, until: str, tz: str, params: tuple[str, ...], kind: str, output: Path, email: str | None
) -> None:
    """Build a report and write it to a file."""
    from quietus.core.errors import Problem
    from quietus.reports.service import build_now

    raw = {"from": since, "to": until, "tz": tz} | dict(_pair(text) for text in params)
    try:
        file = build_now(name, raw, kind, asker=_asker(email))
        if str(output) == "-":
            sys.stdout.buffer.writelines(file.pieces)
        else:
            with output.open("wb") as target:
                target.writelines(file.pieces)
    except Problem as problem:
        faults = [f"{field}: {' '.join(texts)}" for field, texts in (problem.errors or {}).items()]
        raise click.ClickException(" ".join(faults) or problem.detail) from problem
    except OSError as error:
        raise click.ClickException(f"{output} cannot be written: {error.strerror}.") from error
    click.echo(f"{output}: {file.row_count:,} rows, SHA-256 {file.digest}", err=True)


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise click.BadParameter(f"{text} is no NAME=VALUE.")
    return name, value


def _asker(email: str | None) -> "Principal":
    """The account, or nobody in particular with an analyst's rights."""
    from quietus.accounts import identity, standing
    from quietus.reports.summaries import DESK

    if email is None:
        return DESK
    account = standing.by_email(email.strip().lower())
    if account is None or not account.is_active:
        raise click.ClickException(f"There is no active account {email}.")
    return identity.of(account, UUID(int=0))
