"""The embedded servers, for real: created, shared, killed with -9, and never left behind."""

import json
import os
import pwd
import signal
import socket
import stat
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from quietus.stack import StackError, addresses, servers
from quietus.stack.processes import starter
from quietus.stack.programs import service_account
from tests.stack.processes import all_gone, descendants, holding, recorded

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become someone else")
needs_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads /proc")


@pytest.fixture(autouse=True)
def no_servers_of_ones_own(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", "REDIS_URL", "QUIETUS_MIGRATION_DATABASE_URL", "QUIETUS_SECRET_KEY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def state(tmp_path: Path) -> Path:
    # pytest's own folders are 0700: as root, the servers' account cannot walk here
    return tmp_path / "a person's state"


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, dict[str, str]]]:
    """One running pair for the tests that only look."""
    folder = tmp_path_factory.mktemp("kept") / "state"
    with holding(folder) as (_, environment):
        yield folder, environment


def database(url: str, **changes: str) -> psycopg.Connection:
    plain = url.replace("postgresql+psycopg", "postgresql", 1)
    return psycopg.connect(plain, autocommit=True, connect_timeout=3, **changes)  # type: ignore[arg-type]


def test_the_roles_can_do_their_part_and_no_more(kept: tuple[Path, dict[str, str]]) -> None:
    _, reached = kept
    with database(reached["QUIETUS_MIGRATION_DATABASE_URL"]) as owner:
        owner.execute("CREATE TABLE made_by_owner (n int)")
        owner.execute("CREATE DATABASE beside")
        owner.execute("DROP DATABASE beside")
    with database(reached["DATABASE_URL"]) as application:
        assert application.execute("SELECT current_user, current_database()").fetchone() == (
            "quietus_app",
            "quietus",
        )
        for forbidden in ("CREATE TABLE mine (n int)", "SELECT * FROM made_by_owner", "CREATE DATABASE mine"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                application.execute(forbidden)  # type: ignore[call-overload]


def test_nobody_gets_in_without_the_password(kept: tuple[Path, dict[str, str]]) -> None:
    _, reached = kept
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        database(reached["DATABASE_URL"], password="guessed")
    with pytest.raises(redis.AuthenticationError):
        redis.Redis(port=urlsplit(reached["REDIS_URL"]).port or 0, retry=Retry(NoBackoff(), 0)).ping()


def test_the_broker_keeps_what_it_acknowledged(kept: tuple[Path, dict[str, str]]) -> None:
    with redis.Redis.from_url(kept[1]["REDIS_URL"], decode_responses=True) as broker:
        found = broker.config_get("*")
    assert (found["appendonly"], found["appendfsync"], found["maxmemory-policy"]) == (
        "yes",
        "always",
        "noeviction",
    )


def test_secrets_are_readable_by_their_owner_only(kept: tuple[Path, dict[str, str]]) -> None:
    folder, reached = kept
    for file in (folder / "servers.json", folder / "secret_key"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE((folder / "postgres").stat().st_mode) == 0o700
    assert len(reached["QUIETUS_SECRET_KEY"]) >= 32


@needs_proc
def test_no_password_stands_in_the_process_list(kept: tuple[Path, dict[str, str]]) -> None:
    folder, reached = kept
    secrets = {urlsplit(reached[name]).password or "" for name in ("DATABASE_URL", "REDIS_URL")}
    shown = "".join(Path(f"/proc/{pid}/cmdline").read_text() for pid in recorded(folder).values())
    assert "postgres" in shown
    assert not any(secret in shown for secret in secrets)


def test_a_second_user_shares_and_the_first_waits_for_it(kept: tuple[Path, dict[str, str]]) -> None:
    folder, reached = kept
    with holding(folder, "the second") as (_, also):
        assert also == reached
        with servers(folder, holder="the third") as third:
            assert third.environment() == reached


def test_the_owner_waits_until_the_last_user_has_left(state: Path) -> None:
    with holding(state, "the first") as (first, reached):
        with holding(state, "the second"):
            first.process.stdin.close()  # type: ignore[union-attr]
            with pytest.raises(subprocess.TimeoutExpired):
                first.process.wait(0.7)
            with database(reached["DATABASE_URL"]) as connection:
                assert connection.execute("SELECT 1").fetchone() == (1,)
        assert first.ended(20) == 0


def test_a_second_start_keeps_addresses_and_data(state: Path) -> None:
    with servers(state, holder="first") as first, database(first.owner_database_url) as owner:
        owner.execute("CREATE TABLE kept AS SELECT 42 AS n")
    assert addresses(state) == first
    with servers(state, holder="second") as second, database(second.owner_database_url) as owner:
        assert second == first
        assert owner.execute("SELECT n FROM kept").fetchone() == (42,)


def test_a_port_that_someone_took_meanwhile_is_replaced(state: Path) -> None:
    with servers(state, holder="first") as first:
        pass
    taken = urlsplit(first.database_url).port or 0
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", taken))
        other.listen()
        with servers(state, holder="second") as second, database(second.database_url):
            assert urlsplit(second.database_url).port != taken
            assert urlsplit(second.redis_url).port == urlsplit(first.redis_url).port


@needs_proc
def test_nothing_survives_kill_9_and_nothing_acknowledged_is_lost(state: Path) -> None:
    for turn in range(3):
        with holding(state) as (holder, reached):
            with database(reached["QUIETUS_MIGRATION_DATABASE_URL"]) as owner:
                owner.execute("CREATE TABLE IF NOT EXISTS written (turn int)")
                assert owner.execute("SELECT count(*) FROM written").fetchone() == (turn,)
                owner.execute("INSERT INTO written VALUES (%s)", (turn,))
            with redis.Redis.from_url(reached["REDIS_URL"]) as broker:
                assert broker.incr("turns") == turn + 1
            below = descendants(holder.process.pid)
            assert len(below) > 3
            if turn == 1:  # the database itself, in the same moment
                os.kill(recorded(state)["postgres"], signal.SIGKILL)
            holder.process.kill()
            if turn == 2:  # otherwise the next start meets what is still going down
                assert all_gone(below)
    assert all_gone(below)


@needs_proc
def test_a_stale_postmaster_pid_of_another_process_does_not_matter(state: Path) -> None:
    with holding(state) as (holder, _):
        os.kill(recorded(state)["postgres"], signal.SIGKILL)
        holder.process.kill()
    pid_file = state / "postgres" / "postmaster.pid"
    # of the servers' own user: PostgreSQL itself sees that another user's process cannot be the old server
    with subprocess.Popen(starter(["/bin/sleep", "60"], service_account(state / "postgres"))) as stranger:
        owner = pid_file.stat()
        pid_file.write_text("\n".join([str(stranger.pid), *pid_file.read_text().splitlines()[1:]]) + "\n")
        os.chown(pid_file, owner.st_uid, owner.st_gid)
        with servers(state, holder="next") as found, database(found.database_url) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
        stranger.kill()


def spoil_version(state: Path) -> None:
    (state / "postgres" / "PG_VERSION").write_text("17\n")


def lose_passwords(state: Path) -> None:
    (state / "servers.json").unlink()


def change_passwords(state: Path) -> None:
    file = state / "servers.json"
    known = json.loads(file.read_text())
    known["superuser_database_url"] = known["superuser_database_url"].replace("postgres:", "postgres:x", 1)
    file.write_text(json.dumps(known))


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (spoil_version, r"made by PostgreSQL 17, but 18\..* is installed: dump it"),
        (lose_passwords, "its servers.json with the passwords is gone: put it back"),
        (change_passwords, "has other passwords than servers.json"),
    ],
)
def test_data_it_cannot_serve_is_refused_and_left_alone(
    kept_stopped: Path, spoil: Callable[[Path], None], sentence: str
) -> None:
    before = (kept_stopped / "servers.json").read_bytes()
    spoil(kept_stopped)
    with pytest.raises(StackError, match=sentence), servers(kept_stopped, holder="next"):
        pass
    assert (kept_stopped / "postgres" / "global" / "pg_control").exists()
    (kept_stopped / "servers.json").write_bytes(before)
    (kept_stopped / "postgres" / "PG_VERSION").write_text("18\n")


