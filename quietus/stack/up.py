"""`up`: the whole product in one terminal, from the servers to the first request, until Ctrl-C."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from quietus.places import PROJECT
from quietus.stack import counters
from quietus.stack.console import ANNOUNCED, Console
from quietus.stack.listening import address, base_url, readiness, usable_port
from quietus.stack.locks import Ownership
from quietus.stack.processes import Child
from quietus.stack.register import Register
from quietus.stack.serving import Embedded, Interrupted
from quietus.stack.state import Addresses, StackError, prepare_folder
from quietus.stack.supervisor import TICK_SECONDS, Service, Supervisor

NAME = "python -m quietus up"
OTHERS_SECONDS = 10.0  # how long a short command that uses the servers is waited for
SLOW_SECONDS = 30.0
WARM_SECONDS = 60.0  # a worker may finish what it has begun
BEAT, WORKERS, WEB, BROKER, DATABASE = range(5)  # the order of stopping


class Wish:
    """Whether the person, or the system, asked us to stop; asked twice, it is to be quick."""

    def __init__(self) -> None:
        self._times = 0

    def stop(self) -> bool:
        return self._times > 0

    def hurry(self) -> bool:
        return self._times > 1

    @contextmanager
    def heard(self) -> Iterator[None]:
        numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        before = {number: signal.signal(number, self._hear) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _hear(self, _number: int, _frame: object) -> None:
        self._times += 1


@dataclass(frozen=True)
class Wanted:
    """What the person asked for on the command line."""

    host: str
    port: int
    workers: int
    admin_email: str | None


def run(state: Path, host: str, port: int, workers: int, admin_email: str | None) -> int:
    """Returns the exit code: 0 after Ctrl-C or SIGTERM, 2 with one sentence when it cannot run."""
    console, wish = Console(), Wish()
    with wish.heard():
        try:
            state = prepare_folder(state)
            with owned(state, wish, console) as ownership:
                # before the port is tried: what a killed run left may still listen on it
                if strays := Register(state).stop_strays():
                    console.say("up", f"ended what a killed run had left: {', '.join(strays)}")
                wanted = Wanted(host, usable_port(host, port), workers, admin_email)
                Run(state, wanted, console, wish).until_stopped(ownership)
        except Interrupted:
            return 0
        except StackError as reason:
            sys.stderr.write(f"{reason}\n")
            return 2
    return 0


@contextmanager
def owned(state: Path, wish: Wish, console: Console) -> Iterator[Ownership]:
    """The state folder for us alone; waits for a short command that holds it, but not for another `up`."""
    ownership = Ownership(state, NAME)
    try:
        until, told = time.monotonic() + OTHERS_SECONDS, False
        while not ownership.claim():
            holder = ownership.holder()
            if wish.stop():
                raise Interrupted
            if time.monotonic() > until or (holder and holder.name == NAME):
                held = f"The state folder {state} is held by {holder or 'another process'}."
                raise StackError(f"{held} Stop that first, or name another folder in QUIETUS_STATE.")
            if not told:
                console.say("up", f"waiting for {holder or 'another process'}")
            told = True
            time.sleep(0.05)
        yield ownership
    finally:
        ownership.release()


class Run:
    """One run of the product on a state folder that is ours."""

    def __init__(self, state: Path, wanted: Wanted, console: Console, wish: Wish) -> None:
        self._state, self._wanted, self._console, self._wish = state, wanted, console, wish
        self._supervisor = Supervisor(console)
        self._register = Register(state)
        self._url = base_url(wanted.host, wanted.port)
        self._environment: dict[str, str] = {}

    def until_stopped(self, ownership: Ownership) -> None:
        embedded = Embedded(self._state, self._wish.stop, self._console.say)
        try:
            self._environment = self._children_see(embedded.start())
            for server in embedded.servers:
                stage = DATABASE if server.name == "postgres" else BROKER
                self._supervisor.adopt(Service(server.child, server.start, stage))
                self._console.say(server.name, f"ready on 127.0.0.1:{server.port}")
            ownership.announce_ready()
            self._prepare()
            self._launch()
            self._watch()
        finally:
            if self._wish.stop():
                self._console.say("up", "stopping in order; once more to hurry")
            ownership.others_gone(0 if self._wish.hurry() else OTHERS_SECONDS)
            self._supervisor.stop(self._wish.hurry)
            embedded.stop()
            counters.end(self._state)

    def _children_see(self, addresses: Addresses) -> dict[str, str]:
        counters.begin(self._state)
        environment = {**os.environ, **addresses.environment(), "PYTHONUNBUFFERED": "1"}
        environment.setdefault("QUIETUS_PUBLIC_URL", self._url)
        if self._wanted.admin_email:
            environment["QUIETUS_ADMIN_EMAIL"] = self._wanted.admin_email
        if os.geteuid() == 0:
            # Five lines at each start about something that a container does on purpose.
            known = "ignore:You're running the worker with superuser privileges"
            environment["PYTHONWARNINGS"] = ",".join(filter(None, (os.environ.get("PYTHONWARNINGS"), known)))
        return environment

    def _prepare(self) -> None:
        """Migrations, unsafe settings, the first ADMIN. Tried once: what it says is for a person."""
        child = self._child("prepare", ["quietus", "prepare"], patience=5)
        reader = self._console.follow(child.name, child.start().stdout)
        while (code := child.exit_code()) is None:
            if self._wish.stop():
                child.stop()
                raise Interrupted
            time.sleep(0.02)
        reader.finish()
        if any(line.startswith(ANNOUNCED) for line in reader.last):
            self._console.say("up", "this password is shown once; change it after signing in")
        if code != 0:
            said = reader.last[-1] if code == 2 and reader.last else None
            raise StackError(said or f"prepare failed (exit code {code}): see its lines above.")

    def _launch(self) -> None:
        count = str(self._wanted.workers)
        gunicorn = ["gunicorn", "--config", "python:quietus.core.gunicorn_conf", "--no-control-socket"]
        gunicorn += ["--bind", address(self._wanted.host, self._wanted.port), "--workers", count, "wsgi:app"]
        celery = ["celery", "--quiet", "--app", "celery_worker"]
        worker = [*celery, "worker", "--without-gossip", "--without-mingle", "--concurrency"]
        analysis = [*worker, count, "--queues", "analysis", "--hostname", "analysis@%h"]
        others = "events,maintenance,mail"
        background = [*worker, "1", "--queues", others, "--hostname", "background@%h"]
        # by itself: a report may take minutes, and a mail or a heartbeat must not wait for it
        reports = [*worker, "1", "--queues", "reports", "--hostname", "reports@%h"]
        beat = [*celery, "beat", "--schedule", str(self._state / "beat" / "schedule"), "--pidfile="]
        # When we die, a quitting gunicorn takes its workers along, and a killed Celery's pool ends itself.
        self._keep(WEB, self._child("web", gunicorn, death_signal=signal.SIGQUIT))
        self._keep(WORKERS, self._child("analysis", analysis, patience=WARM_SECONDS))
        self._keep(WORKERS, self._child("background", background, patience=WARM_SECONDS))
        self._keep(WORKERS, self._child("reports", reports, patience=WARM_SECONDS))
        self._keep(BEAT, self._child("beat", beat))

    def _keep(self, stage: int, child: Child) -> None:
        self._supervisor.launch(Service(child, child.start, stage))

    def _child(
        self,
        name: str,
        module: list[str],
        *,
        death_signal: signal.Signals = signal.SIGKILL,
        patience: float = 25.0,
    ) -> Child:
        return Child(
            name,
            [sys.executable, "-m", *module],
            folder=PROJECT,
            environment=self._environment,
            register=self._register,
            death_signal=death_signal,
            patience=patience,
        )

    def _watch(self) -> None:
        began, told, ready = time.monotonic(), 0.0, False
        while not self._wish.stop():
            self._supervisor.tick(ready=ready)
            if not ready:
                status, waited = readiness(self._wanted.host, self._wanted.port), time.monotonic() - began
                ready = status == 200
                if ready:
                    self._console.line(f"READY {self._url}")
                elif waited - told > SLOW_SECONDS:
                    told = waited
                    self._console.say("up", f"not ready after {waited:.0f} s: /readyz says {status or 'nothing'}")
            time.sleep(TICK_SECONDS)
