"""Requests that no browser sends, at a real gunicorn: smuggled, injected, swollen; and what the log keeps of them."""

import gzip
import json
import re
from contextlib import closing

import pytest
import requests

from tests.factories import PASSWORD
from tests.served import Served, received

HIDDEN = b"GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
POST = "POST /auth/sign-out HTTP/1.1\r\nHost: x\r\n"
FORM = "Content-Type: application/x-www-form-urlencoded\r\n"


def statuses(served: Served, sent: bytes) -> list[int]:
    """What one connection answers to all of it, in order, until it closes or says no more."""
    with closing(served.connect(sent)) as line:
        line.settimeout(8)
        answer = b""
        try:
            while part := received(line):
                answer += part
        except TimeoutError:
            pass
    return [int(found) for found in re.findall(rb"^HTTP/1\.1 (\d{3}) ", answer, re.MULTILINE)]


@pytest.mark.parametrize(
    "head",
    [
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",  # CL.TE
        "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",  # TE.CL
        "Content-Length: 0\r\nContent-Length: 38\r\n",
        "Content-Length: 0, 38\r\n",
        "Content-Length: +0\r\n",
        "Content-Length: 0x0\r\n",
        "Content-Length: -1\r\n",
        "Content-Length : 0\r\n",
        "Content-Length: 0\r\n X-Folded: yes\r\n",  # obs-fold
        "Transfer-Encoding: xchunked\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
        "Transfer-Encoding: chunked, identity\r\n",
        "Transfer-Encoding:\x0bchunked\r\n",
        "Transfer-Encoding : chunked\r\n",
        "X: a\nTransfer-Encoding: chunked\r\n",
        "X: a\rTransfer-Encoding: chunked\r\n",
        "X: \x00\r\n",
    ],
)
def test_a_request_of_two_lengths_is_refused_and_what_it_hid_is_not_answered(served: Served, head: str) -> None:
    found = statuses(served, (POST + FORM + head + "\r\n").encode() + b"0\r\n\r\n" + HIDDEN)
    assert len(found) == 1, found
    assert 400 <= found[0] <= 501
    assert found[0] != 403  # the app never saw it


@pytest.mark.parametrize("version", ["HTTP/0.9", "HTTP/2.0", "HTTP/1.1 x", "http/1.1"])
def test_another_protocol_is_refused(served: Served, version: str) -> None:
    found = statuses(served, f"GET /healthz {version}\r\nHost: x\r\n\r\n".encode())
    assert all(400 <= status <= 505 for status in found)


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "TRACK", "PROPFIND"])
def test_no_method_echoes_the_request(served: Served, method: str) -> None:
    answer = requests.request(method, f"{served.url}/", headers={"X-Secret": "canary"}, timeout=10)
    assert answer.status_code in (400, 405, 501)
    assert "canary" not in answer.text


def test_no_value_of_a_caller_becomes_a_header(served: Served) -> None:
    forged = "%0d%0aSet-Cookie:%20evil=1"
    paths = (f"/check-in?x={forged}", f"/{forged}", f"/auth/sign-in?next=/{forged}", f"/api/v1/analyses/{forged}")
    for path in paths:
        answer = requests.get(served.url + path, allow_redirects=False, timeout=10)
        assert "evil" not in answer.headers.get("Set-Cookie", ""), path
        assert "\n" not in answer.headers.get("Location", "")
    status, whole = served.raw("GET /healthz HTTP/1.1", "X-Request-ID: a\tb", "Origin: https://evil.example")
    assert status == 200
    assert "Access-Control" not in whole


def test_a_compressed_body_is_not_unpacked(served: Served) -> None:
    """One kilobyte may stand for a megabyte: nothing here unpacks what a request brings."""
    session = signed_in(served)
    bomb = gzip.compress(b'{"text": "' + b"a" * 1_000_000 + b'"}')
    answer = session.post(
        f"{served.url}/api/v1/analyses", data=bomb, timeout=10,
        headers={"Content-Type": "application/json", "Content-Encoding": "gzip"},
    )  # fmt: skip
    assert (answer.status_code, answer.json()["code"]) == (400, "not_utf8")


def test_a_form_of_many_parts_or_fields_is_refused(served: Served) -> None:
    many = "&".join(f"f{n}=1" for n in range(20_000))
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    assert requests.post(f"{served.url}/auth/sign-in", data=many, headers=kind, timeout=10).status_code == 413
    parts = "".join(f'--b\r\nContent-Disposition: form-data; name="f{n}"\r\n\r\n1\r\n' for n in range(60)) + "--b--\r\n"
    kind = {"Content-Type": "multipart/form-data; boundary=b"}
    assert requests.post(f"{served.url}/auth/sign-in", data=parts, headers=kind, timeout=10).status_code == 413


def signed_in(served: Served) -> requests.Session:
    session = requests.Session()
    session.headers.update(line.split(": ", 1) for line in served.signed_in().split("\r\n"))
    return session


def test_the_log_tells_what_happened_and_nothing_that_was_said(served: Served) -> None:
    """Passwords, tokens, cookies, links, texts and addresses of people: none of it is in a line of the log."""
    session = signed_in(served)
    url, text = served.url, "My heliotrope umbrella stood by the door."
    made = session.post(f"{url}/api/v1/auth/tokens", json={"name": "log", "scopes": ["me"], "days": 1}, timeout=10)
    token = made.json()["token"]
    assert session.post(f"{url}/api/v1/analyses", json={"text": text}, timeout=10).status_code == 202
    wrong = {"email": "someone@example.org", "password": "a wrong one, and long enough"}
    assert session.post(f"{url}/api/v1/auth/login", json=wrong, timeout=10).status_code == 401
    requests.get(f"{url}/api/v1/auth/me", headers={"Authorization": f"Bearer {token}"}, timeout=10)
    requests.get(f"{url}/auth/reset/a-link-of-someone", timeout=10)
    requests.get(f"{url}/help?q=someone%0aforged", headers={"User-Agent": "forged\tline"}, timeout=10)
    written = served.log.read_text()
    cookie = str(session.headers["Cookie"]).split("=", 1)[1]
    for secret in (
        PASSWORD,
        token,
        cookie,
        text,
        "someone",
        "forged",
        wrong["password"],
        session.headers["X-CSRFToken"],
    ):
        assert str(secret) not in written
    assert all(json.loads(line)["level"] for line in written.splitlines())
    assert '"rule": "/auth/reset/<token>"' in written
