"""What a real gunicorn makes of requests that no honest client sends."""

import json
import os
import re
import socket
import subprocess
import sys
import time
from contextlib import closing

import pytest
import requests

from quietus.core.config import Settings
from quietus.core.gunicorn_worker import BODY_SECONDS, HEAD_SECONDS
from tests.served import PROJECT, Served, received

CHUNKED = "Transfer-Encoding: chunked"
TOKEN = "a-reset-token-nobody-may-read"


def chunked(*parts: bytes) -> bytes:
    return b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (*parts, b""))


@pytest.mark.parametrize(
    "header",
    [
        "SCRIPT_NAME: /evil",
        "SCRIPT_NAME: //evil.example",
        "PATH_INFO: /nothing",
        "X-Forwarded-Proto: https",
        "X-Forwarded-Host: evil.example",
        "X-Forwarded-Prefix: /evil",
    ],
)
def test_a_client_on_this_machine_is_no_proxy(served: Served, header: str) -> None:
    plain, forged = (served.raw("GET /check-in HTTP/1.1", *more) for more in ([], [header]))
    assert forged[0] == plain[0] == 303
    assert location(forged[1]) == location(plain[1])
    assert "evil" not in forged[1]


def location(answer: str) -> str:
    found = re.search(r"^Location: (.*)\r$", answer, re.MULTILINE)
    assert found
    return found[1]


@pytest.mark.parametrize("path", ["/auth//sign-in", "//auth/sign-in", "/api/v1//analyses", "/static//app.css"])
def test_a_doubled_slash_sends_nobody_to_a_forged_host(served: Served, path: str) -> None:
    status, answer = served.raw(f"GET {path} HTTP/1.1")
    assert status == (200 if path.startswith("//") else 404)  # gunicorn itself reads leading slashes as one
    assert "Location" not in answer


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (chunked(b'{"text": ', b'"The tea was good."}'), 202, None),
        (chunked(b"x" * 64 * 1024), 400, "not_json"),
        (chunked(b" " * 64 * 1024, b'{"text": "The tea was good."}'), 413, "request_entity_too_large"),
        (chunked(b'{"text": "The tea was good."}', b" " * 64 * 1024), 413, "request_entity_too_large"),
        (b"zz\r\nabc\r\n", 400, "bad_request"),
        (b"5\r\n{}   no end", 400, "bad_request"),
        (b"2\r\n{}\r\n0\r\nno trailer\r\n\r\n", 400, "bad_request"),
        (b"2;a=\x00\r\n{}\r\n0\r\n\r\n", 400, "bad_request"),
    ],
)
def test_a_chunked_body_is_read_whole_or_refused(served: Served, body: bytes, status: int, code: str | None) -> None:
    headers = served.signed_in()
    found, answer = served.raw(
        "POST /api/v1/analyses HTTP/1.1", headers, CHUNKED, "Content-Type: application/json", body=body
    )
    assert found == status, answer
    if code:
        assert json.loads(answer.split("\r\n\r\n", 1)[1])["code"] == code


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=b"])
@pytest.mark.parametrize(("size", "status"), [(100, 403), (70_000, 413)])
def test_a_chunked_form_is_read_whole_or_refused(served: Served, kind: str, size: int, status: int) -> None:
    body = b"email=alice%40example.org&password=" + b"x" * size
    if "boundary" in kind:
        body = b'--b\r\nContent-Disposition: form-data; name="email"\r\n\r\n' + b"x" * size + b"\r\n--b--\r\n"
    found, answer = served.raw("POST /auth/sign-in HTTP/1.1", CHUNKED, f"Content-Type: {kind}", body=chunked(body))
    assert found == status, answer  # 403: it was read, and holds no CSRF token


@pytest.mark.parametrize("body", [b"zz\r\nabc\r\n", b"5\r\nemail no end"])
def test_a_form_whose_chunks_are_broken_is_refused(served: Served, body: bytes) -> None:
    kind = "Content-Type: application/x-www-form-urlencoded"
    assert served.raw("POST /auth/sign-in HTTP/1.1", CHUNKED, kind, body=body)[0] == 400


def test_a_body_that_stops_half_way_is_a_400_in_the_log_and_no_bug(served: Served) -> None:
    headers = served.signed_in()
    start = f"POST /api/v1/analyses HTTP/1.1\r\nHost: x\r\n{headers}\r\nContent-Type: application/json\r\n"
    for how in (b"Content-Length: 50\r\n\r\n{", f"{CHUNKED}\r\n\r\n5\r\n{{".encode()):
        with closing(served.connect(start.encode() + how)) as line:
            line.shutdown(socket.SHUT_WR)
            assert b" 400 " in line.recv(65536).split(b"\r\n")[0]
    assert "request.failed" not in served.log.read_text()


