"""`audit …`: seal and verify the trail from the command line."""

import sys

import click
from flask.cli import AppGroup

audit = AppGroup("audit", help="The audit trail: seal, verify.")


@audit.command("seal")
def seal() -> None:
    """Seal every closed day that has no seal yet; the schedule does so every hour."""
    from quietus.audit.sealing import DayStillOpen, seal_closed_days

    try:
        for day in seal_closed_days():
            click.echo(f"{day} sealed")
    except DayStillOpen as error:
        raise click.ClickException(str(error)) from error


@audit.command("verify")
def verify() -> None:
    """Compare every sealed day with its seal. Exit 1, with day and row, when something was changed or is missing."""
    from quietus.audit.verifying import WORDS
    from quietus.audit.verifying import verify as check

    found = check(actor=None)
    for fault in found.faults:
        where = f"row {fault.row_id} " if fault.row_id is not None else ""
        click.echo(f"{fault.day} {where}{WORDS[fault.what]}")
    if found.fault_count:
        click.echo(f"{found.fault_count} faults in {found.days} days", err=True)
        sys.exit(1)
    if not found.days:
        click.echo("No day is sealed yet.")
        return
    removed = f", {found.removed} removed by retention" if found.removed else ""
    click.echo(f"{found.first_day} to {found.last_day}: {found.rows} rows as they were sealed{removed}")
    click.echo(f"newest seal {found.digest}")
