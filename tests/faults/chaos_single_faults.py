"""`make chaos`, one trouble at a time: twenty broker restarts in a row, a full disk, a clock that jumps."""

import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest
import redis
import requests

from tests.conftest import EXTERNAL, open_folder
from tests.faults import parts, reckoning
from tests.faults.parts import within
from tests.faults.submitter import HANG_SECONDS, Submitted
from tests.live import Live, start_live

pytestmark = [pytest.mark.stack, pytest.mark.skipif(EXTERNAL, reason="given servers are not ours to trouble")]

FAKETIME = next(iter(Path("/usr/lib").glob("*/faketime/libfaketime.so.1")), None)


class Sender:
    """Batches of made-up texts, one after the other, each remembered as the desk answered it."""

    def __init__(self, desk: Live) -> None:
        self.desk, self.done, self.statuses = desk, list[Submitted](), Counter[int | str]()
        self.database = parts.superuser_url(desk)
        self._headers = {"Authorization": f"Bearer {parts.token(desk)}"}

    def send(self, texts: int = 5, words: int = 10) -> int | str:
        items = {str(uuid4()): f"{'We had soup. ' * words}Note {n}." for n in range(texts)}
        body = {"items": [{"text": text, "request_id": key} for key, text in items.items()]}
        said: int | str
        try:
            answer = requests.post(
                f"{self.desk.url}/api/v1/analyses/batch", json=body, headers=self._headers, timeout=HANG_SECONDS
            )
        except requests.RequestException as error:
            said = type(error).__name__
        else:
            said = answer.status_code
            if said == 207:
                found = [item["analysis"] for item in answer.json()["items"]]
                self.done.append(Submitted(items, {each["request_id"]: each["id"] for each in found}))
            if said == 503:
                assert int(answer.headers["Retry-After"]) >= 1
        self.statuses[said] += 1
        return said

    def waiting(self) -> list[str]:
        return reckoning.reckon(self.database, self.done).waiting

    def assert_all_recorded_within(self, seconds: float) -> float:
        took = within(seconds, lambda: not self.waiting(), every=0.5)
        found = reckoning.reckon(self.database, self.done)
        assert not (found.lost or found.twice or found.failed), (found.lost[:3], found.twice[:3], found.failed[:3])
        self.desk.command("ledger")
        assert self.desk.process.poll() is None, "`up` itself ended"
        return took


def test_twenty_restarts_of_the_broker_in_a_row(tmp_path: Path) -> None:
    with start_live(open_folder(tmp_path), {}) as desk:
        sender, broker = Sender(desk), desk.address("broker")
        workers = {part: parts.main_process(desk, part) for part in ("analysis", "background", "reports", "beat")}
        slowest = 0.0
        for _ in range(20):
            before = parts.main_process(desk, "broker")
            assert before is not None
            parts.kill([before])
            assert sender.send() == 207, "the broker is a hint: texts are accepted without it"
            slowest = max(slowest, within(60, lambda old=before: parts.main_process(desk, "broker") not in (None, old)))
            slowest = max(slowest, within(60, lambda: parts.broker_answers(broker)))
        took = sender.assert_all_recorded_within(30)
        assert {part: parts.main_process(desk, part) for part in workers} == workers, "nobody else had to begin anew"
        print(f"\n20 broker restarts: slowest {slowest:.1f} s, the last text recorded {took:.1f} s after the last one")


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    """A file system of its own, in memory. Mounting one is root's right."""
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)], check=False)
    if done.returncode != 0:
        pytest.skip("this user may not mount a file system to fill")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(file: Path) -> None:
    with file.open("wb", buffering=0) as ballast:
        for size in (1 << 20, 4096, 1):
            try:
                while True:
                    ballast.write(b"\0" * size)
            except OSError:
                continue


def test_a_full_disk_loses_nothing_and_heals_with_room(tmp_path: Path) -> None:
    folder = tmp_path / "disk"
    folder.mkdir()
    with small_disk(folder, "220m") as disk, start_live(open_folder(disk), {}) as desk:
        sender = Sender(desk)
        assert sender.send() == 207
        fill(disk / "ballast")
        sender.statuses.clear()
        until = time.monotonic() + 120
        while sender.statuses[503] < 8 and time.monotonic() < until:
            sender.send(texts=50, words=350)
            assert requests.get(f"{desk.url}/help", timeout=HANG_SECONDS).status_code == 200
        full = dict(sender.statuses)
        assert sender.statuses[503] >= 8
        assert set(full) <= {207, 503}
        (disk / "ballast").unlink()
        took = within(60, lambda: sender.send() == 207)
        recorded = sender.assert_all_recorded_within(90)
        print(f"\nfull disk: answers {full}; 202 again {took:.1f} s after, all recorded {recorded:.1f} s on")


@pytest.mark.skipif(FAKETIME is None, reason="libfaketime is not installed (Debian: apt-get install faketime)")
def test_a_clock_that_jumps_forth_and_back_stops_nothing(tmp_path: Path) -> None:
    """The program's clock, not that of PostgreSQL and the broker: as between machines that disagree."""
    clock = tmp_path / "clock"
    clock.write_text("+0")
    environment = {
        "LD_PRELOAD": str(FAKETIME),
        "FAKETIME_TIMESTAMP_FILE": str(clock),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    state = tmp_path / "state"
    state.mkdir()
    with start_live(open_folder(state), environment) as desk:
        sender, broker = Sender(desk), redis.Redis.from_url(desk.address("broker"))
        for jump in ("+0", "+7200", "-7200", "+0", "-86400"):
            clock.write_text(jump)
            for _ in range(4):
                assert sender.send() == 207
                broker.flushall()  # the bell is lost: only the sweep finds these texts
            took = sender.assert_all_recorded_within(60)
            print(f"\nclock {jump} s: all recorded {took:.1f} s later")
        broker.close()
