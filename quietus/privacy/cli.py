"""`subject …` and `retention …`: one person's data, and what is too old, for whoever runs the desk."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import click
from flask.cli import AppGroup

if TYPE_CHECKING:
    from quietus.privacy.retention import Line

subject = AppGroup("subject", help="One person's data: export, erase, receipts; scrub the files.")
retention = AppGroup("retention", help="What is older than the settings want to keep: plan, apply.")


def _user_id(who: str) -> UUID:
    from quietus.accounts.administration import find_user
    from quietus.core.errors import NotFound

    try:
        return UUID(who)
    except ValueError:
        pass
    try:
        return find_user(who).id
    except NotFound as error:
        raise click.ClickException(error.detail) from error


@subject.command("export")
@click.argument("who")
@click.option("--output", required=True, type=click.Path(dir_okay=False, writable=True, path_type=Path))
def export(who: str, output: Path) -> None:
    """Write everything about WHO, an address or id, into a zip. Their access log tells them that it was done."""
    from quietus.core.errors import NotFound
    from quietus.privacy import exporting

    try:
        pieces = exporting.export(_user_id(who), actor=None)
    except NotFound as error:
        raise click.ClickException("There is no such account.") from error
    # made for its owner's eyes before there is anything in it
    output.touch(mode=0o600)
    with output.open("wb") as file:
        for piece in pieces:
            file.write(piece)
    click.echo(f"{output} {output.stat().st_size} bytes")


@subject.command("erase")
@click.argument("who")
@click.option("--confirm", required=True, help="WHO once more, so that no slip of the hand erases anybody.")
def erase(who: str, confirm: str) -> None:
    """Erase WHO, an address or id, at once: every row, report and count. It cannot be undone."""
    import redis

    from quietus.core.errors import Conflict, Unavailable
    from quietus.privacy import erasing

    if confirm != who:
        raise click.ClickException("--confirm must repeat WHO exactly. Nothing was erased.")
    try:
        erased = erasing.erase_person(_user_id(who), actor=None)
    except Conflict as error:
        raise click.ClickException(error.detail) from error
    except (redis.RedisError, Unavailable) as error:
        raise click.ClickException("The broker is away, and what it holds must go too. Try again.") from error
    if erased is None:
        raise click.ClickException("There is no such account.")
    click.echo(f"erased texts {erased.texts} sessions {erased.sessions} events {erased.events} notes {erased.notes}")


@subject.command("receipts")
@click.argument("email")
def receipts(email: str) -> None:
    """Whether an address was erased here, and when. Exit 1 when there is no receipt."""
    from quietus.core.pages import rfc3339
    from quietus.privacy.erasing import receipts_for

    found = receipts_for(email)
    for row in found:
        facts = row.details or {}
        click.echo(f"{rfc3339(row.created_at)} texts {facts['texts']} sessions {facts['sessions']}")
    if not found:
        click.echo("No receipt for this address.", err=True)
        sys.exit(1)


@subject.command("erased")
def erased() -> None:
    """Print the id and the time of every erasure: keep it apart, for the day that an older backup is restored."""
    from quietus.core.pages import rfc3339
    from quietus.privacy.erasing import all_receipts

    for row in all_receipts():
        click.echo(f"{row.resource_id} {rfc3339(row.created_at)}")


@retention.command("plan")
def plan() -> None:
    """Show what `apply` would delete. Nothing is deleted."""
    from quietus.privacy import retention as keeping

    _show(keeping.plan())


@retention.command("apply")
def apply() -> None:
    """Delete what is older than the settings want to keep; the schedule does so every night."""
    from quietus.privacy import retention as keeping
    from quietus.privacy.owning import NotTheOwner

    try:
        _show(keeping.apply())
    except NotTheOwner as error:
        raise click.ClickException(f"Audit rows were kept. {error}") from error


def _show(lines: "list[Line]") -> None:
    for line in lines:
        limit = f"before {line.before:%Y-%m-%d}" if line.before else "kept"
        click.echo(f"{line.kind} {limit} {line.rows}")


@subject.command("scrub")
def scrub() -> None:
    """Write the tables anew, so that erased rows are gone from the files too. Locks each table meanwhile."""
    from quietus.privacy import scrubbing
    from quietus.privacy.owning import NotTheOwner

    try:
        ended = scrubbing.scrub()
    except NotTheOwner as error:
        raise click.ClickException(str(error)) from error
    click.echo("The tables are written anew.")
    if not ended:
        click.echo("The write-ahead log keeps its last segments: a superuser may run pg_switch_wal() and CHECKPOINT.")
