"""Leaving at once: by the link or by Esc twice, and Back does not return to the page that was left."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visitor

pytestmark = pytest.mark.browser

ELSEWHERE = "https://www.wikipedia.org/"


@pytest.fixture
def page(visit: Callable[..., Visitor]) -> Page:
    """A person who came from the help page to the sign-in page; the ordinary page is made up."""
    visitor = visit(elsewhere=ELSEWHERE)
    visitor.context.route(
        f"{ELSEWHERE}**", lambda route: route.fulfill(content_type="text/html", body="<h1>An ordinary page</h1>")
    )
    visitor.open("/help")
    return visitor.open("/auth/sign-in")


def left_without_a_trace(page: Page) -> None:
    expect(page.get_by_role("heading", name="An ordinary page")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", name="Get help now")).to_be_visible()


def test_the_link_replaces_the_page(page: Page) -> None:
    page.get_by_role("link", name="Leave this site now").click()
    left_without_a_trace(page)


def test_escape_twice_replaces_the_page(page: Page) -> None:
    page.get_by_label("E-mail address").focus()
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    left_without_a_trace(page)


def test_escape_once_does_nothing(page: Page) -> None:
    page.keyboard.press("Escape")
    page.wait_for_timeout(1200)
    page.keyboard.press("Escape")
    page.wait_for_timeout(300)
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_the_link_is_an_ordinary_one_without_javascript(visit: Callable[..., Visitor]) -> None:
    visitor = visit(java_script_enabled=False)
    link = visitor.open("/help").get_by_role("link", name="Leave this site now")
    expect(link).to_have_attribute("href", ELSEWHERE)
    expect(link).to_have_attribute("rel", "noreferrer")
