"""`python -m quietus up` for real: ready, brought back after kill -9, stopped in order, nothing left behind."""

import os
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis
import requests
from click.testing import CliRunner

from quietus.stack import addresses, servers
from quietus.stack.cli import url
from quietus.stack.listening import usable_port
from quietus.stack.state import StackError
from tests.stack.processes import Terminal, alive, all_gone, descendants, holding, recorded, up

pytestmark = pytest.mark.stack
PARTS = ("postgres", "valkey", "web", "analysis", "background", "reports", "beat")


@pytest.fixture(autouse=True)
def no_servers_of_ones_own(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", "REDIS_URL", "QUIETUS_MIGRATION_DATABASE_URL", "QUIETUS_SECRET_KEY"):
        monkeypatch.delenv(name, raising=False)


def ready(terminal: Terminal) -> str:
    """The address on the READY line."""
    return terminal.until(lambda line: line.startswith("READY ")).removeprefix("READY ")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Terminal, Path, str]]:
    state = tmp_path_factory.mktemp("up") / "a state"
    with up(state, "--workers", "1", "--admin-email", "first@example.org") as terminal:
        yield terminal, state, ready(terminal)


def test_ready_means_that_a_request_succeeds(desk: tuple[Terminal, Path, str]) -> None:
    terminal, state, url = desk
    assert requests.get(f"{url}/readyz", timeout=5).status_code == 200
    assert set(recorded(state)) >= set(PARTS)
    assert [line.split()[1] for line in terminal.lines if line.startswith("ADMIN ")] == ["first@example.org"]


def test_a_second_up_says_who_holds_the_folder(desk: tuple[Terminal, Path, str]) -> None:
    terminal, state, _ = desk
    with up(state) as second:
        assert second.ended() == 2
    (sentence,) = second.lines
    assert f"is held by python -m quietus up (process {terminal.process.pid}, since" in sentence
    assert sentence.endswith("Stop that first, or name another folder in QUIETUS_STATE.")


def test_other_commands_find_the_running_stack(desk: tuple[Terminal, Path, str]) -> None:
    _, state, _ = desk
    with servers(state, holder="a command") as found, redis.Redis.from_url(found.redis_url) as broker:
        assert found == addresses(state)
        assert broker.ping()


@pytest.mark.parametrize("part", PARTS)
def test_a_killed_part_comes_back(desk: tuple[Terminal, Path, str], part: str) -> None:
    terminal, state, url = desk
    before = addresses(state)
    os.kill(recorded(state)[part], signal.SIGKILL)
    terminal.until(lambda line: line.startswith(part) and "killed by SIGKILL; starts again" in line, 10)
    terminal.until(lambda line: line.startswith(part) and "started again" in line, 10)
    wait_until_ready(url)
    assert addresses(state) == before
    with psycopg.connect(before.owner_database_url.replace("+psycopg", "")) as connection:
        assert connection.execute("SELECT count(*) FROM roles").fetchone() == (6,)


def wait_until_ready(url: str) -> None:
    ends = time.monotonic() + 60  # PostgreSQL's recovery on a busy disk
    while True:
        try:
            answer = requests.get(f"{url}/readyz", timeout=5)
            if answer.status_code == 200 and answer.json()["broker"]["ok"]:
                return
        except requests.RequestException:
            pass
        assert time.monotonic() < ends, "not ready again"
        time.sleep(0.1)


def test_ctrl_c_stops_all_in_order_and_leaves_nothing(desk: tuple[Terminal, Path, str]) -> None:
    """Last: it ends the desk of the tests above."""
    terminal, state, url = desk
    below = descendants(terminal.process.pid)
    terminal.process.send_signal(signal.SIGINT)
    assert terminal.ended(60) == 0
    stopped = [line.split()[0] for line in terminal.lines if line.endswith(" stopped")]
    assert stopped == ["beat", "analysis", "background", "reports", "web", "valkey", "postgres"]
    assert all_gone(below, 0)
    assert recorded(state) == {}
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{url}/readyz", timeout=5)


def test_kill_9_leaves_nothing_and_the_next_start_works(tmp_path: Path) -> None:
    state = tmp_path / "state"
    with up(state, "--workers", "1") as first:
        url = ready(first)
        below = descendants(first.process.pid)
        assert len(below) >= len(PARTS) + 3, "web workers and pool processes are expected below their masters"
        before = addresses(state)
        first.process.kill()
        with up(state, "--workers", "1", "--port", url.rpartition(":")[2]) as at_once:
            assert ready(at_once) == url
            assert not alive(below)
            assert addresses(state) == before


def test_servers_of_ones_own_are_used_and_none_is_started(tmp_path: Path) -> None:
    with holding(tmp_path / "theirs") as (_, reached):
        environment = {name: reached[name] for name in ("DATABASE_URL", "REDIS_URL", "QUIETUS_MIGRATION_DATABASE_URL")}
        with up(tmp_path / "ours", "--workers", "1", **environment) as terminal:
            terminal.until(lambda line: line.startswith("beat"))
            assert set(recorded(tmp_path / "ours")) == {"web", "analysis", "background", "reports", "beat"}
            assert not (tmp_path / "ours" / "postgres").exists()


def test_what_prepare_refuses_ends_up_with_that_sentence(tmp_path: Path) -> None:
    with up(tmp_path / "state", QUIETUS_SECRET_KEY="short") as terminal:
        assert terminal.ended() == 2
    assert terminal.lines[-1].endswith(".")
    assert "QUIETUS_SECRET_KEY" in terminal.lines[-1]
    assert recorded(tmp_path / "state") == {}


def test_a_taken_port_is_named_with_its_way_out_before_anything_starts(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with up(tmp_path / "state", "--port", str(port)) as terminal:
            assert terminal.ended() == 2
    assert terminal.lines == [f"Port {port} on 127.0.0.1 is taken: choose another with --port (0: any free one)."]
    assert not (tmp_path / "state" / "postgres").exists()


def test_a_host_that_is_not_here_is_named() -> None:
    with pytest.raises(StackError, match=r"192\.0\.2\.1 is no address of this machine: choose another with --host"):
        usable_port("192.0.2.1", 8000)


def test_url_prints_addresses_running_or_not(tmp_path: Path) -> None:
    state = tmp_path / "state"

    def printed(*words: str) -> tuple[int, list[str]]:
        result = CliRunner().invoke(url, words, env={"QUIETUS_STATE": str(state)})
        return result.exit_code, result.output.splitlines()

    code, (sentence,) = printed("database")
    assert (code, sentence[:12]) == (2, "No stack has")
    with servers(state, holder="a test") as found:
        pass
    assert printed("broker") == (0, [found.redis_url])
    assert printed("database") == (0, [found.database_url.replace("+psycopg", "")])
    assert printed("database", "--owner") == (0, [found.owner_database_url.replace("+psycopg", "")])
