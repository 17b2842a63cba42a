"""What happens to the desk: kill -9 of every part, freezes, and a broker whose data is gone or torn."""

import random
import shutil
import signal
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import redis

from tests.faults import parts
from tests.live import Live


@dataclass
class Fault:
    """One thing done to one part, and what came of it. Times are time.time(), None until they come."""

    kind: str
    part: str
    freeze: float  # seconds of SIGSTOP before the kill; 0: killed at once
    at: float = 0.0
    killed: float = 0.0
    back: float | None = None
    victims: int = 0

    @property
    def name(self) -> str:
        return f"{self.kind}{f', frozen {self.freeze:.1f} s before' if self.freeze else ''}"


def _main(desk: Live, part: str) -> list[int]:
    main = parts.main_process(desk, part)
    return [main] if main else []


def _one_below(desk: Live, part: str) -> list[int]:
    return parts.below(desk, part)[-1:]


# kind → the part it hits, and which of its processes
KILLS: dict[str, tuple[str, Callable[[Live, str], list[int]]]] = {
    "web master": ("web", _main),
    "web worker": ("web", _one_below),
    "worker main": ("analysis", _main),
    "worker child": ("analysis", _one_below),
    "background worker": ("background", _main),
    "beat": ("beat", _main),
    "broker": ("broker", _main),
    "database": ("database", _main),
    "database, all of it": ("database", parts.whole),
    "database backend": ("database", _one_below),
}
BROKER_DATA = ("broker's data deleted", "broker's folder deleted", "broker's log cut short", "broker's log torn")
FLUSH = "broker emptied while it runs"
KINDS = (*KILLS, *BROKER_DATA, FLUSH)


def plan(seed: int, count: int, kinds: Sequence[str] = KINDS) -> list[Fault]:
    """Every kind at least once where `count` allows, in an order and with freezes that the seed decides."""
    chance = random.Random(seed)
    # each kill comes quick and, where there is room, frozen; what touches the broker's files freezes it anyway
    wanted = [(kind, kind in BROKER_DATA) for kind in kinds]
    if count > len(wanted):
        wanted += [(kind, True) for kind in kinds if kind in KILLS]
    chance.shuffle(wanted)
    while len(wanted) < count:
        wanted.append((chance.choice(list(kinds)), chance.random() < 0.5))
    faults = []
    for kind, frozen in wanted[:count]:
        part = KILLS[kind][0] if kind in KILLS else "broker"
        faults.append(Fault(kind, part, chance.uniform(0.5, 5) if frozen and kind != FLUSH else 0.0))
    return faults


def gaps(seed: int, count: int, least: float, most: float) -> list[float]:
    """Seconds between the faults; one in five comes hard upon the last, while that still heals."""
    chance = random.Random(seed + 1)
    return [chance.uniform(0.5, 2) if chance.random() < 0.2 else chance.uniform(least, most) for _ in range(count)]


@dataclass
class Storm:
    """Does the faults to a desk, and watches when each part is back."""

    desk: Live
    database: str
    broker: str
    done: list[Fault] = field(default_factory=list)
    _watchers: list[threading.Thread] = field(default_factory=list)

    def strike(self, fault: Fault) -> None:
        """Waits until the part is there to be hit, hits it, and returns; nothing is ever started again from here."""
        victims = self._victims(fault)
        before = set(parts.whole(self.desk, fault.part))
        fault.at, fault.victims = time.time(), len(victims)
        if fault.kind == FLUSH:
            parts.within(60, lambda: parts.broker_answers(self.broker))
            with redis.Redis.from_url(self.broker) as client:
                client.flushall()
        else:
            if fault.freeze:
                parts.signal_all(victims, signal.SIGSTOP)
                time.sleep(fault.freeze)
            if fault.kind in BROKER_DATA:
                spoil(fault.kind, self.desk.state / "valkey")
            parts.kill(victims)
        fault.killed = time.time()
        self.done.append(fault)
        watcher = threading.Thread(target=self._await, args=(fault, before - set(victims), set(victims)), daemon=True)
        watcher.start()
        self._watchers.append(watcher)

    def settle(self) -> None:
        for watcher in self._watchers:
            watcher.join(120)

    def _victims(self, fault: Fault) -> list[int]:
        pick = KILLS.get(fault.kind, ("", _main))[1]
        until = time.monotonic() + 60
        while not (found := pick(self.desk, fault.part)):
            assert time.monotonic() < until, f"no process of {fault.part} came back"
            time.sleep(0.05)
        return found

    def _await(self, fault: Fault, others: set[int], victims: set[int]) -> None:
        until = time.monotonic() + 100
        while time.monotonic() < until:
            now = set(parts.whole(self.desk, fault.part))
            if now - others - victims and not now & victims and self._answers(fault.part):
                fault.back = time.time()
                return
            if fault.kind == FLUSH:
                fault.back = fault.at
                return
            time.sleep(0.05)

    def _answers(self, part: str) -> bool:
        if part == "database":
            return parts.database_answers(self.database)
        if part == "broker":
            return parts.broker_answers(self.broker)
        if part == "web":
            return parts.web_answers(self.desk.url)
        return part == "beat" or bool(parts.below(self.desk, part))


def spoil(kind: str, data: Path) -> None:
    """Do to a frozen broker's files what a careless hand or a failing disk would."""
    if kind == "broker's folder deleted":
        shutil.rmtree(data)
    elif kind == "broker's data deleted":
        for entry in data.iterdir():
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    else:
        log = max((data / "appendonlydir").glob("*.incr.aof"), key=lambda file: file.stat().st_size)
        size = log.stat().st_size
        with log.open("r+b") as file:
            if kind == "broker's log cut short":
                file.truncate(max(0, size - 7))
            else:
                file.seek(size // 2)
                file.write(b"torn" * 16)
