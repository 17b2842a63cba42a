"""The check-in form takes words that can be stored as they were written, and nothing else."""

from collections.abc import Callable
from io import BytesIO
from typing import Any
from urllib.parse import quote_plus

import pytest

from tests.analysis.conftest import CALM, Caller

URLENCODED = "application/x-www-form-urlencoded"


@pytest.fixture
def stored(rows: Callable[..., list[dict[str, Any]]]) -> Callable[[], list[Any]]:
    return lambda: [row["input_text"] for row in rows("SELECT input_text FROM analysis_records")]


def fields(alice: Caller, **more: Any) -> dict[str, Any]:
    return {"csrf_token": alice.headers["X-CSRFToken"], **more}


def send(alice: Caller, text: bytes) -> Any:
    """A form as it travels; `text` is already quoted."""
    page = alice.get("/check-in").text
    request_id = page.split('name="request_id"')[1].split('value="')[1].split('"')[0]
    token = quote_plus(alice.headers["X-CSRFToken"])
    body = f"csrf_token={token}&request_id={request_id}&text=".encode() + text
    return alice.client.post("/check-in", data=body, content_type=URLENCODED)


def test_a_file_is_no_text(alice: Caller, stored: Callable[[], list[Any]]) -> None:
    answer = alice.client.post("/check-in", data=fields(alice, text=(BytesIO(CALM.encode()), "a")))
    assert answer.status_code == 422
    assert "Please write at least 5 characters." in answer.text
    assert stored() == []


def test_a_file_beside_the_text_is_ignored(alice: Caller, stored: Callable[[], list[Any]]) -> None:
    alice.client.post("/check-in", data=fields(alice, text=CALM, request_id=(BytesIO(b"x"), "a")))
    answer = alice.client.post("/check-in", data=fields(alice, text=(BytesIO(b"x"), "a"), request_id="x"))
    assert answer.status_code == 422
    assert stored() in ([], [CALM])


def test_json_is_no_form(alice: Caller, stored: Callable[[], list[Any]]) -> None:
    for body in ({"text": CALM}, ["text", CALM], 7):
        assert alice.client.post("/check-in", json=body, headers=alice.headers).status_code == 422
    assert stored() == []


@pytest.mark.parametrize("text", [b"caf%E9+au+lait", "café au lait".encode("latin-1"), b"%C3", b"%ED%A0%80+half+of+it"])
def test_words_that_are_not_utf8_are_refused_and_not_mangled(
    alice: Caller, stored: Callable[[], list[Any]], text: bytes
) -> None:
    answer = send(alice, text)
    assert answer.status_code == 422
    assert "UTF-8" in answer.text
    assert stored() == []


def test_words_in_parts_that_are_not_utf8_are_refused(alice: Caller, stored: Callable[[], list[Any]]) -> None:
    boundary = "a-boundary"
    parts = [(b"csrf_token", alice.headers["X-CSRFToken"].encode()), (b"text", "café au lait".encode("latin-1"))]
    body = b"".join(b'--a-boundary\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % part for part in parts)
    answer = alice.client.post(
        "/check-in", data=body + b"--a-boundary--\r\n", content_type=f"multipart/form-data; boundary={boundary}"
    )
    assert answer.status_code == 422
    assert stored() == []


@pytest.mark.parametrize("text", ["café au lait", "100%E9 sure", "5 % + 5 % = 10 %", "a=b&c;d", "\ufffd was pasted"])
def test_odd_words_are_stored_as_they_were_written(alice: Caller, stored: Callable[[], list[Any]], text: str) -> None:
    assert send(alice, quote_plus(text).encode()).status_code == 303
    assert stored() == [text]
