"""A worker that cannot work ends and says why; `up` and compose start it again, and somebody sees it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from quietus.core.config import Settings

PROJECT = Path(__file__).resolve().parents[2]


def worker(settings: Settings, **environment: str) -> "subprocess.CompletedProcess[str]":
    """A Celery worker that should end by itself."""
    known = {
        "DATABASE_URL": settings.database_url.get_secret_value(),
        "REDIS_URL": settings.redis_url.get_secret_value(),
        "QUIETUS_SECRET_KEY": "k9#Lw2!vQz7@Rt5$Xn8%Yb4^Mc6&Df3*Gh1",
    }
    return subprocess.run(
        [sys.executable, "-m", "celery", "--app", "celery_worker", "worker", "--pool", "solo", "--queues", "analysis"],
        env=os.environ | known | environment, cwd=PROJECT, capture_output=True, text=True, timeout=90, check=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"QUIETUS_MODEL": "remote", "QUIETUS_MODEL_URL": "ftp://models"}, "must start with http"),
        ({"QUIETUS_MODEL": "remote", "QUIETUS_MODEL_URL": ""}, "needs QUIETUS_MODEL_URL"),
        ({"QUIETUS_SECRET_KEY": "short"}, "secret key is weak"),
    ],
)
def test_a_worker_that_cannot_work_ends_with_the_reason(
    test_settings: Settings, environment: dict[str, str], said: str
) -> None:
    done = worker(test_settings, **environment)
    assert done.returncode != 0
    assert said in done.stderr + done.stdout
