"""The queue is worked through by keyboard alone; what one wrote, wished and held survives."""

import re
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
import requests
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visitor
from tests.browser.records import WORDS, person_id, put, put_session
from tests.live import Live

pytestmark = pytest.mark.browser

Visit = Callable[..., Visitor]


@pytest.fixture
def waiting(live: Live) -> list[UUID]:
    """Three items of somebody: two HIGH texts, and a session. What other tests left is read before them, or not."""
    person = live.signed_in()
    owner = person_id(live, person)
    return [put(live, owner, "HIGH"), put(live, owner, "MODERATE"), put_session(live, owner, 9)]


def reviewer(visit: Visit, live: Live, **options: Any) -> tuple[Visitor, requests.Session]:
    visitor, bob = visit(**options), live.signed_in(live.account("CLINICIAN"))
    visitor.sign_in_as(bob)
    return visitor, bob


def the_keys_listen(page: Page) -> None:
    """The page's script has run: a key pressed before goes nowhere. What it shows is marked hidden until then."""
    expect(page.locator("[data-comfort]")).to_be_visible()


def decide_by_keys(page: Page) -> None:
    """From an open item to the page that says it is decided."""
    expect(page.get_by_role("button", name=re.compile("Save the decision"))).to_be_visible()
    the_keys_listen(page)
    page.keyboard.press("1")
    expect(page.get_by_label("It needs attention")).to_be_checked()
    page.keyboard.press("m")
    expect(page.get_by_label("Moderate", exact=False)).to_be_checked()
    page.keyboard.press("s")
    expect(page.get_by_role("heading", name="Decided")).to_be_visible()
    the_keys_listen(page)


def test_the_queue_is_worked_through_by_keyboard_alone(visit: Visit, live: Live, waiting: list[UUID]) -> None:
    visitor, bob = reviewer(visit, live)
    page = visitor.open("/review")
    waits = bob.get(f"{live.url}/api/v1/review/queue?limit=200", timeout=10).json()["items"]
    left = {item["id"] for item in waits if item["state"] == "FREE"}  # readers of other tests have theirs open
    assert set(map(str, waiting)) <= left
    page.keyboard.press("j")
    expect(page.locator("[data-open]").first).to_be_focused()
    page.keyboard.press("j")
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    for _ in range(len(left)):
        decide_by_keys(page)
        page.keyboard.press("n")
    expect(page.get_by_text("Nothing is free to open at the moment.")).to_be_visible()
    expect(page.locator("[data-open]")).to_have_count(0)  # what readers of other tests have open stays there


def test_undo_give_back_and_the_way_back_have_keys(visit: Visit, live: Live, waiting: list[UUID]) -> None:
    visitor, _ = reviewer(visit, live)
    page = visitor.open("/review")
    page.keyboard.press("n")
    decide_by_keys(page)
    address = page.url
    page.keyboard.press("u")
    expect(page.get_by_role("button", name=re.compile("Save the decision"))).to_be_visible()
    assert page.url == address
    the_keys_listen(page)
    page.keyboard.press("r")
    expect(page.get_by_text("The item is back in the queue.")).to_be_visible()
    the_keys_listen(page)
    page.keyboard.press("?")
    expect(page.get_by_text("Open the next item")).to_be_visible()


def test_keys_rest_while_somebody_writes_and_can_be_switched_off(visit: Visit, live: Live, waiting: list[UUID]) -> None:
    visitor, _ = reviewer(visit, live)
    page = visitor.open("/review")
    page.keyboard.press("n")
    note = page.get_by_label("Your note", exact=True)
    note.press_sequentially("1 sunny morning, r u s")
    expect(note).to_have_value("1 sunny morning, r u s")
    expect(page.get_by_label("It needs attention")).not_to_be_checked()
    page.get_by_text("How you like to read").click()
    page.get_by_label("Single keys").uncheck()
    page.reload()
    page.keyboard.press("1")
    expect(page.get_by_label("It needs attention")).not_to_be_checked()
    expect(page.locator(".key-hint").first).to_be_hidden()


def test_blur_and_calm_are_kept_in_the_browser(visit: Visit, live: Live, waiting: list[UUID]) -> None:
    visitor, _ = reviewer(visit, live)
    page = visitor.open(f"/review/analysis/{waiting[0]}")
    page.get_by_role("button", name="Open it").click()
    text = page.locator(".review-text")
    expect(text).to_have_css("filter", "none")
    page.get_by_text("How you like to read").click()
    page.get_by_label("Blur texts").check()
    page.get_by_label("Calm view").check()
    page.reload()
    expect(text).to_have_css("filter", re.compile("blur"))
    page.get_by_role("button", name=re.compile("Show the text")).click()
    expect(text).to_have_css("filter", "none")
    expect(page.locator("html")).to_have_attribute("data-calm", "on")


def test_an_open_page_renews_its_claim(visit: Visit, live: Live, waiting: list[UUID]) -> None:
    visitor, _ = reviewer(visit, live)
    visitor.page.clock.install()
    page = visitor.open(f"/review/analysis/{waiting[0]}")
    with page.expect_navigation():  # the page that comes must have set its clock before the hands are turned
        page.get_by_role("button", name="Open it").click()
    with page.expect_response(re.compile("/renew$")) as renewed:
        page.clock.fast_forward("05:01")
    assert renewed.value.status == 200


def test_a_break_is_suggested_after_a_while(visit: Visit, live: Live, waiting: list[UUID]) -> None:
    visitor, _ = reviewer(visit, live)
    page = visitor.open("/review")
    page.evaluate(
        """localStorage.setItem("quietus-review-work",
            JSON.stringify({began: Date.now() - 50 * 60000, items: 19, last: Date.now()}))"""
    )
    page.keyboard.press("n")
    decide_by_keys(page)
    expect(page.get_by_text("Time for a short break?")).to_be_visible()
    page.goto(f"{page.url}?language=de")
    expect(page.get_by_text(re.compile("Du hast gelesen: 20 Einträge in 5. Minuten"))).to_be_visible()
    page.get_by_role("button", name="Ich hatte eine Pause").click()
    page.reload()
    the_keys_listen(page)
    expect(page.get_by_text("Zeit für eine kurze Pause?")).to_be_hidden()


def test_all_of_it_works_without_javascript(visit: Visit, live: Live, waiting: list[UUID]) -> None:
    visitor, _ = reviewer(visit, live, java_script_enabled=False)
    page = visitor.open("/review")
    page.get_by_role("button", name="Open the next").click()
    page.get_by_label("Nothing of concern in it").check()
    page.get_by_label("Your note", exact=True).fill("Read twice.")
    page.get_by_role("button", name="Save the decision").click()
    expect(page.get_by_role("heading", name="Decided")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    page.get_by_role("link", name="What else this person has sent").click()
    expect(page.get_by_text(WORDS).first).to_be_visible()
    page.get_by_role("link", name="Back to the item").click()
    page.get_by_role("button", name="Give it back undecided").click()
    expect(page.get_by_text("The item is back in the queue.")).to_be_visible()