@pytest.fixture(scope="module")
def kept_stopped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stopped") / "state"
    with holding(folder):
        pass
    return folder


def test_a_folder_where_nothing_ran_has_no_addresses(state: Path) -> None:
    with pytest.raises(StackError, match="start it with `python -m quietus up`"):
        addresses(state)


def test_servers_of_ones_own_are_used_and_none_is_started(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql+psycopg://me@db.example/mine")
    monkeypatch.setenv("REDIS_URL", "redis://broker.example/3")
    with servers(state, holder="a test") as found:
        assert found.database_url == found.owner_database_url == "postgresql+psycopg://me@db.example/mine"
        assert found.redis_url == "redis://broker.example/3"
    assert not (state / "postgres").exists()
    assert not (state / "servers.json").exists()


def test_only_the_missing_server_is_started(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql+psycopg://me@db.example/mine")
    with servers(state, holder="a test") as found, redis.Redis.from_url(found.redis_url) as broker:
        assert broker.ping()
    assert not (state / "postgres").exists()


@needs_root
def test_as_root_the_servers_run_as_nobody_below_a_closed_folder(state: Path) -> None:
    state.parent.chmod(0o700)
    with servers(state, holder="a test"):
        for pid in recorded(state).values():
            assert Path(f"/proc/{pid}").stat().st_uid == pwd.getpwnam("nobody").pw_uid
    assert stat.S_IMODE(state.parent.stat().st_mode) == 0o700


@needs_root
def test_a_user_number_without_a_name_is_told_what_to_do(state: Path) -> None:
    child = os.fork()
    if child == 0:
        os.setuid(4711)
        try:
            service_account(state)
        except StackError as reason:
            os._exit(0 if "has no name on this machine" in str(reason) else 2)
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_a_place_it_may_not_use_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    impossible = servers(tmp_path / "file" / "state", holder="a test")
    with pytest.raises(StackError, match=r"cannot be used .*choose another with --state"), impossible:
        pass
