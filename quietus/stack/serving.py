"""The embedded servers of one state folder, up for a with-block and shared between processes."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from quietus.stack.locks import Ownership
from quietus.stack.postgres import Postgres
from quietus.stack.programs import postgres_program, service_account, valkey_program
from quietus.stack.register import Guard, Register
from quietus.stack.state import (
    Addresses,
    StackError,
    addresses,
    external,
    prepare_folder,
    remember,
    secret_key,
)
from quietus.stack.valkey import Valkey

Server = Postgres | Valkey

START_SECONDS = 600.0  # after a crash, PostgreSQL replays what it had promised, and that may be much
TELL_SECONDS = 5.0
RETRY_SECONDS = 15.0  # how long a failure that goes away by itself may last
CLAIM_SECONDS = START_SECONDS


class Interrupted(Exception):
    """The person asked to stop while the servers were starting."""


class Embedded:
    """PostgreSQL and Valkey, less what DATABASE_URL and REDIS_URL bring; made only by the folder's owner."""

    def __init__(
        self,
        state: Path,
        interrupted: Callable[[], bool] = lambda: False,
        tell: Callable[[str, str], None] = lambda name, text: None,
    ) -> None:
        self._state, self._interrupted, self._tell = state, interrupted, tell
        self.servers: list[Server] = []
        self._guard: Guard | None = None

    def start(self) -> Addresses:
        Register(self._state).stop_strays()
        self._guard = Guard(self._state)
        secret_key(self._state)
        self._prepare()
        for server in self.servers:
            server.create()
            server.start()
        for server in self.servers:
            self._await(server)
            server.arrange()
        return addresses(self._state)

    def stop(self) -> None:
        """Valkey first, so that nothing new comes while PostgreSQL writes its last."""
        for server in reversed(self.servers):
            server.child.stop()
        if self._guard is not None:
            self._guard.close()

    def _prepare(self) -> None:
        database, broker = not external("DATABASE_URL"), not external("REDIS_URL")
        if not (database or broker):
            return
        state, memory = self._state, remember(self._state)
        account = service_account(state / "postgres")
        if account is not None:
            # Pass, not read: the servers' own folders and the copied programs lie below it.
            state.chmod(state.stat().st_mode & 0o777 | 0o011)
        if database:
            self.servers.append(Postgres(state, memory, postgres_program(state, account), account))
        if broker:
            self.servers.append(Valkey(state, memory, valkey_program(state, account), account))

    def _await(self, server: Server) -> None:
        began, pause, told = time.monotonic(), 0.02, 0.0
        while not server.answers():
            if self._interrupted():
                raise Interrupted
            waited = time.monotonic() - began
            if not server.child.running():
                if waited > RETRY_SECONDS or not server.passing_failure():
                    raise StackError(server.failure())
                time.sleep(0.3)
                if remark := server.start():
                    self._tell(server.name, remark)
            elif waited > START_SECONDS:
                raise StackError(server.failure())
            elif waited - told > TELL_SECONDS:
                told = waited
                self._tell(server.name, f"not answering yet after {waited:.0f} s; it may be recovering from a crash")
            time.sleep(pause)
            pause = min(pause * 1.2, 0.2)  # a long recovery notes every early question in its log


@contextmanager
def servers(state: Path, *, holder: str) -> Iterator[Addresses]:
    """PostgreSQL and Valkey for this block: those that run on this state folder, else our own.

    HOLDER tells others who holds them. Whoever started them waits for the other users before stopping them.
    """
    if external("DATABASE_URL") and external("REDIS_URL"):
        yield addresses(state)
        return
    state = prepare_folder(state)
    ownership = Ownership(state, holder)
    try:
        if _own_or_share(ownership, state):
            yield from _own(ownership, state)
        else:
            yield addresses(state)
    finally:
        ownership.release()


def _own(ownership: Ownership, state: Path) -> Iterator[Addresses]:
    embedded = Embedded(state)
    try:
        reached = embedded.start()
        ownership.announce_ready()
        try:
            yield reached
        finally:
            if not isinstance(sys.exception(), KeyboardInterrupt):
                ownership.others_gone(float("inf"))
    finally:
        embedded.stop()


def _own_or_share(ownership: Ownership, state: Path) -> bool:
    """True as the owner; False once someone else's servers are ready and held for us."""
    until = time.monotonic() + CLAIM_SECONDS
    while not ownership.claim():
        holder = ownership.holder()
        if holder and holder.ready and ownership.share() and _process_lives(holder.pid):
            return False
        if time.monotonic() > until:
            who = holder or "another process"
            raise StackError(f"The servers of {state} are held by {who} and do not get ready.")
        time.sleep(0.05)
    return True


def _process_lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
