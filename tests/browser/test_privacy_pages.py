"""The pages of My data, the audit and the desk's running: accessible in light and dark, and fit for a phone."""

from collections.abc import Callable
from typing import Any

import pytest
import requests
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visitor
from tests.browser.records import person_id, put
from tests.browser.test_every_page import accessible_in_both_themes, sideways, unfold
from tests.factories import PASSWORD
from tests.live import Live

pytestmark = pytest.mark.browser

Visit = Callable[..., Visitor]
NOTE = "She called and asked for it."


@pytest.fixture(scope="module")
def person(live: Live) -> requests.Session:
    """Somebody with a text that an admin has read."""
    person = live.signed_in()
    put(live, person_id(live, person), "FAILED")
    return person


def sound(page: Page) -> None:
    unfold(page)
    accessible_in_both_themes(page)
    for width in (320, 768):
        page.set_viewport_size({"width": width, "height": 640})
        assert sideways(page) <= 0, f"{page.url} at {width}"
    page.set_viewport_size({"width": 1280, "height": 800})


def test_an_admin_reads_with_a_reason_and_the_person_sees_it(visit: Visit, live: Live, person: Any) -> None:
    admin = visit()
    admin.sign_in_as(live.signed_in(live.account("ADMIN")))
    email = person.get(f"{live.url}/api/v1/auth/me", timeout=30).json()["user"]["email"]
    for path in ("/audit", "/audit?who=nobody@example.org", "/audit?from=soon", "/audit/verify", "/admin/state"):
        sound(admin.open(path))
    page = admin.open("/find")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("alert")).to_be_visible()
    sound(page)
    page.get_by_label("Address or account id").fill(email)
    page.get_by_label("Why do you need to read this?").select_option("PERSON_ASKED")
    page.get_by_label("In your own words").fill(NOTE)
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("button", name="Open")).to_be_visible()
    sound(page)
    page.get_by_role("button", name="Open").click()
    expect(page.get_by_role("heading", name="What was written")).to_be_visible()
    sound(page)
    for path in ("/admin/failed", "/admin/users", f"/admin/users?words={email}", "/admin/users?state=shut"):
        sound(admin.open(path))
    admin.open(f"/admin/users?words={email}").get_by_role("link", name=email).click()
    sound(admin.page)
    admin.page.get_by_role("button", name="Ask for erasure").click()
    expect(admin.page.get_by_role("status").first).to_be_visible()
    sound(admin.page)
    sound(admin.open("/admin/users"))
    reader = visit()
    reader.sign_in_as(person)
    page = reader.open("/me/access-log")
    expect(page.get_by_text("The person asked me to").first).to_be_visible()
    sound(page)


def test_a_person_asks_to_be_erased_by_keyboard_and_stays_after_all(visit: Visit, live: Live) -> None:
    visitor = visit()
    visitor.sign_in_as(live.signed_in())
    page = visitor.open("/me")
    sound(page)
    sound(visitor.open("/me/access-log"))
    page = visitor.open("/me")
    page.get_by_text("Erase my account and everything in it").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Erase me").click()
    expect(page.get_by_role("alert")).to_be_visible()
    sound(page)
    page.get_by_label("Your password", exact=True).fill(PASSWORD)
    page.get_by_label("The word ERASE").fill("ERASE")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Your account will be erased on")).to_be_visible()
    sound(page)
    page.get_by_role("button", name="Keep my account").click()
    expect(page.get_by_text("Nothing will be erased.")).to_be_visible()


def test_the_download_is_a_zip(visit: Visit, live: Live, person: Any) -> None:
    visitor = visit()
    visitor.sign_in_as(person)
    page = visitor.open("/me")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download everything").click()
    assert download.value.suggested_filename == "my-data.zip"
