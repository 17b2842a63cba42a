"""A short storm: five faults of the worst kinds in a row, and every text answered 202 has its one outcome."""

from pathlib import Path

import pytest

from tests.conftest import EXTERNAL, open_folder
from tests.faults.run import Wanted, assert_nothing_lost, run, show

pytestmark = [pytest.mark.stack, pytest.mark.skipif(EXTERNAL, reason="given servers are not ours to kill")]

KINDS = ("web master", "worker main", "broker's folder deleted", "broker's log torn", "database, all of it")


def test_five_faults_in_a_row_lose_nothing(tmp_path: Path) -> None:
    ran = run(open_folder(tmp_path), Wanted(7, 5, 50, per_second=5, batch=10, gap=(1, 2.5), kinds=KINDS))
    print(show(ran))
    assert len(ran.table) == 5
    assert_nothing_lost(ran)
