"""What changes elsewhere shows by itself on an open page, is said once, and moves nothing under a finger."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visitor
from tests.browser.records import connect, person_id, put, put_session, put_window
from tests.browser.test_every_page import accessible_in_both_themes
from tests.live import Live

pytestmark = pytest.mark.browser

Visit = Callable[..., Visitor]


def open_with_clock(visitor: Visitor, path: str) -> Page:
    """A page whose timers the test moves on, so that nobody waits."""
    visitor.page.clock.install()
    return visitor.open(path)


def test_the_queue_counts_what_comes_in(visit: Visit, live: Live) -> None:
    visitor = visit()
    visitor.sign_in_as(live.signed_in(live.account("CLINICIAN")))
    page = open_with_clock(visitor, "/review")
    before = int(page.locator("#waiting dd").first.inner_text().split()[0])
    with page.expect_response("**/review/waiting**") as asked:
        page.clock.fast_forward(20_000)
    assert asked.value.status == 204, "nothing has changed: nothing is sent, nothing is said"
    owner = person_id(live, live.signed_in())
    put(live, owner, "HIGH")
    rows = page.locator("tbody tr").count()
    page.clock.fast_forward(20_000)
    expect(page.locator("#waiting dd").first).to_contain_text(str(before + 1))
    expect(page.locator("#announcer")).to_contain_text(f"{before + 1} of high priority")
    assert page.locator("tbody tr").count() == rows, "the list stays as it is"
    accessible_in_both_themes(page)
    page.get_by_role("link", name="Show it as it is now").click()
    expect(page.locator("tbody tr")).to_have_count(rows + 1)
    expect(page.get_by_text("The queue has changed")).to_have_count(0)


def test_a_running_session_grows_and_ends_by_itself(visit: Visit, live: Live) -> None:
    person = live.signed_in()
    owner = person_id(live, person)
    session = put_session(live, owner, 0, "ACTIVE")
    visitor = visit()
    visitor.sign_in_as(person)
    page = open_with_clock(visitor, f"/sessions/{session}")
    expect(page.get_by_role("heading", name="No windows")).to_be_visible()
    put_window(live, owner, session, "MODERATE", 2)
    page.clock.fast_forward(5_000)
    expect(page.locator("#windows tbody tr")).to_have_count(1)
    page.get_by_label("Beside the priority, draw").select_option("movement")
    put_window(live, owner, session, "LOW", 0)
    page.clock.fast_forward(5_000)
    expect(page.locator("#windows tbody tr")).to_have_count(2)
    page.wait_for_function("() => Chart.getChart(document.querySelector('.timeline canvas'))?.data.labels.length === 2")
    expect(page.get_by_label("Beside the priority, draw")).to_have_value("movement")
    expect(page.locator("#announcer")).to_be_empty()
    with connect(live) as connection:
        connection.execute("UPDATE video_sessions SET status = 'ENDED', ended_at = now() WHERE id = %s", (session,))
    page.clock.fast_forward(5_000)
    expect(page.locator("#announcer")).to_have_text("The session has ended.")
    expect(page.get_by_role("button", name="End this session")).to_have_count(0)
