"""Thousands of made-up calls after the OpenAPI document: no 5xx, and no answer that the document does not know."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from quietus.accounts.permissions import ROLES
from tests.contract.conftest import Desk
from tests.served import PROJECT

LONG = int(os.environ.get("QUIETUS_FUZZ_SECONDS") or 0)
CONFIG = Path(__file__).with_name("schemathesis.toml")
WHO = ("NOBODY", *ROLES, "TOKEN")


@pytest.mark.parametrize("who", WHO)
def test_every_call_answers_as_documented(desk: Desk, who: str, tmp_path: Path) -> None:
    headers = desk.headers[who]
    options = ["--seed", "20261124", "--max-time", str(LONG or 7)]
    keys = [part for name, value in headers.items() for part in ("--header", f"{name}: {value}")]
    leave = [] if who == "NOBODY" else ["--exclude-path", "/api/v1/auth/logout", "--exclude-path", "/api/v1/auth/register", "--exclude-path", "/api/v1/auth/login"]
    done = subprocess.run(
        [sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIG), "run",
         f"{desk.served.url}/api/v1/openapi.json", *options, *keys, *leave],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    (PROJECT / f"var/st-{who}.txt").write_text(done.stdout + done.stderr) if os.environ.get("ST_KEEP") else None
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    still = requests.get(f"{desk.served.url}/api/v1/auth/me", headers=headers, timeout=10).status_code
    assert still == (401 if who == "NOBODY" else 200)
