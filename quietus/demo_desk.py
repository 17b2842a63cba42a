"""`demo --rows N`: a desk full of made-up data in a throw-away folder of its own, to look at or to measure."""

import os
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import click

from quietus.core import clock
from quietus.core.pages import DEMO_MARK
from quietus.demo_data import Filled, fill
from quietus.demo_data.people import DOMAIN
from quietus.stack import StackError, servers

PROJECT: Final = Path(__file__).resolve().parents[1]
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
                click.echo(f"Sign in as {role.lower()}@{DOMAIN} with the password {password}")
            with suppress(KeyboardInterrupt):
                _command(state, "up", "--port", "0", check=False)


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
        made = fill(addresses.owner_database_url.replace("+psycopg", "", 1), events=rows, end=clock.now())
        for role in ROLES:
            _command(state, "user", "create", "--email", f"{role.lower()}@{DOMAIN}", "--role", role, stdin=password)
    return made, password


def _command(state: Path, *words: str, stdin: str | None = None, check: bool = True) -> None:
    environment = {k: v for k, v in os.environ.items() if k not in ("QUIETUS_STATE", "QUIETUS_PUBLIC_URL")}
    command = [sys.executable, "-m", "quietus", "--state", str(state), *words]
    quiet = subprocess.DEVNULL if check else None
    subprocess.run(command, input=stdin, text=True, stdout=quiet, env=environment, cwd=PROJECT, check=check)
