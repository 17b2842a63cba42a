"""Loads a backup in one transaction: everything is there and counted, or nothing has changed."""

import contextlib
import json
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import IO, Final

import psycopg
from alembic.script import ScriptDirectory
from psycopg import sql

from quietus.backups.making import SET_ASIDE, TABLES
from quietus.backups.manifest import Manifest
from quietus.backups.programs import BackupError, Programs, connect, environment, programs_for, server_major
from quietus.places import MIGRATIONS

SQL: Final = Path(__file__).with_name("sql")
# pg_dump 17 and newer write this; a server before 17 does not know it, and the load is one transaction anyway
UNKNOWN_BEFORE_17: Final = b"SET transaction_timeout = 0;\n"
HEAD_BYTES: Final = 4096
ROWS_OF_PEOPLE: Final = sorted(set(TABLES) - {"roles"})


def load(file: Path, manifest: Manifest, *, force: bool) -> bool:
    """Put the backup into the database of the settings; whether something was set aside for it.

    Rows that are there are never overwritten: without `force` this is refused, with it the old tables are moved into
    the schema `before_restore`. Raises BackupError; then nothing has changed.
    """
    _refuse_newer(manifest)
    with connect() as connection:
        major = server_major(connection)
        if manifest.server > major:
            raise BackupError(f"This is PostgreSQL {major}, and the backup is of {manifest.server}: use that or newer.")
        _refuse_company(connection)
        present = _tables(connection)
        filled = _has_rows(connection, present)
        if filled and not force:
            raise BackupError(
                "This database holds a desk with rows. Nothing was changed. With --force its tables are moved into "
                f"the schema {SET_ASIDE}, and stay there until you drop it."
            )
        if _was_set_aside(connection):
            raise BackupError(
                f"The schema {SET_ASIDE} of an earlier restore is still there: look whether you need it, then drop it "
                f"(DROP SCHEMA {SET_ASIDE} CASCADE)."
            )
    programs = programs_for(major, least=manifest.dumped_by)
    _run(programs, file, manifest, set_aside=bool(present), keep=filled, old_server=major < 17)
    return filled


def _refuse_newer(manifest: Manifest) -> None:
    known = {revision.revision for revision in ScriptDirectory(str(MIGRATIONS)).walk_revisions()}
    if manifest.migration not in known:
        raise BackupError(
            f"The backup is at migration {manifest.migration}, which this program does not know: "
            "it was made by a newer one. Install that first."
        )


def _refuse_company(connection: psycopg.Connection) -> None:
    # not by backend_type, which is hidden from whoever is not a superuser; only a worker of autovacuum has no user
    found = connection.execute(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
        "AND pid <> pg_backend_pid() AND usename IS NOT NULL"
    ).fetchone()
    if found and found[0]:
        raise BackupError(
            f"{found[0]} other connections use this database: stop the desk (web, workers, beat) and whatever else "
            "is connected, then try again. Nothing was changed."
        )


def _tables(connection: psycopg.Connection) -> list[str]:
    found = connection.execute(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relname = ANY(%s)",
        ([*TABLES, "alembic_version"],),
    )
    return [name for (name,) in found]


def _has_rows(connection: psycopg.Connection, present: list[str]) -> bool:
    """Whether there is more than what the migrations themselves put there."""
    for table in ROWS_OF_PEOPLE:
        query = sql.SQL("SELECT EXISTS (SELECT FROM public.{})").format(sql.Identifier(table))
        if table in present and (found := connection.execute(query).fetchone()) and found[0]:
            return True
    return False


def _was_set_aside(connection: psycopg.Connection) -> bool:
    return connection.execute("SELECT FROM pg_namespace WHERE nspname = %s", (SET_ASIDE,)).fetchone() is not None


def _run(programs: Programs, file: Path, manifest: Manifest, *, set_aside: bool, keep: bool, old_server: bool) -> None:
    """One session of psql: it commits only when pg_restore came to its end and the rows are as many as they were."""
    expected = json.dumps(manifest.rows)
    before = f"BEGIN;\nSET LOCAL client_min_messages = warning;\nSET LOCAL quietus.expected = '{expected}';\n"
    before += _statements("set_aside") if set_aside else ""
    after = "SET LOCAL search_path = public;\n" + _statements("check_rows") + _statements("grants")
    after += "" if keep or not set_aside else f"DROP SCHEMA {SET_ASIDE} CASCADE;\n"
    psql = programs.command("psql", "--no-psqlrc", "--quiet", "--no-password", "--output=/dev/null",
                            "--set=ON_ERROR_STOP=1", "--set=VERBOSITY=terse", "--file=-")  # fmt: skip
    restore = programs.command("pg_restore", "--no-owner", "--no-privileges", "--file=-", str(file))
    with (
        tempfile.TemporaryFile() as said,
        subprocess.Popen(psql, stdin=subprocess.PIPE, stderr=said, env=environment()) as into,
        subprocess.Popen(restore, stdout=subprocess.PIPE, stderr=said, env=environment()) as out_of,
    ):
        whole = _pump(out_of, into, before, after, old_server)
        if into.wait() or not whole:
            said.seek(0)
            raise BackupError(f"The backup could not be loaded. Nothing was changed. {_reason(said)}")


def _pump(
    out_of: "subprocess.Popen[bytes]", into: "subprocess.Popen[bytes]", before: str, after: str, old_server: bool
) -> bool:
    """Whether the whole backup went through; what did not is never committed."""
    reader, writer = out_of.stdout, into.stdin
    if reader is None or writer is None:
        return False
    whole = False
    with contextlib.suppress(BrokenPipeError), writer:  # psql that stopped at an error says why
        writer.write(before.encode())
        head = reader.read(HEAD_BYTES)
        writer.write(head.replace(UNKNOWN_BEFORE_17, b"") if old_server else head)
        shutil.copyfileobj(reader, writer, 1024 * 1024)
        if out_of.wait() == 0:
            writer.write(f"{after}COMMIT;\n".encode())
            whole = True
    reader.close()
    out_of.wait()
    return whole


def _statements(name: str) -> str:
    return SQL.joinpath(f"{name}.sql").read_text()


def _reason(said: IO[bytes]) -> str:
    lines = said.read().decode(errors="replace").splitlines()
    telling = [line for line in lines if "ERROR:" in line or "error:" in line or "FATAL:" in line]
    return (telling or lines or ["No reason was given."])[0].strip()
