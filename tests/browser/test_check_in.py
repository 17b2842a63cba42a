"""The main job in a real browser: sign up, write, see the outcome; with and without JavaScript, mouse or eyes."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visitor
from tests.browser.records import person_id, put, waiting
from tests.factories import PASSWORD
from tests.live import Live

pytestmark = pytest.mark.browser

Visit = Callable[..., Visitor]
WORDS = "I keep waking at four and lie there counting what I did wrong."
FINAL = "#state:not([data-state=PENDING])"
LABELS = re.compile("(Low|Moderate|High) priority")


def register(page: Page, email: str) -> None:
    page.get_by_label("Name").fill("Alice Example")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()


def test_a_person_registers_writes_and_sees_the_outcome(visit: Visit) -> None:
    page = visit().open("/")
    page.get_by_role("link", name="Create an account").click()
    register(page, "alice-registers@example.org")
    page.get_by_label("What is on your mind?").fill(WORDS)
    page.get_by_role("button", name="Send").click()
    expect(page.locator(FINAL)).to_contain_text(LABELS)
    expect(page.locator("#state")).to_contain_text("sure")
    expect(page.locator(".own-words")).to_have_text(WORDS)


def test_the_outcome_arrives_without_a_reload_and_is_announced(visit: Visit, live: Live) -> None:
    person = live.signed_in()
    visitor = visit()
    visitor.sign_in_as(person)
    with waiting(live, person) as number:
        page = visitor.open(f"/check-in/{number}")
        expect(page.get_by_role("heading", name="Your text is being read")).to_be_visible()
        page.evaluate("window.sameDocument = true")
    # any other text that is sent in rings the bell, and the one that waits is recorded with it
    person.post(f"{live.url}/api/v1/analyses", json={"text": WORDS, "source": "API"}, timeout=10)
    expect(page.locator(FINAL)).to_contain_text(LABELS)
    expect(page.locator("#announcer")).to_contain_text("The result is there")
    expect(page).to_have_title(LABELS)
    assert page.evaluate("window.sameDocument")
    assert page.locator("[hx-get]").count() == 0, "it goes on asking after the end"


def test_the_same_path_works_without_javascript(visit: Visit) -> None:
    page = visit(java_script_enabled=False).open("/auth/register")
    register(page, "alice-plain@example.org")
    page.get_by_label("What is on your mind?").fill(WORDS)
    page.get_by_role("button", name="Send").click()
    expect(page.locator(FINAL)).to_contain_text(LABELS)
    page.get_by_text("Delete this check-in").click()
    page.get_by_role("button", name="Yes, delete it").click()
    expect(page.get_by_role("status").first).to_contain_text("deleted")
    expect(page.get_by_text("Nothing here yet")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("link", name="Sign in")).not_to_have_count(0)


def test_a_waiting_page_reloads_itself_without_javascript(visit: Visit, live: Live) -> None:
    person = live.signed_in()
    visitor = visit(java_script_enabled=False)
    visitor.sign_in_as(person)
    with waiting(live, person) as number:
        page = visitor.open(f"/check-in/{number}")
        expect(page.get_by_role("heading", name="Your text is being read")).to_be_visible()
    person.post(f"{live.url}/api/v1/analyses", json={"text": WORDS, "source": "API"}, timeout=10)
    expect(page.locator(FINAL)).to_contain_text(LABELS)


def test_a_refused_text_is_explained_beside_its_field_and_kept(visit: Visit, live: Live) -> None:
    visitor = visit()
    visitor.sign_in_as(live.signed_in())
    page = visitor.open("/check-in")
    field = page.get_by_label("What is on your mind?")
    field.fill("help")
    expect(page.locator(".count")).to_have_text("At least 5 characters are needed")
    page.get_by_role("button", name="Send").click()
    expect(page.locator("[data-focus-first]")).to_be_focused()
    expect(field).to_have_value("help")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_accessible_description(re.compile("Please write at least 5 characters"))
    page.get_by_role("alert").get_by_role("link").click()
    expect(field).to_be_focused()


def test_the_counter_counts_as_the_server_does(visit: Visit, live: Live) -> None:
    visitor = visit()
    visitor.sign_in_as(live.signed_in())
    page = visitor.open("/check-in")
    field = page.get_by_label("What is on your mind?")
    # 4,998 letters, one emoji of two UTF-16 units, an e with its accent apart: 5,000 characters once composed
    field.fill("  " + "a" * 4998 + "\U0001f30a" + "e\u0301" + "\n\n")
    expect(page.locator(".count")).to_have_text("5,000 of 5,000 characters")
    expect(page.locator("#announcer")).to_have_text("5,000 of 5,000 characters")
    page.get_by_role("button", name="Send").click()
    expect(page.locator(FINAL)).to_contain_text(LABELS)


def test_the_keyboard_alone_is_enough(visit: Visit, live: Live) -> None:
    page = visit().open("/auth/sign-in")
    email = live.signed_in().get(f"{live.url}/api/v1/auth/me", timeout=10).json()["user"]["email"]
    reach_by_tab(page, "Skip to the content")
    page.keyboard.press("Enter")
    reach_by_tab(page, "E-mail address")
    page.keyboard.type(email)
    reach_by_tab(page, "Password")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="How are you?")).to_be_visible()
    reach_by_tab(page, "Skip to the content")
    page.keyboard.press("Enter")
    reach_by_tab(page, "What is on your mind?")
    page.keyboard.type(WORDS)
    reach_by_tab(page, "Send")
    page.keyboard.press("Enter")
    expect(page.locator(FINAL)).to_contain_text(LABELS)


def reach_by_tab(page: Page, name: str) -> None:
    """Press Tab until the element of this name has the focus; each stop must be visible as one."""
    for _ in range(12):
        page.keyboard.press("Tab")
        found, outline = page.evaluate(
            """() => {
                const it = document.activeElement;
                return [(it.labels?.[0] ?? it).textContent.trim(), parseFloat(getComputedStyle(it).outlineWidth)];
            }"""
        )
        assert outline >= 2, f"the focus on {found!r} cannot be seen"
        if found == name:
            return
    raise AssertionError(f"Tab does not reach {name!r}")


def test_a_password_can_be_looked_at(visit: Visit) -> None:
    page = visit().open("/auth/sign-in")
    field = page.get_by_label("Password", exact=True)
    field.fill("four small words here")
    button = page.get_by_role("button", name="Show password")
    button.click()
    expect(field).to_have_attribute("type", "text")
    expect(button).to_have_attribute("aria-pressed", "true")
    button.click()
    expect(field).to_have_attribute("type", "password")


def test_a_failed_text_says_so_and_can_be_tried_again(visit: Visit, live: Live) -> None:
    person = live.signed_in()
    failed = put(live, person_id(live, person), "FAILED")
    visitor = visit()
    visitor.sign_in_as(person)
    page = visitor.open(f"/check-in/{failed}")
    expect(page.locator("#state")).to_contain_text("Could not be read")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("#state[data-state=LOW], #state[data-state=MODERATE], #state[data-state=HIGH]")).to_be_visible()


def test_a_page_left_open_after_the_sign_in_ended_asks_to_sign_in(visit: Visit, live: Live) -> None:
    person = live.signed_in()
    visitor = visit()
    visitor.sign_in_as(person)
    with waiting(live, person) as number:
        page = visitor.open(f"/check-in/{number}")
        visitor.context.clear_cookies()
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    visitor.complaints[:] = [said for said in visitor.complaints if "status of 401" not in said]
