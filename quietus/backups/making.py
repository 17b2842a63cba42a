"""Makes a backup beside the running desk: one snapshot of the database, whole or not there at all."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import psycopg
from psycopg import sql

from quietus.audit import service as audit
from quietus.audit.tags import Action
from quietus.backups.manifest import Manifest, digest_of, key_mark, path_of, write_private
from quietus.backups.programs import BackupError, Programs, connect, environment, programs_for, server_major
from quietus.core import clock
from quietus.core.extensions import db
from quietus.stack.locks import FileLock

TABLES: Final = (
    "analysis_records", "audit_logs", "roles", "user_roles", "users", "video_analysis_events", "video_sessions",
)  # fmt: skip
PATTERN: Final = "quietus-*.dump"
PARTIAL: Final = ".partial"
# where a forced restore put what was there before
SET_ASIDE: Final = "before_restore"


@dataclass(frozen=True, slots=True)
class Made:
    """A backup that is whole and on the disk."""

    file: Path
    manifest: Manifest


def make(target: Path) -> Made:
    """Write a backup to a file that is not there yet, or into a folder under a name that tells the time.

    Raises BackupError; then nothing is left that looks like a backup.
    """
    file = _named(target, clock.now())
    with _draft_of(file) as draft:
        with connect() as connection:
            manifest = _dumped(connection, draft)
        mark = draft.with_name(draft.name + ".json")
        mark.unlink(missing_ok=True)
        write_private(mark, manifest.text())
        # the backup itself comes last: without it the other is nothing, and with it both are there
        mark.replace(path_of(file))
        draft.replace(file)
    _sync_folder(file.parent)
    audit.record(
        Action.BACKUP_MADE,
        actor=None,
        resource_type="backup",
        resource_id=manifest.sha256,
        metadata={"bytes": manifest.bytes, "migration": manifest.migration, "rows": sum(manifest.rows.values())},
    )
    db.session.commit()
    return Made(file, manifest)


def open_folder(folder: Path) -> None:
    """Make it when it is missing, for its owner only; BackupError when something else has its name."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise BackupError(f"{folder} is no folder and cannot be made one ({error.strerror}).") from None


def keep_newest(folder: Path, count: int) -> list[Path]:
    """Delete all but the newest whole backups that `make` wrote into this folder; which ones went."""
    whole = sorted(file for file in folder.glob(PATTERN) if path_of(file).exists())
    gone = whole[:-count]
    for file in gone:
        file.unlink()  # first: a list of contents without contents is no backup
        path_of(file).unlink()
    return gone


def _named(target: Path, now: datetime) -> Path:
    file = target / f"quietus-{now:%Y%m%dT%H%M%SZ}.dump" if target.is_dir() else target
    if not file.parent.is_dir():
        raise BackupError(f"There is no folder {file.parent}.")
    for place in (file, path_of(file)):
        if place.exists():
            raise BackupError(f"{place} is there already. Nothing was overwritten.")
    return file


@contextmanager
def _draft_of(file: Path) -> Iterator[Path]:
    """A hidden file beside, held by a lock; drafts of runs that were killed go, those of others at work stay."""
    for old in file.parent.glob(f".*{PARTIAL}"):
        lock = FileLock(old)
        if lock.take():
            old.unlink(missing_ok=True)
            old.with_name(old.name + ".json").unlink(missing_ok=True)
        lock.close()
    draft = file.with_name(f".{file.name}.{os.getpid()}{PARTIAL}")
    try:
        lock = FileLock(draft)
    except OSError as error:
        raise BackupError(f"Nothing can be written in {file.parent} ({error.strerror}).") from None
    try:
        lock.take()
        yield draft
    except OSError as error:
        raise BackupError(f"The backup could not be written ({error.strerror}).") from error
    finally:
        draft.unlink(missing_ok=True)
        lock.close()


def _dumped(connection: psycopg.Connection, draft: Path) -> Manifest:
    """Dump and count the same snapshot."""
    connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    connection.read_only = True
    programs = programs_for(server_major(connection))
    try:
        connection.execute("SET statement_timeout = 0")
        (snapshot,) = connection.execute("SELECT pg_export_snapshot()").fetchone() or ("",)
        (migration,) = connection.execute("SELECT version_num FROM alembic_version").fetchone() or ("",)
        _dump(programs, snapshot, draft)
        rows = {table: _count(connection, table) for table in TABLES}
    except psycopg.errors.UndefinedTable:
        raise BackupError("This database holds no desk yet: there is nothing to back up.") from None
    except psycopg.errors.InsufficientPrivilege:
        raise BackupError("This role may not read every table: set QUIETUS_MIGRATION_DATABASE_URL.") from None
    return Manifest(
        made_at=clock.now().isoformat(timespec="seconds"),
        bytes=draft.stat().st_size,
        sha256=digest_of(draft),
        rows=rows,
        migration=migration,
        server=server_major(connection),
        dumped_by=programs.major,
        key=key_mark(),
    )


def _dump(programs: Programs, snapshot: str, draft: Path) -> None:
    command = programs.command(
        "pg_dump",
        "--format=custom",
        f"--file={draft}",
        f"--snapshot={snapshot}",
        f"--exclude-schema={SET_ASIDE}",
        "--extension=plpgsql",  # an extension of the server's is the server's
        "--no-comments",
        "--no-password",
    )
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, check=False)
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["it gave no reason"])[-1]
        raise BackupError(f"pg_dump could not do it: {reason}")


def _count(connection: psycopg.Connection, table: str) -> int:
    (count,) = connection.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))).fetchone() or (0,)
    return int(count)


def _sync_folder(folder: Path) -> None:
    """The new names must outlive a loss of power too."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