@pytest.mark.parametrize(
    "sent",
    [
        f"GET /auth/reset/{TOKEN} with more words HTTP/1.1\r\nHost: x\r\n\r\n",
        f"GET /auth/reset/{TOKEN} HTTP/9\r\nHost: x\r\n\r\n",
        f"GET /auth/reset/{TOKEN}{'x' * 5000} HTTP/1.1\r\nHost: x\r\n\r\n",
        f"GET / HTTP/1.1\r\nHost: x\r\nBad {TOKEN}: x\r\n\r\n",
        f"{TOKEN} / HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
)
def test_a_request_gunicorn_cannot_read_is_logged_without_its_words(served: Served, sent: str) -> None:
    before = len(served.log.read_text())
    with closing(served.connect(sent.encode())) as line:
        assert line.recv(65536).startswith(b"HTTP/1.1 4")
    deadline = time.monotonic() + 5
    while not (said := served.log.read_text()[before:]).endswith("\n"):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert TOKEN not in said
    refused = [json.loads(line) for line in said.splitlines()]
    assert any("127.0.0.1" in line["event"] and line["level"] == "warning" for line in refused), said


HALVES = {
    "nothing": b"",
    "half a head": b"GET / HTTP/1.1\r\nHost: x\r\n",
    "half a body": b"POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    b"Content-Length: 50\r\n\r\n{",
}


@pytest.mark.parametrize(("half", "seconds"), [("nothing", 2), ("half a head", 2)])
def test_those_who_say_nothing_or_half_a_request_hold_no_thread(served: Served, half: str, seconds: float) -> None:
    lines = [served.connect(HALVES[half]) for _ in range(20)]
    try:
        time.sleep(0.2)
        assert requests.get(f"{served.url}/healthz", timeout=seconds).ok
    finally:
        for line in lines:
            line.close()


def test_half_a_request_is_not_waited_for_without_end(served: Served) -> None:
    whole = b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    with closing(served.connect(whole[:20])) as patient, closing(served.connect(whole[:20])) as dripping:
        began = time.monotonic()
        patient.sendall(whole[20:])
        assert patient.recv(4096).startswith(b"HTTP/1.1 200")
        dripping.settimeout(1)
        while time.monotonic() < began + HEAD_SECONDS + 5:
            try:
                dripping.sendall(b"x")
                assert not dripping.recv(1)
                break
            except TimeoutError:
                continue
            except ConnectionError:
                break
        assert HEAD_SECONDS - 1 <= time.monotonic() - began < HEAD_SECONDS + 4


def test_half_a_body_holds_its_thread_no_longer_than_it_may(served: Served) -> None:
    token = requests.get(f"{served.url}/api/v1/auth/csrf", timeout=5)
    head = HALVES["half a body"].replace(b"Host: x", f"Host: x\r\n{csrf(token)}".encode())
    lines = [served.connect(head) for _ in range(8)]
    try:
        began = time.monotonic()
        assert requests.get(f"{served.url}/healthz", timeout=BODY_SECONDS + 10).ok
        assert time.monotonic() - began < BODY_SECONDS + 5
        assert lines[0].recv(4096).startswith(b"HTTP/1.1 400")
    finally:
        for line in lines:
            line.close()


def csrf(answer: requests.Response) -> str:
    cookies = "; ".join(f"{name}={value}" for name, value in answer.cookies.items())
    return f"Cookie: {cookies}\r\nX-CSRFToken: {answer.json()['csrf_token']}"


def test_one_connection_serves_many_requests_also_when_they_come_at_once(served: Served) -> None:
    one = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    last = one.replace(b"x\r\n", b"x\r\nConnection: close\r\n")
    with closing(served.connect(one)) as line:
        assert line.recv(4096).startswith(b"HTTP/1.1 200")
        line.sendall(one + one + last)
        answers = b"".join(iter(lambda: received(line), b""))
    assert answers.count(b"HTTP/1.1 200") == 3


def test_an_unsafe_setting_is_still_told_in_words(test_settings: Settings) -> None:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("QUIETUS_")} | {
        "QUIETUS_SECRET_KEY": "short",
        "DATABASE_URL": test_settings.database_url.get_secret_value(),
        "REDIS_URL": test_settings.redis_url.get_secret_value(),
    }
    done = subprocess.run(
        [sys.executable, "-m", "gunicorn", "--config", "python:quietus.core.gunicorn_conf", "--no-control-socket",
         "--bind", "127.0.0.1:0", "--workers", "1", "wsgi:app"],
        env=environment, cwd=PROJECT, timeout=60, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode != 0
    assert "QUIETUS_SECRET_KEY" in done.stderr


def test_everything_gunicorn_wrote_is_json(served: Served) -> None:
    for line in served.log.read_text().splitlines():
        assert json.loads(line)["level"]
