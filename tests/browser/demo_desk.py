"""A running desk of made-up data with somebody of every role, to take pictures of and to measure."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import requests

from quietus.core import clock
from quietus.core.pages import DEMO_MARK
from quietus.demo_data import fill
from tests.browser.records import person_id, put, put_session
from tests.conftest import open_folder
from tests.live import Live, start_live

ROLES: Final = ("USER", "CLINICIAN", "ANALYST", "AUDITOR", "ADMIN")
WINDOWS: Final = 20_000
TEXTS: Final = {
    "calm": "The garden is in bloom at last, and my neighbour and I walked by the river before breakfast.",
    "worried": "I have been so anxious about work that I cannot sleep, and I cry most evenings.",
    "urgent": "I feel worthless today. I do not want to live any more and I have decided to end it.",
}


@dataclass
class Cast:
    """Who is on the desk, signed in; `results` are the pages of the person's own texts by name."""

    live: Live
    people: dict[str, requests.Session]
    results: dict[str, str] = field(default_factory=dict)


@contextmanager
def empty_desk() -> Iterator[Cast]:
    """A desk on a folder of its own with an account of each role and nothing else."""
    with tempfile.TemporaryDirectory(prefix="quietus-pictures-", ignore_cleanup_errors=True) as folder:
        state = open_folder(Path(folder))
        (state / DEMO_MARK).write_text("Made-up data.\n")
        with start_live(state, {}) as live:
            yield Cast(live, {role: live.signed_in(live.account(role)) for role in ROLES})


def add_made_up_data(cast: Cast) -> None:
    """A year of the desk's life, and a person with texts and sessions in every state."""
    fill(cast.live.command("url", "database", "--owner").strip(), events=WINDOWS, end=clock.now(), waiting_days=2)
    cast.live.command("audit", "seal")
    person = cast.people["USER"]
    for name, text in TEXTS.items():
        cast.results[name] = f"/check-in/{_read(cast.live, person, text)['id']}"
    owner = person_id(cast.live, person)
    cast.results["failed"] = f"/check-in/{put(cast.live, owner, 'FAILED')}"
    cast.results["session"] = f"/sessions/{put_session(cast.live, owner, 40)}"


def _read(live: Live, person: requests.Session, text: str) -> dict[str, Any]:
    body = {"text": text, "source": "WEB_FORM"}
    answer = person.post(f"{live.url}/api/v1/analyses", json=body, headers={"Prefer": "wait=10"}, timeout=30)
    found: dict[str, Any] = answer.json()
    return found
