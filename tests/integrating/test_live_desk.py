"""docs/integrating.md line by line, the client and the webhooks, on a whole desk with its workers."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import redis
import requests

from tests.conftest import EXTERNAL, open_folder
from tests.documents.blocks import blocks
from tests.factories import PASSWORD
from tests.live import PROJECT, Live, start_live
from tests.webhooks.receiver import KEY, SECRET, Receiver

pytestmark = pytest.mark.stack
WINDOWS = "seconds,presence,eye_closure,head_pitch,movement\n0.1,0.98,0.1,1,0.2\n0.2,0.97,0.8,1,-2.4\n"

sys.path.insert(0, str(PROJECT / "examples"))
import quietus_client  # type: ignore[import-not-found]  # noqa: E402

sys.path.pop(0)


@pytest.fixture(scope="module")
def ward() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.stop()


@pytest.fixture(scope="module")
def port() -> int:
    """A free one, in the place of the guide's 8099."""
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        return int(place.getsockname()[1])


@pytest.fixture(scope="module")
def desk(
    tmp_path_factory: pytest.TempPathFactory,
    server_urls: dict[str, str],
    new_database: Callable[[], tuple[str, str]],
    ward: Receiver,
    port: int,
) -> Iterator[Live]:
    """A desk with two endpoints: the guide's receiver, and one of the tests that is always there."""
    state = open_folder(tmp_path_factory.mktemp("told"))
    told = {"secret": SECRET, "events": ["analysis.recorded", "video_session.ended"]}
    endpoints = [
        {"name": "ward", "url": f"http://127.0.0.1:{port}/quietus", **told},
        {"name": "other", "url": ward.url(), **told},
    ]
    environment = {
        "QUIETUS_WEBHOOKS": json.dumps(endpoints),
        "QUIETUS_WEBHOOK_NETWORKS": '["127.0.0.0/8"]',
    }
    if EXTERNAL:
        database, owner = new_database()
        environment |= {"DATABASE_URL": database, "QUIETUS_MIGRATION_DATABASE_URL": owner}
        environment |= {"REDIS_URL": f"{server_urls['broker'].rsplit('/', 1)[0]}/9"}
    with start_live(state, environment) as running:
        yield running


@pytest.fixture(scope="module")
def person(desk: Live) -> requests.Session:
    """Somebody who writes, and who consented to sessions."""
    browser = desk.signed_in()
    api = f"{desk.url}/api/v1"
    browser.id = browser.get(f"{api}/auth/me", timeout=10).json()["user"]["id"]  # type: ignore[attr-defined]
    consent = {"version": browser.get(f"{api}/video/notice", timeout=10).json()["version"], "accepted": True}
    assert browser.post(f"{api}/video/consents", json=consent, timeout=10).status_code == 204
    return browser


def script(port: int) -> str:
    """The guide's blocks, one after the other, as one person would type them."""
    lines = ["set -e", "set -m"]
    for block in blocks("docs/integrating.md"):
        if block.words:  # for a desk that is set up in another way
            continue
        if block.language == "python":
            lines += [f"python - <<'END'\n{block.text}END", "echo"]
        elif block.language in ("console", "bash"):
            lines += [*(block.commands() or [block.text]), "echo"]
    whole = "\n".join(lines).replace("8099", str(port))
    # where a reader writes the address of their own desk
    return re.sub(r"^export URL=.*$", "", whole, flags=re.M)


