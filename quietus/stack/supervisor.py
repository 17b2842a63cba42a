"""Keeps the processes of `up` running: starts them, brings back what ends, stops them in order."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from quietus.stack.console import Console, Reader
from quietus.stack.processes import Child
from quietus.stack.state import StackError

FIRST_PAUSE, LONGEST_PAUSE = 0.25, 8.0  # seconds; a part must be back within 15 s of what stopped it (P2)
STEADY_SECONDS = 20.0  # after this long a run counts as good and the pauses begin anew
TRIES_BEFORE_READY = 5
TICK_SECONDS = 0.1


@dataclass
class Service:
    """A child to be kept running; `start` brings it up without waiting, and may answer a sentence for a person."""

    child: Child
    start: Callable[[], object]
    stage: int  # the lowest stops first; equal stages stop together
    failures: int = field(default=0, init=False)
    started: float = field(default=0.0, init=False)
    due: float | None = field(default=None, init=False)
    reader: Reader | None = field(default=None, init=False)

    @property
    def name(self) -> str:
        return self.child.name


class Supervisor:
    def __init__(self, console: Console) -> None:
        self._console = console
        self._services: list[Service] = []

    def adopt(self, service: Service) -> None:
        """Watch a service that runs already."""
        service.started = time.monotonic()
        self._services.append(service)

    def launch(self, service: Service) -> None:
        self._start(service)
        self._services.append(service)
        self._console.say(service.name, f"started (process {_pid(service)})")

    def tick(self, *, ready: bool) -> None:
        """Notice who ended and start again who is due. Before the first readiness it gives up after a few."""
        for service in self._services:
            if service.due is not None:
                self._start_again_when_due(service)
            elif (code := service.child.exit_code()) is not None:
                if service.reader:
                    service.reader.finish()
                self._put_off(service, f"ended, {how(code)}")
                if not ready and service.failures >= TRIES_BEFORE_READY:
                    raise StackError(
                        f"{service.name} ended {service.failures} times, {how(code)}: see its lines above."
                    )
            elif time.monotonic() - service.started > STEADY_SECONDS:
                service.failures = 0

    def stop(self, hurried: Callable[[], bool]) -> None:
        """Stage by stage; a stage that takes longer than its patience, or a person in a hurry, is killed."""
        for stage in sorted({service.stage for service in self._services}):
            leaving = [one for one in self._services if one.stage == stage and one.child.running()]
            for service in leaving:
                service.child.ask_to_end()
            _wait_for(leaving, hurried)
            for service in leaving:
                code = service.child.stop(patience=0)
                if service.reader:
                    service.reader.finish()
                # A program that was still starting has no handler yet and dies of the very signal: that is as good.
                asked = code in (None, 0, -service.child.end_signal)
                self._console.say(service.name, "stopped" if asked else f"stopped, {how(code or 0)}")
        self._services.clear()

    def _start(self, service: Service) -> None:
        remark = service.start()
        if isinstance(remark, str):
            self._console.say(service.name, remark)
        service.started, service.due = time.monotonic(), None
        process = service.child.process
        if process is not None and process.stdout is not None:
            service.reader = self._console.follow(service.name, process.stdout)

    def _put_off(self, service: Service, what: str) -> None:
        pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2**service.failures)
        service.failures += 1
        service.due = time.monotonic() + pause
        self._console.say(service.name, f"{what}; starts again in {pause:g} s")

    def _start_again_when_due(self, service: Service) -> None:
        if service.due is None or time.monotonic() < service.due:
            return
        try:
            self._start(service)
        except (OSError, StackError) as reason:  # a full disk, a folder taken away: the others must not end for it
            self._put_off(service, f"could not be started ({reason})")
            return
        self._console.say(service.name, f"started again (process {_pid(service)})")


def how(code: int) -> str:
    """An exit code in words."""
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"killed by signal {-code}"


def _wait_for(leaving: Sequence[Service], hurried: Callable[[], bool]) -> None:
    until = time.monotonic() + max((service.child.patience for service in leaving), default=0.0)
    while any(service.child.running() for service in leaving) and time.monotonic() < until and not hurried():
        time.sleep(0.02)


def _pid(service: Service) -> int:
    return service.child.process.pid if service.child.process else 0
