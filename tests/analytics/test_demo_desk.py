"""`demo --rows`: a desk of made-up data in a folder of its own, which says what it is."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from quietus.core.pages import DEMO_MARK
from tests.live import PROJECT, without_servers

MARK = "Every person, text and session in this desk is made up."


def demo(*words: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    clean = without_servers()
    return subprocess.run(
        [sys.executable, "-m", "quietus", "demo", *words],
        capture_output=True, text=True, env=clean | environment, cwd=PROJECT, timeout=240, check=False,
    )  # fmt: skip


@pytest.mark.stack
def test_it_fills_a_desk_and_leaves_nothing(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    for folder in tmp_path.parents:
        if folder.stat().st_uid == os.geteuid() and folder != Path("/"):
            folder.chmod(folder.stat().st_mode | 0o011)
    done = demo("--rows", "600", TMPDIR=str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert "120 texts" in done.stdout
    assert "600 windows" in done.stdout
    assert list(tmp_path.glob("quietus-demo-*")) == []


def test_it_never_touches_a_database_of_one_s_own() -> None:
    done = demo("--rows", "10", DATABASE_URL="postgresql://127.0.0.1/mine")
    assert done.returncode == 1
    assert "unset DATABASE_URL" in done.stderr


@pytest.mark.parametrize("words", [("--rows", "0"), ("--rows", "many"), ("--keep-running",)])
def test_it_says_what_it_cannot_do(words: tuple[str, ...]) -> None:
    assert demo(*words).returncode == 2


def test_every_page_of_it_says_that_it_is_made_up(
    make_app: Callable[..., Flask], shared_app: Flask, clean: Any, tmp_path: Path
) -> None:
    (tmp_path / DEMO_MARK).touch()
    assert MARK in make_app(state=tmp_path).test_client().get("/").text
    assert MARK not in shared_app.test_client().get("/").text
