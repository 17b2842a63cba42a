"""The supervisor on small programs: who ends is started again, who keeps ending is given up, who hangs is killed."""

import io
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from quietus.stack.console import Console, readable
from quietus.stack.processes import Child
from quietus.stack.register import Register, born
from quietus.stack.state import StackError
from quietus.stack.supervisor import Service, Supervisor, how


@pytest.fixture
def shown() -> io.StringIO:
    return io.StringIO()


def service(folder: Path, name: str, program: str, stage: int = 0, patience: float = 5.0) -> Service:
    child = Child(
        name,
        [sys.executable, "-I", "-S", "-c", program],
        folder=folder,
        environment=dict(os.environ),
        register=Register(folder),
        patience=patience,
    )
    return Service(child, child.start, stage)


PROJECT = Path(__file__).resolve().parents[2]
SLEEPS = "import time; time.sleep(60)"
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
HAS_A_CHILD = "import os, time; pid = os.fork(); print('child', pid, flush=True) if pid else None; time.sleep(60)"


def pid_of(one: Service) -> int:
    assert one.child.process is not None
    return one.child.process.pid


def tick_until(supervisor: Supervisor, shown: io.StringIO, words: str, *, ready: bool = True) -> None:
    ends = time.monotonic() + 15
    while words not in shown.getvalue():
        assert time.monotonic() < ends, shown.getvalue()
        supervisor.tick(ready=ready)
        time.sleep(0.02)


def test_one_that_was_killed_is_started_again(tmp_path: Path, shown: io.StringIO) -> None:
    supervisor, one = Supervisor(Console(shown)), service(tmp_path, "one", SLEEPS)
    supervisor.launch(one)
    first = pid_of(one)
    os.kill(first, signal.SIGKILL)
    tick_until(supervisor, shown, "one        started again")
    assert "ended, killed by SIGKILL; starts again in 0.25 s" in shown.getvalue()
    assert one.child.running()
    assert pid_of(one) != first
    supervisor.stop(lambda: False)


def test_pauses_grow_while_it_keeps_ending(tmp_path: Path, shown: io.StringIO) -> None:
    supervisor = Supervisor(Console(shown))
    supervisor.launch(service(tmp_path, "one", "raise SystemExit(3)"))
    tick_until(supervisor, shown, "exit code 3; starts again in 1 s")
    assert "in 0.25 s" in shown.getvalue()
    assert "in 0.5 s" in shown.getvalue()
    supervisor.stop(lambda: False)


def test_before_the_first_request_it_gives_up_with_the_reason(tmp_path: Path, shown: io.StringIO) -> None:
    supervisor = Supervisor(Console(shown))
    supervisor.launch(service(tmp_path, "web", "print('no such module'); raise SystemExit(3)"))
    with pytest.raises(StackError, match=r"web ended 5 times, exit code 3: see its lines above"):
        tick_until(supervisor, shown, "never said", ready=False)
    assert "web        no such module" in shown.getvalue()


def test_stages_stop_in_order_and_together_within_one(tmp_path: Path, shown: io.StringIO) -> None:
    supervisor = Supervisor(Console(shown))
    for name, stage in (("last", 2), ("first", 0), ("second", 1), ("also", 1)):
        supervisor.launch(service(tmp_path, name, SLEEPS, stage))
    supervisor.stop(lambda: False)
    ends = [line.split()[0] for line in shown.getvalue().splitlines() if " stopped" in line]
    assert ends == ["first", "second", "also", "last"]


def test_one_that_does_not_end_is_killed_after_its_patience(tmp_path: Path, shown: io.StringIO) -> None:
    supervisor = Supervisor(Console(shown))
    supervisor.launch(service(tmp_path, "one", STUBBORN, patience=0.3))
    tick_until(supervisor, shown, "one        up")
    supervisor.stop(lambda: False)
    assert "stopped, killed by SIGKILL" in shown.getvalue()


