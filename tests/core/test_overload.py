"""More requests at once than the desk can serve: each is stored or told to come back, and help stays in reach."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import psycopg
import requests
from sqlalchemy import make_url

from quietus.core.overload import RETRY_SECONDS, WAITING, answer, spared
from tests.live import Live

# for two web processes of 8 threads, well beyond what may wait
BURST = 4 * (WAITING + 8)


def _submit(live: Live, browser: requests.Session, together: threading.Barrier, number: int) -> requests.Response:
    text = {"text": f"A burst of ordinary sentences, number {number}."}
    together.wait(60)
    return requests.post(
        f"{live.url}/api/v1/analyses", json=text, headers=dict(browser.headers), cookies=browser.cookies, timeout=60
    )


def test_a_burst_is_stored_or_told_to_come_back_and_help_stays(live: Live) -> None:
    browser, together = live.signed_in(), threading.Barrier(BURST + 1)
    with ThreadPoolExecutor(BURST) as pool:
        asked = [pool.submit(_submit, live, browser, together, number) for number in range(BURST)]
        together.wait(60)
        began = time.monotonic()
        help_now, alive = (requests.get(f"{live.url}{path}", timeout=20) for path in ("/help", "/healthz"))
        waited = time.monotonic() - began
        answers = [each.result() for each in asked]
    assert (help_now.status_code, alive.status_code) == (200, 200)
    assert waited < 20
    refused = [each for each in answers if each.status_code != 202]
    assert {each.status_code for each in answers} == {202, 503}
    for each in refused:
        assert each.headers["Retry-After"] == str(RETRY_SECONDS)
        assert each.headers["Content-Type"] == "application/problem+json"
        assert each.json()["code"] == "busy"
    ids = [each.json()["id"] for each in answers if each.status_code == 202]
    assert _recorded(live, ids) == len(ids)


def _recorded(live: Live, ids: list[str]) -> int:
    url = make_url(live.address("database")).set(drivername="postgresql").render_as_string(hide_password=False)
    count = "SELECT count(*) FROM analysis_records WHERE id = ANY(%s::uuid[]) AND predicted_label <> 'PENDING'"
    found, until = 0, time.monotonic() + 60
    with psycopg.connect(url, autocommit=True) as connection:
        while found < len(ids) and time.monotonic() < until:
            found = connection.execute(count, (ids,)).fetchone()[0]  # type: ignore[index]
            time.sleep(0.1)
    return found


def test_help_and_the_probes_are_spared() -> None:
    for path in (b"/", b"/help", b"/help?x=1", b"/healthz", b"/static/app.css"):
        assert spared(b"GET " + path + b" HTTP/1.1\r\n")
    for line in (b"POST /api/v1/analyses HTTP/1.1", b"GET /check-in HTTP/1.1", b"GET", b""):
        assert not spared(line)


def test_a_page_is_told_in_words_and_shown_where_help_is() -> None:
    told = answer(b"POST /check-in HTTP/1.1\r\n").decode()
    head, _, body = told.partition("\r\n\r\n")
    assert head.startswith("HTTP/1.1 503 ")
    assert f"Content-Length: {len(body)}" in head
    assert "Nothing was accepted" in body
    assert 'href="/help"' in body
