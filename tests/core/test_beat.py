"""Beat keeps sending after the clock was set back, in one life and over a restart."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from quietus.core.beat import Scheduler
from quietus.core.celery import QUEUES

SWEEP = "analysis.record_pending"


@pytest.fixture
def celery(app: Flask) -> Any:
    return app.extensions["celery"]


def beat(celery: Any, folder: Path) -> Scheduler:
    assert celery.conf.beat_scheduler == "quietus.core.beat:Scheduler"
    return Scheduler(app=celery, schedule_filename=str(folder / "schedule"))


def waiting(app: Flask) -> int:
    return sum(int(app.extensions["broker"].llen(queue)) for queue in QUEUES)


def test_a_sweep_is_sent_when_the_last_one_lies_in_the_future(app: Flask, celery: Any, tmp_path: Path) -> None:
    first = beat(celery, tmp_path)
    first.tick()
    first.schedule[SWEEP].last_run_at += timedelta(hours=2)  # what a clock that was 2 hours ahead had noted
    first.close()
    again = beat(celery, tmp_path)
    assert again.schedule[SWEEP].last_run_at > again.schedule[SWEEP].default_now() + timedelta(hours=1)
    assert again.tick() <= 5
    due, seconds = again.schedule[SWEEP].is_due()
    assert due or seconds <= 15
    # 15 s later
    again.schedule[SWEEP].last_run_at -= timedelta(seconds=16)
    again._heap = None
    before = waiting(app)
    while again.tick() == 0:
        pass
    again.close()
    assert waiting(app) > before
