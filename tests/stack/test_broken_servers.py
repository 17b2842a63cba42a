"""Servers whose files were torn, or whose last processes hang, come back without a person."""

import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from quietus.stack.postgres import Postgres
from quietus.stack.programs import postgres_program, service_account, valkey_program
from quietus.stack.register import born
from quietus.stack.state import Memory, prepare_folder, remember
from quietus.stack.valkey import Valkey
from tests.conftest import open_folder
from tests.faults.parts import children_of

Parts = tuple[Path, Memory]


@pytest.fixture
def parts(tmp_path: Path) -> Parts:
    state = prepare_folder(open_folder(tmp_path) / "state")
    state.chmod(0o711)
    return state, remember(state)


@pytest.fixture
def valkey(parts: Parts) -> Iterator[Valkey]:
    state, memory = parts
    account = service_account(state / "valkey")
    server = Valkey(state, memory, valkey_program(state, account), account)
    server.create()
    server.start()
    until_it_answers(server)
    yield server
    server.child.stop()


def until_it_answers(server: Valkey | Postgres) -> None:
    ends = time.monotonic() + 60
    while not server.answers():
        assert time.monotonic() < ends, server.failure()
        if not server.child.running():
            assert server.passing_failure(), server.failure()
            server.start()
        time.sleep(0.1)


def kill(server: Valkey | Postgres) -> None:
    assert server.child.process is not None
    os.kill(server.child.process.pid, signal.SIGKILL)
    server.child.process.wait(10)
    server.child.exit_code()


def tear(log: Path) -> None:
    with log.open("r+b") as file:
        file.seek(max(0, log.stat().st_size // 2))
        file.write(b"torn" * 16)


SPOILS: dict[str, Callable[[Path], object]] = {
    "its log torn": lambda data: tear(next((data / "appendonlydir").glob("*.incr.aof"))),
    "its base cut": lambda data: os.truncate(next((data / "appendonlydir").glob("*.base.rdb")), 20),
    "its list of files empty": lambda data: os.truncate(data / "appendonlydir/appendonly.aof.manifest", 0),
    "a file missing": lambda data: next((data / "appendonlydir").glob("*.incr.aof")).unlink(),
}


@pytest.mark.parametrize("spoil", SPOILS.values(), ids=SPOILS.keys())
def test_a_broker_that_cannot_read_its_files_sets_them_aside(valkey: Valkey, spoil: Callable[[Path], object]) -> None:
    kill(valkey)
    spoil(valkey.data)
    assert valkey.start() is None, "it does not know yet"
    assert valkey.child.process is not None
    assert valkey.child.process.wait(30) == 1
    assert valkey.passing_failure()
    assert "begins empty" in (valkey.start() or "")
    until_it_answers(valkey)
    assert (valkey.data / "appendonlydir.unreadable").is_dir()


def test_a_broker_whose_folder_is_gone_begins_empty(valkey: Valkey) -> None:
    kill(valkey)
    shutil.rmtree(valkey.data)
    valkey.start()
    until_it_answers(valkey)


def test_whole_files_are_kept(valkey: Valkey) -> None:
    kill(valkey)
    assert valkey.start() is None
    until_it_answers(valkey)
    kill(valkey)
    assert valkey.start() is None
    assert not (valkey.data / "appendonlydir.unreadable").exists()


def test_a_database_starts_though_a_process_of_the_killed_one_hangs(parts: Parts) -> None:
    state, memory = parts
    account = service_account(state / "postgres")
    server = Postgres(state, memory, postgres_program(state, account), account)
    server.create()
    server.start()
    until_it_answers(server)
    try:
        assert server.child.process is not None
        hung = children_of(server.child.process.pid)
        for pid in hung:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)
        kill(server)
        hung = [pid for pid in hung if born(pid)]  # one may just have been about to end
        assert hung
        assert "had left" in (server.start() or "")
        until_it_answers(server)
        assert not any(born(pid) for pid in hung)
    finally:
        server.child.stop()