def test_every_command_of_the_guide_works(desk: Live, person: Any, ward: Receiver, port: int, tmp_path: Path) -> None:
    shutil.copytree(PROJECT / "examples", tmp_path / "examples")
    (tmp_path / "password.txt").write_text(PASSWORD)
    (tmp_path / "windows.csv").write_text(WINDOWS)
    environment = desk.environment | {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONPATH": f"{PROJECT}:{tmp_path / 'examples'}",
        "QUIETUS_STATE": str(desk.state), "URL": desk.url, "PERSON": person.id, "WEBHOOK_SECRET": SECRET,
    }  # fmt: skip
    done = subprocess.run(
        ["bash", "-c", script(port)], env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=200,
        check=False,
    )  # fmt: skip
    said = done.stdout
    assert done.returncode == 0, said[-3000:] + done.stderr[-3000:]
    assert said.count('"status":"RECORDED"') >= 1
    assert "422 " in said and "'text'" in said  # job 1: a refusal is an exception with its fields
    assert said.count('"status":202') >= 2 and re.search(r"^3 422", said, re.M)  # job 2
    assert "(1, 0) (0, 1)" in said and said.count("ENDED") >= 2  # job 3: the same window twice is stored once
    assert re.search(r"'predicted_label': '\w+'", said) and re.search(r"^\d{4,} bytes$", said, re.M)  # job 4
    assert re.search(r"^whsec_\S{44}$", said, re.M)  # job 5
    assert "ward: delivered, status 204" in said and re.search(r"^webhook.test", said, re.M)
    assert re.search(r"^204$", said, re.M)
    within(20, lambda: {m.json["type"] for m in ward.told} == {"analysis.recorded", "video_session.ended"})
    assert all(message.signed_by(KEY) for message in ward.told)


def within(seconds: float, holds: Callable[[], bool]) -> None:
    ends = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < ends, "it did not come about in time"
        time.sleep(0.1)


@pytest.fixture(scope="module")
def token(desk: Live) -> str:
    return desk.command("token", "issue", "--email", desk.account("SERVICE"), "--scopes", "analyses,me").strip()


def test_wiping_the_broker_again_and_again_loses_no_webhook(
    desk: Live, person: Any, ward: Receiver, token: str
) -> None:
    broker = redis.Redis.from_url(desk.address("broker"))
    client = quietus_client.Quietus(desk.url, token)
    sent = set()
    for number in range(12):
        ward.manner = 503 if number % 5 == 4 else 204
        sent.add(client.submit(f"Evening number {number} was quiet and long.", subject_id=person.id)["id"])
        broker.flushdb()
    for analysis_id in sent:
        client.wait(analysis_id)
        broker.flushdb()
    ward.manner = 204

    def told() -> set[str]:
        return {message.json["data"]["id"] for message in ward.told if message.signed_by(KEY)}

    within(90, lambda: sent <= told())


def test_the_client_tells_what_the_desk_refuses(desk: Live, person: Any, token: str) -> None:
    client = quietus_client.Quietus(desk.url, token)
    assert client.me()["roles"] == ["SERVICE"]
    same = uuid4()
    first = client.submit("The tea was good this morning.", subject_id=person.id, request_id=same)
    assert client.submit("The tea was good this morning.", subject_id=person.id, request_id=same)["id"] == first["id"]
    with pytest.raises(quietus_client.Refused) as refusal:
        client.submit("Another text altogether.", subject_id=person.id, request_id=same)
    assert refusal.value.status == 409 and refusal.value.code and refusal.value.request_id
    with pytest.raises(quietus_client.Refused) as refusal:
        quietus_client.Quietus(desk.url, "qt_dead").me()
    assert (refusal.value.status, refusal.value.code) == (401, "token_dead")


def test_the_client_repeats_what_got_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    receiver = Receiver()  # any server that says 503 first
    receiver.manner = 503
    client = quietus_client.Quietus(receiver.url().removesuffix("/in/for-the-ward-only"), "t", pauses=(0.01, 0.01))
    with pytest.raises(quietus_client.Refused, match="503"):
        client.submit("The tea was good.")
    receiver.stop()
    bodies = [message.json for message in receiver.told]
    assert len(bodies) == 3 and bodies[0] == bodies[2]  # under one request_id
    with pytest.raises(quietus_client.NoAnswer):
        quietus_client.Quietus("http://127.0.0.1:9", "t", pauses=()).submit("The tea was good.")
