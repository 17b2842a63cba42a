"""The dashboard in a real browser: charts from tables, both themes, a phone, the keyboard, and without JavaScript."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visitor
from tests.browser.records import STATES, person_id, put
from tests.browser.test_every_page import PHONE, accessible_in_both_themes, sideways, unfold
from tests.live import Live

pytestmark = pytest.mark.browser

Visit = Callable[..., Visitor]
PAGES = (
    "/dashboard",
    "/dashboard?tz=Mars",
    "/dashboard/text_models",
    "/dashboard/text_heat_map",
    "/dashboard/person_file",
)


@pytest.fixture(scope="module")
def auditor(live: Live) -> Any:
    """Somebody who sees every figure, on a desk with some texts."""
    writer = live.signed_in()
    for state in STATES:
        put(live, person_id(live, writer), state)
    return live.signed_in(live.account("AUDITOR"))


@pytest.fixture
def page(visit: Visit, auditor: Any) -> Page:
    visitor = visit()
    visitor.sign_in_as(auditor)
    return visitor.open("/dashboard")


def drawn(page: Page, name: str) -> Any:
    """The chart of a figure, as Chart.js holds it; it is drawn when it comes into view."""
    page.locator(f"[data-figure={name}]").scroll_into_view_if_needed()
    chart = page.wait_for_function(
        "(name) => { const chart = Chart.getChart(document.querySelector(`[data-figure=${name}] canvas`));"
        " return chart && {data: chart.data.datasets.map((it) => it.data.map(Number)),"
        " colour: chart.data.datasets.at(-1).borderColor}; }",
        arg=name,
    )
    return chart.json_value()


def test_a_chart_holds_the_numbers_of_its_table(page: Page) -> None:
    table = page.locator("[data-figure=text_distribution] [data-figure-table]")
    expect(table).to_be_visible()
    cells = table.locator("td[data-column=counted]").all_text_contents()
    assert drawn(page, "text_distribution")["data"] == [[float(cell.replace(",", "")) for cell in cells]]
    assert sum(drawn(page, "text_trend")["data"][0]) >= 1


def test_charts_follow_the_theme(page: Page) -> None:
    light = drawn(page, "text_trend")["colour"]
    page.get_by_role("button", name="Dark colours").click()
    page.wait_for_function(
        "(light) => Chart.getChart(document.querySelector('[data-figure=text_trend] canvas'))"
        ".data.datasets.at(-1).borderColor !== light",
        arg=light,
    )


def test_paper_gets_every_chart_and_is_white(visit: Visit, auditor: Any) -> None:
    visitor = visit(color_scheme="dark")
    visitor.sign_in_as(auditor)
    page = visitor.open("/dashboard")
    page.evaluate("""addEventListener('beforeprint', () => { window.onPaper = [document.documentElement.dataset.bsTheme,
        [...document.querySelectorAll('[data-chart] canvas')].filter((it) => !Chart.getChart(it)).length]; })""")
    page.pdf()
    assert page.evaluate("window.onPaper") == ["light", 0]
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")


def test_the_sql_opens_by_keyboard_and_is_copied(page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    figure = page.locator("[data-figure=overview]")
    figure.locator("summary", has_text="Show SQL").focus()
    page.keyboard.press("Enter")
    expect(figure.locator("textarea")).to_be_visible()
    figure.get_by_role("button", name="Copy").click()
    expect(page.locator("#announcer")).to_have_text("Copied.")
    assert page.evaluate("navigator.clipboard.readText()") == figure.locator("textarea").input_value()


def test_a_filter_goes_into_the_address(page: Page) -> None:
    page.locator("summary", has_text="Choose period and filters").click()
    page.get_by_label("Source of texts").select_option("TRANSCRIPT")  # no other test sends any
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page).to_have_url(re.compile("source=TRANSCRIPT"))
    expect(page.locator("[data-figure=text_distribution] .notice")).to_contain_text("Nothing was counted")
    page.get_by_role("link", name="Start over").click()
    expect(page).to_have_url(re.compile("/dashboard$"))


def test_without_javascript_every_number_is_there(visit: Visit, auditor: Any) -> None:
    visitor = visit(java_script_enabled=False)
    visitor.sign_in_as(auditor)
    page = visitor.open("/dashboard")
    expect(page.locator("[data-figure=overview] .tile").first).to_be_visible()
    page.locator("[data-figure=text_trend] summary", has_text="The numbers as a table").click()
    expect(page.locator("[data-figure=text_trend] table")).to_be_visible()
    expect(page.locator("[data-figure=text_trend] .chart")).to_be_hidden()


def test_axe_finds_nothing_and_nothing_scrolls_sideways_on_a_phone(visit: Visit, auditor: Any) -> None:
    visitor = visit()
    visitor.sign_in_as(auditor)
    for path in PAGES:
        page = visitor.open(path)
        unfold(page)
        accessible_in_both_themes(page)
        page.set_viewport_size(PHONE["viewport"])
        assert sideways(page) <= 0, path
        page.set_viewport_size({"width": 1280, "height": 800})
