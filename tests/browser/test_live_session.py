"""A live session in a real browser, with a made-up camera: what reaches the server's own rows, and what must not."""

import json
import re
import time
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
import requests
from playwright.sync_api import Browser, Page, Request, expect

from tests.browser.camera import flags, make_film
from tests.browser.conftest import Visitor
from tests.browser.records import connect, person_id
from tests.browser.test_every_page import accessible_in_both_themes, sideways, unfold
from tests.live import PROJECT, Live

pytestmark = pytest.mark.browser

Visit = Callable[..., Visitor]
PATIENCE_S = 90  # a loaded machine looks at fewer pictures a second, and learns as slowly


@pytest.fixture(scope="module")
def camera(launch: Callable[..., Browser], tmp_path_factory: pytest.TempPathFactory) -> Browser:
    return launch(*flags(make_film(tmp_path_factory.mktemp("camera") / "film.y4m")))


@pytest.fixture
def person(live: Live) -> requests.Session:
    return live.signed_in()


@pytest.fixture
def visitor(visit: Visit, camera: Browser, person: requests.Session) -> Visitor:
    visitor = visit(browser=camera)
    visitor.sign_in_as(person)
    return visitor


@pytest.fixture
def bodies(visitor: Visitor) -> list[str]:
    """What the page sent to the server, also what did not arrive."""
    sent: list[str] = []

    def note(request: Request) -> None:
        if request.post_data:
            sent.append(request.post_data)

    visitor.context.on("request", note)
    return sent


def consent(page: Page) -> None:
    page.get_by_label("I have read this").check()
    page.get_by_role("button", name="Start the camera").click()


def start(visitor: Visitor) -> Page:
    page = visitor.open("/live")
    consent(page)
    expect(page.get_by_role("heading", name="Analysis is on")).to_be_visible(timeout=PATIENCE_S * 1000)
    return page


def stored(live: Live, person: requests.Session) -> list[tuple[Any, ...]]:
    """The server's own rows of this person's windows: (id, event_at, risk_level, presence), oldest first."""
    with connect(live) as connection:
        return connection.execute(
            "SELECT id::text, event_at, risk_level, (signals->>'presence')::float FROM video_analysis_events "
            "WHERE user_id = %s ORDER BY event_at",
            (person_id(live, person),),
        ).fetchall()


def until(what: Callable[[], Any]) -> Any:
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        if found := what():
            return found
        time.sleep(1)
    raise AssertionError("it did not come about")


def sessions(live: Live, person: requests.Session) -> list[tuple[Any, ...]]:
    with connect(live) as connection:
        query = "SELECT status, ended_at FROM video_sessions WHERE user_id = %s"
        return connection.execute(query, (person_id(live, person),)).fetchall()


def test_a_face_and_then_nobody_reach_the_servers_rows(
    visitor: Visitor, bodies: list[str], live: Live, person: requests.Session
) -> None:
    page = start(visitor)

    def face_then_nobody() -> bool:
        page.wait_for_timeout(10)  # lets Playwright hear of requests and messages
        levels = [(level, presence) for _, _, level, presence in stored(live, person)]
        faces = [i for i, (level, presence) in enumerate(levels) if presence > 0.9 and level != "UNKNOWN"]
        return bool(faces) and any(level == "UNKNOWN" and presence < 0.3 for level, presence in levels[faces[0] :])

    until(face_then_nobody)
    assert page.locator("#live").get_attribute("data-backend") == "wasm"
    assert [level for _, _, level, presence in stored(live, person) if presence < 0.3 and level != "UNKNOWN"] == []
    assert all(len(body.encode()) <= 4096 for body in bodies)
    for event in (event for body in bodies if '"events"' in body for event in json.loads(body)["events"]):
        assert set(event["signals"]) <= documented_signals()
        assert all(isinstance(value, int | float) for value in event["signals"].values())
    page.get_by_text("What is being sent").click()
    assert json.loads(page.locator("#json").inner_text()) in [json.loads(body) for body in bodies[1:]]
    for state in (page, second_tab(visitor)):
        unfold(state)
        accessible_in_both_themes(state)
        state.set_viewport_size({"width": 320, "height": 640})
        assert sideways(state) <= 0
    assert len(sessions(live, person)) == 1


def documented_signals() -> set[str]:
    _, _, section = (PROJECT / "docs" / "integrating.md").read_text().partition("## Signals of the live page")
    return set(re.findall(r"^\| `(\w+)` \|", section, re.M))


