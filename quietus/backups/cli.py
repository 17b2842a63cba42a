"""`backup` and `restore`: the whole database into a file, and back."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, TextIO
from uuid import UUID

import click
from flask.cli import with_appcontext

if TYPE_CHECKING:
    from quietus.backups.manifest import Manifest
    from quietus.backups.settling import Settled


@click.command()
@click.argument("target", type=click.Path(path_type=Path))
@click.option(
    "--keep", type=click.IntRange(1), help="TARGET is a folder, made when missing; all but this many of the newest go."
)
@with_appcontext
def backup(target: Path, keep: int | None) -> None:
    """Write the database to TARGET, a new file or a folder, while the desk runs. Exit 2 when it could not."""
    from quietus.backups import making
    from quietus.backups.programs import BackupError

    try:
        if keep:
            making.open_folder(target)
        made = making.make(target)
    except BackupError as error:
        click.echo(str(error), err=True)
        sys.exit(2)
    click.echo(f"{made.file} {made.manifest.bytes} bytes {sum(made.manifest.rows.values())} rows")
    if keep:
        for gone in making.keep_newest(target, keep):
            click.echo(f"{gone} deleted")


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Set the tables that are there aside, in the schema before_restore.")
@click.option("--erased", type=click.File(), help="Lines of `subject erased`: people to erase again.")
@click.option("--keep-sign-ins", is_flag=True, help="Nothing was revoked since the backup: a move to another machine.")
@with_appcontext
def restore(file: Path, force: bool, erased: TextIO | None, keep_sign_ins: bool) -> None:
    """Load FILE, made by `backup`, into this desk's database while the desk is stopped.

    Exit 2 when it was refused and nothing has changed; exit 1 when the loaded desk does not add up.
    """
    from quietus.backups import loading, settling
    from quietus.backups.manifest import Manifest
    from quietus.backups.programs import BackupError

    try:
        people = [UUID(line.split()[0]) for line in erased or () if line.strip()]
    except ValueError:
        raise click.ClickException("--erased takes the lines of `subject erased`. Nothing was changed.") from None
    try:
        manifest = Manifest.beside(file)
        manifest.check(file)
        set_aside = loading.load(file, manifest, force=force)
    except BackupError as error:
        click.echo(str(error), err=True)
        sys.exit(2)
    click.echo(f"loaded {sum(manifest.rows.values())} rows of {manifest.made_at}, migration {manifest.migration}")
    settled = settling.settle(manifest, set_aside=set_aside, erased=people, keep_sign_ins=keep_sign_ins)
    _tell(manifest, settled, set_aside=set_aside, knew=set_aside or bool(erased), keep_sign_ins=keep_sign_ins)
    checked, counted = settling.prove()
    click.echo(f"audit: {checked.fault_count} faults in {checked.days} sealed days")
    click.echo(f"ledger: {counted.accepted} accepted, {counted.uneven} unaccounted for")
    if checked.fault_count or counted.uneven or settled.left:
        sys.exit(1)


def _tell(manifest: "Manifest", settled: "Settled", *, set_aside: bool, knew: bool, keep_sign_ins: bool) -> None:
    from quietus.backups.manifest import key_mark

    click.echo(f"erased again: {settled.people} people, {settled.texts} texts, {settled.sessions} sessions")
    for user_id in settled.left:
        click.echo(f"{user_id} could not be erased again: see `subject erase`", err=True)
    if not knew:
        click.echo(
            f"Whoever was erased after {manifest.made_at} is back. Erase them again: with the lines of "
            "`subject erased` from before, or one by one (docs/operating.md, Backup and restore)."
        )
    if set_aside:
        click.echo("What was there is in the schema before_restore. Drop it when you no longer need it.")
    if not keep_sign_ins:
        click.echo("Every sign-in and token has ended: programs need new tokens.")
    if manifest.key != key_mark():
        click.echo(
            "The secret key is not the one of this backup: until you put that key back (docs/operating.md), receipts "
            "of erasures cannot be read, and no token or sign-in of then works."
        )
