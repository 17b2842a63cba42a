"""`demo --rows N`: a desk full of made-up data in a throw-away folder of its own, to look at or to measure."""

import os
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import click

from quietus.core import clock
from quietus.core.pages import DEMO_MARK
from quietus.demo_data import Filled, fill
from quietus.places import PROJECT
from quietus.stack import StackError, servers

WAITING_DAYS: Final = 2
ROLES: Final = ("ANALYST", "CLINICIAN", "AUDITOR", "ADMIN")


def run(rows: int, keep_running: bool) -> None:
    """Fill a desk with `rows` video windows and all that belongs to them; then stop, or run until Ctrl-C."""
    if os.environ.get("DATABASE_URL"):
        raise click.ClickException("Made-up data is never put into a database of yours: unset DATABASE_URL.")
    with _folder() as state:
        click.echo(f"Filling a desk of its own with {rows:,} made-up video windows …")
        try:
            made, password = _filled(state, rows)
        except StackError as reason:
            raise click.ClickException(str(reason)) from None
        click.echo(
            f"{made.people:,} people, {made.texts:,} texts, {made.sessions:,} sessions, {made.events:,} windows, "
            f"{made.audit:,} audit rows in {made.seconds:.0f} s."
        )
        if keep_running:
            for role in ROLES:
                click.echo(f"Sign in as {_email(role)} with the password {password}")
            _until_stopped(state)


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="quietus-demo-", ignore_cleanup_errors=True) as folder:
        state = Path(folder)
        state.chmod(0o755)
        # every page of a desk on this folder says that all of it is made up
        (state / DEMO_MARK).write_text("Made-up data. Delete this folder when you like.\n")
        yield state


def _filled(state: Path, rows: int) -> tuple[Filled, str]:
    """What was made, and the password of the accounts to look at it with."""
    password = secrets.token_urlsafe(18)
    with servers(state, holder="demo") as addresses:
        _command(state, "prepare")
        url = addresses.owner_database_url.replace("+psycopg", "", 1)
        made = fill(url, events=rows, end=clock.now(), waiting_days=WAITING_DAYS)
        for role in ROLES:
            _command(state, "user", "create", "--email", _email(role), "--role", role, stdin=password)
        _command(state, "audit", "seal")
    return made, password


def _email(role: str) -> str:
    return f"{role.lower()}@example.org"


def _until_stopped(state: Path) -> None:
    up = subprocess.Popen(_call(state, "up", "--port", "0"), env=_environment(), cwd=PROJECT)
    try:
        up.wait()
    except KeyboardInterrupt:
        up.wait()  # the terminal told it too: it stops in order, and the folder goes after it


def _command(state: Path, *words: str, stdin: str | None = None) -> None:
    done = subprocess.run(
        _call(state, *words), input=stdin, text=True, capture_output=True, env=_environment(), cwd=PROJECT, check=False
    )
    if done.returncode:
        raise click.ClickException(done.stderr.strip() or f"`{' '.join(words)}` failed.")


def _call(state: Path, *words: str) -> list[str]:
    return [sys.executable, "-m", "quietus", "--state", str(state), *words]


def _environment() -> dict[str, str]:
    return {k: v for k, v in os.environ.items() if k not in ("QUIETUS_STATE", "QUIETUS_PUBLIC_URL")}