def test_a_person_in_a_hurry_need_not_wait(tmp_path: Path, shown: io.StringIO) -> None:
    supervisor = Supervisor(Console(shown))
    supervisor.launch(service(tmp_path, "one", STUBBORN, patience=60))
    tick_until(supervisor, shown, "one        up")
    began = time.monotonic()
    supervisor.stop(lambda: True)
    assert time.monotonic() - began < 5


def test_what_an_ended_one_left_of_its_group_is_killed(tmp_path: Path, shown: io.StringIO) -> None:
    supervisor, one = Supervisor(Console(shown)), service(tmp_path, "one", HAS_A_CHILD)
    supervisor.launch(one)
    tick_until(supervisor, shown, "child ")
    grandchild = int(shown.getvalue().split("child ")[1].split()[0])
    assert born(grandchild)
    os.kill(pid_of(one), signal.SIGKILL)
    tick_until(supervisor, shown, "started again")
    assert born(grandchild) == ""
    supervisor.stop(lambda: False)


def test_strays_of_a_killed_run_are_ended_and_strangers_are_not(tmp_path: Path) -> None:
    stray = service(tmp_path, "web", SLEEPS).child
    process = stray.start()
    register = Register(tmp_path)
    register.add("stranger", os.getpid(), signal.SIGKILL)
    file = tmp_path / "processes.json"
    file.write_text(file.read_text().replace(f'"{born(os.getpid())}"', '"another time"'))
    assert register.stop_strays() == ["web"]
    with process:
        assert process.wait(5) != 0
    assert register.stop_strays() == []


OWNER = """
import os, sys, time
from pathlib import Path
from quietus.stack.processes import Child
from quietus.stack.register import Guard, Register
folder = Path(sys.argv[1])
guard = Guard(folder)
child = Child("pool", sys.argv[2:], folder=folder, environment=dict(os.environ), register=Register(folder), output=1)
child.start()
time.sleep(60)
"""


def test_the_guard_ends_what_a_killed_owners_child_had_forked(tmp_path: Path) -> None:
    program = [sys.executable, "-I", "-S", "-c", HAS_A_CHILD]
    command = [sys.executable, "-c", OWNER, str(tmp_path), *program]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=PROJECT) as owner:
        assert owner.stdout is not None
        grandchild = int(owner.stdout.readline().split()[1])
        assert born(grandchild)
        owner.kill()
        ends = time.monotonic() + 10
        while born(grandchild) and time.monotonic() < ends:
            time.sleep(0.05)
        assert born(grandchild) == ""


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('{"event": "request", "level": "info", "status": 200, "timestamp": "t"}', "request status=200"),
        ('{"event": "broker.unavailable", "level": "warning"}', "WARNING broker.unavailable"),
        ("an ordinary line", "an ordinary line"),
        ("{not json", "{not json"),
        ('{"no": "event"}', '{"no": "event"}'),
    ],
)
def test_log_lines_are_shown_for_people(line: str, words: str) -> None:
    assert readable(line) == words


def test_an_end_is_told_in_words() -> None:
    assert [how(0), how(3), how(-9)] == ["exit code 0", "exit code 3", "killed by SIGKILL"]


def test_one_that_cannot_be_started_is_tried_again_and_ends_nobody(tmp_path: Path, shown: io.StringIO) -> None:
    folder = tmp_path / "its own"
    folder.mkdir()
    supervisor, one = Supervisor(Console(shown)), service(folder, "one", SLEEPS)
    other = service(tmp_path, "other", SLEEPS)
    supervisor.launch(one)
    supervisor.launch(other)
    folder.rename(tmp_path / "elsewhere")
    os.kill(pid_of(one), signal.SIGKILL)
    tick_until(supervisor, shown, "one        could not be started")
    (tmp_path / "elsewhere").rename(folder)
    tick_until(supervisor, shown, "one        started again")
    assert other.child.running()
    supervisor.stop(lambda: False)
