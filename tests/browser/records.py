"""Texts and sessions in every state they can be in, put straight into the desk's database."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID, uuid4

import psycopg
import requests
from psycopg.types.json import Jsonb

from tests.live import Live

STATES = {"LOW": 0.9991, "MODERATE": 0.6733, "HIGH": 0.9104, "FAILED": 0.0, "PENDING": 0.0}
addresses: dict[str, str] = {}  # asking the command line costs seconds, and the answer stays the same
WORDS = "The dog swam in the lake for the first time, and I watched from the shore."


def person_id(live: Live, person: requests.Session) -> UUID:
    found = person.get(f"{live.url}/api/v1/auth/me", timeout=10).json()
    return UUID(found["user"]["id"])


def connect(live: Live) -> "psycopg.Connection[tuple[object, ...]]":
    if live.url not in addresses:
        addresses[live.url] = live.address("database").replace("+psycopg", "")
    return psycopg.connect(addresses[live.url])


@contextmanager
def waiting(live: Live, person: requests.Session) -> Iterator[UUID]:
    """A PENDING text of this person that no worker takes while the block lasts: its row is locked."""
    number = put(live, person_id(live, person), "PENDING")
    with connect(live) as connection:
        connection.execute("SELECT FROM analysis_records WHERE id = %s FOR UPDATE", (number,))
        yield number


def put(live: Live, owner: UUID, state: str) -> UUID:
    """A text of `owner` in this state."""
    number = uuid4()
    with connect(live) as connection:
        connection.execute(
            "INSERT INTO analysis_records (id, user_id, input_text, source, predicted_label, confidence, "
            "model_version, ai_processing_ms, submitted_at, analyzed_at, request_id) "
            "VALUES (%s, %s, %s, 'WEB_FORM', %s, %s, 'for-tests', 3, now(), now(), %s)",
            (number, owner, WORDS, state, STATES[state], uuid4()),
        )
    return number


def put_session(live: Live, owner: UUID, windows: int = 8, status: str = "ENDED") -> UUID:
    """A session of `owner` with windows of every level."""
    number = uuid4()
    with connect(live) as connection:
        connection.execute(
            "INSERT INTO video_sessions (id, user_id, stream_session_id, session_type, client_platform, status, "
            "started_at, ended_at) VALUES (%s, %s, %s, 'CHECK_IN', 'WEB', %s, now() - interval '10 minutes', "
            "CASE WHEN %s = 'ACTIVE' THEN NULL ELSE now() END)",
            (number, owner, str(number), status, status),
        )
    for i in range(windows):
        put_window(live, owner, number, ("LOW", "MODERATE", "HIGH", "UNKNOWN")[i % 4], windows - i)
    return number


def put_window(live: Live, owner: UUID, session: UUID, level: str = "LOW", ago: int = 0) -> None:
    """A window of a session that ended `ago` times five seconds ago."""
    signals = {"presence": 0.98, "eye_closure": 0.02 * ago, "head_pitch": -3.5, "movement": 0.4, "frames": 25}
    with connect(live) as connection:
        connection.execute(
            "INSERT INTO video_analysis_events (id, session_id, user_id, event_at, risk_level, confidence, "
            "signals, model_version, latency_ms) "
            "VALUES (%s, %s, %s, now() - %s * interval '5 seconds', %s, 0.8, %s, 'for-tests', 90)",
            (uuid4(), session, owner, ago, level, Jsonb({} if level == "UNKNOWN" else signals)),
        )
