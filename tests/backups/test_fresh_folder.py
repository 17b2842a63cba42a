"""A backup of one desk becomes another desk in an empty state folder, and the main job works there."""

import secrets
import subprocess
import sys
from pathlib import Path

import pytest

from quietus.stack import addresses
from tests.backups.conftest import Desk
from tests.backups.test_backup import people, saved
from tests.conftest import open_folder
from tests.live import PROJECT, start_live, without_servers

# four programs start one after the other, on a machine that may be busy
pytestmark = [pytest.mark.stack, pytest.mark.timeout(900)]
TEXT = "The first words on the new machine."


def test_an_empty_state_folder_becomes_the_desk(
    desk: Desk, folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    people(desk)
    file = saved(desk, folder)
    before = desk.digests("users", "user_roles", "analysis_records", "video_sessions", "video_analysis_events")
    state = open_folder(tmp_path_factory.mktemp("fresh"))
    clean = without_servers()

    def command(*words: str) -> str:
        done = subprocess.run([sys.executable, "-m", "quietus", "--state", str(state), *words], cwd=PROJECT,
                              env=clean, capture_output=True, text=True, timeout=200, check=False)  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    said = command("restore", str(file))
    assert "ledger: 4 accepted, 0 unaccounted for" in said
    assert "The secret key is not the one of this backup" in said
    with start_live(state, {}) as running:
        copy = Desk(desk.app, addresses(state).owner_database_url)
        assert copy.digests("users", "user_roles", "video_sessions", "video_analysis_events") == {
            table: found for table, found in before.items() if table != "analysis_records"
        }
        # the password of then works, the texts of then are read at last, and a new one is too
        person = running.signed_in("alice@example.org")
        sent = person.post(
            f"{running.url}/api/v1/analyses",
            json={"text": f"{TEXT} {secrets.token_hex(4)}", "source": "API"},
            headers={"Prefer": "wait=30"},
            timeout=60,
        )
        assert sent.status_code == 200, sent.text
        assert sent.json()["predicted_label"] in ("LOW", "MODERATE", "HIGH")
        found = person.get(f"{running.url}/api/v1/analyses", timeout=10).json()["items"]
        assert {each["input_text"] for each in found} >= {"alice saw the sea.", "alice slept well."}
        refused = subprocess.run([sys.executable, "-m", "quietus", "--state", str(state), "restore", "--force",
                                  str(file)], cwd=PROJECT, env=clean, capture_output=True, text=True,
                                 timeout=200, check=False)  # fmt: skip
        assert refused.returncode == 2
        assert "other connections use this database: stop the desk" in refused.stderr
        looked = subprocess.run([sys.executable, "-m", "quietus", "--state", str(state), "doctor"], cwd=PROJECT,
                                env=clean, capture_output=True, text=True, timeout=200, check=False)  # fmt: skip
        lines = looked.stdout.splitlines()
        # beat speaks after a minute, and the default address is another desk's
        wrong = [line for line in lines if line.startswith("fail") and line.split()[1] not in ("beat", "web")]
        assert wrong == []
        assert any(line.startswith("ok   workers") for line in lines)
        assert any(line.startswith("ok   schema") for line in lines)
