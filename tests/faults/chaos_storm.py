"""`make chaos`: three seeds; every part killed and frozen, the broker's data deleted and torn, 5,000 texts each."""

import os
import threading
from pathlib import Path

import pytest

from tests.conftest import EXTERNAL, open_folder
from tests.faults.run import Ran, Wanted, assert_nothing_lost, assert_recovers, run, show

pytestmark = [pytest.mark.stack, pytest.mark.skipif(EXTERNAL, reason="given servers are not ours to kill")]

FAULTS, TEXTS = 26, 5000


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_storm_loses_no_text_and_reads_none_twice(seed: int, tmp_path: Path) -> None:
    load = os.getloadavg()[0]
    ran: Ran = run(open_folder(tmp_path), Wanted(seed, FAULTS, TEXTS, per_second=5, batch=10, gap=(5, 10)))
    print(f"\n{show(ran)}\nload average {load:.1f} before, {os.getloadavg()[0]:.1f} after, {os.cpu_count()} cores")
    assert threading.active_count() < 50, "the clients are gone"
    assert len(ran.table) >= 25
    assert ran.found.accepted >= TEXTS
    assert_nothing_lost(ran)
    assert_recovers(ran)