def second_tab(visitor: Visitor) -> Page:
    page = visitor.context.new_page()
    page.goto(visitor.url + "/live")
    consent(page)
    expect(page.get_by_role("alert")).to_contain_text("already runs in another tab")
    return page


def test_a_lost_network_loses_no_window_and_stop_ends_the_session(
    visitor: Visitor, bodies: list[str], live: Live, person: requests.Session
) -> None:
    page = start(visitor)
    until(lambda: stored(live, person))
    page.evaluate(
        """window.said = []; new MutationObserver(() => window.said.push(announcer.textContent))
            .observe(announcer, { childList: true })"""
    )
    visitor.context.set_offline(True)
    expect(page.locator("#trouble")).to_contain_text("2 windows wait to be sent", timeout=PATIENCE_S * 1000)
    visitor.context.set_offline(False)
    expect(page.locator("#trouble")).to_be_hidden(timeout=PATIENCE_S * 1000)
    said = page.evaluate("window.said")
    assert sum("cannot be reached" in words for words in said) == 1, "told once, not for every window"
    assert "Everything is sent again." in said
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("heading", name="The session has ended")).to_be_focused(timeout=PATIENCE_S * 1000)
    assert page.evaluate("document.getElementById('video').srcObject") is None, "the camera is off"
    sent = {event["id"] for body in bodies if '"events"' in body for event in json.loads(body)["events"]}
    rows = stored(live, person)
    assert {number for number, *_ in rows} == sent
    assert len(rows) >= 3
    gaps = [(later[1] - earlier[1]).total_seconds() for earlier, later in pairwise(rows)]
    assert max(gaps) < 11, "a window is missing"
    [(status, ended_at)] = sessions(live, person)
    assert (status, ended_at is not None) == ("ENDED", True)
    visitor.complaints[:] = [said for said in visitor.complaints if "ERR_INTERNET_DISCONNECTED" not in said]
    session_page(page, len(rows))


def session_page(page: Page, windows: int) -> None:
    accessible_in_both_themes(page)
    page.get_by_role("link", name="See this session").click()
    expect(page.locator("#windows tbody tr")).to_have_count(windows)
    expect(page.locator("#timeline-chart canvas")).to_be_visible()
    page.get_by_label("Beside the priority, draw").select_option("presence")
    unfold(page)
    accessible_in_both_themes(page)


def test_pictures_that_stop_are_no_windows_and_a_session_ended_elsewhere_is_noticed(
    visitor: Visitor, live: Live, person: requests.Session
) -> None:
    page = start(visitor)
    page.evaluate("document.getElementById('video').pause()")
    expect(page.locator("#silent")).to_be_visible(timeout=PATIENCE_S * 1000)
    before = len(stored(live, person))
    page.wait_for_timeout(6000)
    assert len(stored(live, person)) == before, "a frozen picture was taken for a person who sits still"
    [session] = person.get(f"{live.url}/api/v1/video/sessions", timeout=10).json()["items"]
    person.post(f"{live.url}/api/v1/video/sessions/{session['id']}/end", timeout=10)
    page.evaluate("window.dispatchEvent(new Event('online'))")
    expect(page.get_by_role("alert")).to_contain_text("ended elsewhere")
    expect(page.get_by_role("heading", name="The session has ended")).to_be_visible()


def test_leaving_the_page_ends_the_session(visitor: Visitor, live: Live, person: requests.Session) -> None:
    start(visitor)
    visitor.open("/help")
    until(lambda: [status for status, _ in sessions(live, person)] == ["ENDED"])


def test_without_consent_or_camera_nothing_begins(visit: Visit, live: Live, person: requests.Session) -> None:
    visitor = visit()  # this one has no camera
    visitor.sign_in_as(person)
    page = visitor.open("/live")
    page.get_by_role("button", name="Start the camera").click()
    box = page.get_by_label("I have read this")
    expect(box).to_be_focused()
    expect(box).to_have_accessible_description(re.compile("Please tick this first"))
    consent(page)
    expect(page.get_by_role("alert")).to_contain_text("camera", ignore_case=True)
    expect(page.get_by_role("alert")).to_be_focused()
    accessible_in_both_themes(page)
    assert sessions(live, person) == []


def test_the_page_says_why_it_needs_javascript(visit: Visit, person: requests.Session) -> None:
    visitor = visit(java_script_enabled=False)
    visitor.sign_in_as(person)
    page = visitor.open("/live")
    expect(page.locator("noscript .notice")).to_be_visible()  # Playwright finds no text in a noscript element
    expect(page.get_by_role("button", name="Start the camera")).to_be_hidden()
    expect(page.get_by_role("heading", name="Before the camera starts")).to_be_visible()
