"""`import-events`: a file of events from this machine's disk, without a limit to its size."""

from pathlib import Path
from uuid import UUID

import click
from flask.cli import with_appcontext


@click.command("import-events")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--session", "session_id", required=True, type=click.UUID, help="The session they were measured in.")
@with_appcontext
def import_events(file: Path, session_id: UUID) -> None:
    """Store a file with one event a line. Killed in the middle, run it again: nothing is stored twice."""
    from quietus.core.errors import Problem
    from quietus.video.importing import import_file

    stored = duplicates = bad = 0
    try:
        with file.open("rb") as opened:
            for counts, bad_lines in import_file(session_id, opened):
                stored, duplicates = stored + counts.stored, duplicates + counts.duplicates
                bad += counts.bad
                for number, why in bad_lines:
                    click.echo(f"line {number}: {why}", err=True)
                click.echo(f"{stored} stored, {duplicates} were there before, {bad} bad")
    except Problem as problem:
        raise click.ClickException(problem.detail) from None
    if bad:
        raise SystemExit(1)
