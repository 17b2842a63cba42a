"""What holds for every page: accessible in light and dark, the same frame, no sideways scrolling on a phone."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visitor
from tests.browser.records import STATES, person_id, put, put_session
from tests.live import Live

pytestmark = pytest.mark.browser

Visit = Callable[..., Visitor]
PROJECT = Path(__file__).resolve().parents[2]
AXE = PROJECT / "node_modules" / "axe-core" / "axe.min.js"
OPEN_PAGES = ("/", "/help", "/auth/sign-in", "/auth/register", "/auth/forgot", "/api/docs", "/no-such-page")
ADMIN_PAGES = ("/admin/start", "/admin/state", "/admin/webhooks")
OWN_PAGES = (
    *("/", "/check-in", "/history", "/history?from=soon", "/history?predicted_label=HIGH", "/auth/account"),
    *("/live", "/sessions"),
)
PHONE = {"viewport": {"width": 320, "height": 640}, "has_touch": True, "is_mobile": True}


@pytest.fixture(scope="module")
def person(live: Live) -> Any:
    """Somebody with a text in every state that lasts and two sessions; the addresses of these in `.results`."""
    person = live.signed_in()
    owner = person_id(live, person)
    lasting = [state for state in STATES if state != "PENDING"]
    results = [f"/check-in/{put(live, owner, state)}" for state in lasting]
    results += [f"/sessions/{put_session(live, owner, windows)}" for windows in (0, 9)]
    person.results = results  # type: ignore[attr-defined]
    return person


def settle(page: Page, path: str) -> None:
    if path == "/api/docs":
        page.locator(".opblock-summary").first.wait_for()


def unfold(page: Page) -> None:
    """Open whatever can be opened, so that it is looked at too."""
    page.evaluate("document.querySelectorAll('details').forEach((it) => { it.open = true; })")


def violations(page: Page) -> list[str]:
    page.evaluate(AXE.read_text())
    found = page.evaluate("async () => (await axe.run(document, {resultTypes: ['violations']})).violations")
    return [f"{each['id']}: {node['target']} {node['failureSummary']}" for each in found for node in each["nodes"]]


def accessible_in_both_themes(page: Page) -> None:
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        expect(page.locator("html")).to_have_attribute("data-bs-theme", theme)
        assert violations(page) == [], f"{page.url} {theme}"


def test_axe_finds_nothing_for_a_guest(visit: Visit) -> None:
    visitor = visit()
    for path in OPEN_PAGES:
        settle(visitor.open(path), path)
        accessible_in_both_themes(visitor.page)


def test_axe_finds_nothing_for_a_person(visit: Visit, person: Any) -> None:
    visitor = visit()
    visitor.sign_in_as(person)
    for path in (*OWN_PAGES, *person.results):
        unfold(visitor.open(path))
        accessible_in_both_themes(visitor.page)


def test_axe_finds_nothing_where_a_form_was_refused(visit: Visit, person: Any) -> None:
    visitor = visit()
    for path, button in (("/auth/sign-in", "Sign in"), ("/auth/register", "Create account")):
        page = visitor.open(path)
        page.get_by_role("main").get_by_role("button", name=button).click()
        expect(page.get_by_role("alert")).to_be_visible()
        accessible_in_both_themes(page)
    visitor.sign_in_as(person)
    for path, button in (("/check-in", "Send"), ("/auth/account", "Change password")):
        page = visitor.open(path)
        page.get_by_role("button", name=button).click()
        expect(page.get_by_role("alert")).to_be_visible()
        accessible_in_both_themes(page)


def test_nothing_is_cut_off_or_scrolls_sideways(visit: Visit, person: Any) -> None:
    visitor = visit(**PHONE)

    def fits(path: str) -> None:
        page = visitor.open(path)
        settle(page, path)
        unfold(page)
        for width in (320, 768, 1024):
            page.set_viewport_size({"width": width, "height": 640})
            assert sideways(page) <= 0, f"{path} at {width}"

    for path in OPEN_PAGES:
        fits(path)
    visitor.sign_in_as(person)
    for path in (*OWN_PAGES, *person.results):
        fits(path)


def test_german_pages_are_accessible_and_fit_a_phone(visit: Visit, person: Any) -> None:
    visitor = visit(locale="de-DE", **PHONE)
    for path in ("/", "/help", "/auth/register", "/no-such-page"):
        assert sideways(visitor.open(path)) <= 0, path
        accessible_in_both_themes(visitor.page)
    page = visitor.open("/auth/register")
    page.get_by_role("button", name="Zeigen").click()
    expect(page.locator("#announcer")).to_have_text("Dein Passwort ist sichtbar.")
    page.get_by_role("link", name="English").click()
    expect(page.get_by_role("heading", name="Create an account")).to_be_visible()
    page.get_by_role("button", name="Show").click()
    expect(page.locator("#announcer")).to_have_text("Your password is visible.")
    page.get_by_role("link", name="Deutsch").click()
    visitor.sign_in_as(person)
    for path in ("/", "/auth/account"):
        unfold(visitor.open(path))
        assert sideways(page) <= 0, path
        accessible_in_both_themes(page)


def sideways(page: Page) -> int:
    """How many pixels the content, or a table in its frame, is wider than the room it has."""
    wide: int = page.evaluate(
        """Math.max(...[document.documentElement, ...document.querySelectorAll('.card-table')]
            .map((it) => it.scrollWidth - it.clientWidth))"""
    )
    return wide


@pytest.mark.parametrize("size", [{"viewport": {"width": 1280, "height": 800}}, PHONE], ids=["desk", "phone"])
def test_help_and_the_way_out_stand_in_the_same_place_on_every_page(
    visit: Visit, person: Any, size: dict[str, Any]
) -> None:
    visitor = visit(**size)
    visitor.sign_in_as(person)
    places = set()
    for path in ("/", "/help", "/no-such-page", *OWN_PAGES, person.results[0], person.results[-1]):
        page = visitor.open(path)
        boxes = [page.locator(part).bounding_box() for part in (".strip", ".strip-help a", ".exit")]
        places.add(str(boxes))
        assert page.locator(".strip a[href='tel:988']").is_visible(), path
    assert len(places) == 1


def test_everything_to_press_is_at_least_24_pixels(visit: Visit, person: Any) -> None:
    visitor = visit(**PHONE)
    visitor.sign_in_as(person)
    small = """() => [...document.querySelectorAll(
        'a.exit, .strip a, .masthead a, .foot a, button, input:not([type=hidden]), select, textarea, summary, .btn')]
        .filter((it) => it.checkVisibility()).map((it) => [it.outerHTML.slice(0, 90), it.getBoundingClientRect()])
        .filter(([, box]) => box.width < 24 || box.height < 24 - 0.5).map(([html]) => html)"""
    for path in ("/", "/help", "/auth/account", "/check-in", "/history", "/live", "/sessions", *person.results):
        assert visitor.open(path).evaluate(small) == [], path


def test_the_theme_switch_is_remembered(visit: Visit) -> None:
    page = visit(color_scheme="dark").open("/")
    html = page.locator("html")
    expect(html).to_have_attribute("data-bs-theme", "dark")
    switch = page.get_by_role("button", name="Dark colours")
    expect(switch).to_have_attribute("aria-pressed", "true")
    switch.click()
    expect(html).to_have_attribute("data-bs-theme", "light")
    page.reload()
    expect(html).to_have_attribute("data-bs-theme", "light")
    expect(switch).to_have_attribute("aria-pressed", "false")


def test_a_call_can_be_tried_in_the_api_pages(visit: Visit, person: Any) -> None:
    visitor = visit()
    visitor.sign_in_as(person)
    page = visitor.open("/api/docs")
    call = page.locator(".opblock-get", has=page.locator("[data-path='/api/v1/auth/me']"))
    call.locator(".opblock-summary-control").click()
    call.get_by_role("button", name="Try it out").click()
    call.get_by_role("button", name="Execute").click()
    expect(call.locator(".live-responses-table .response-col_status").last).to_contain_text("200")
    assert violations(page) == []


def test_axe_finds_nothing_on_the_words_of_a_real_outcome_and_for_an_admin(visit: Visit, live: Live) -> None:
    admin = live.signed_in(live.account("ADMIN"))
    text = {"text": "I feel worthless today. I do not want to live any more and I have decided to end it."}
    record = admin.post(f"{live.url}/api/v1/analyses", json=text, headers={"Prefer": "wait=10"}, timeout=30).json()
    visitor = visit()
    visitor.sign_in_as(admin)
    for path in (f"/check-in/{record['id']}/words", *ADMIN_PAGES):
        page = visitor.open(path)
        accessible_in_both_themes(page)
        page.set_viewport_size({"width": 320, "height": 640})
        assert sideways(page) <= 0, path
        page.set_viewport_size({"width": 1280, "height": 800})
    assert visitor.open(f"/check-in/{record['id']}/words").locator(".weigh-up").count() > 0


def test_axe_finds_nothing_for_a_reviewer(visit: Visit, live: Live) -> None:
    owner, bob = person_id(live, live.signed_in()), live.signed_in(live.account("CLINICIAN"))
    text, other, session = put(live, owner, "HIGH"), put(live, owner, "MODERATE"), put_session(live, owner, 9)
    pages = [f"/review/analysis/{text}", f"/review/session/{session}"]
    visitor = visit()
    visitor.sign_in_as(bob)
    for path in pages:
        page = visitor.open(path)
        accessible_in_both_themes(page)
        page.get_by_role("button", name="Open it").click()
    for path in ("/review", *pages, f"{pages[0]}/earlier"):
        page = visitor.open(path)
        unfold(page)
        accessible_in_both_themes(page)
        for width in (320, 768, 1280):
            page.set_viewport_size({"width": width, "height": 800})
            assert sideways(page) <= 0, f"{path} at {width}"
            assert page.evaluate(
                """[...document.querySelectorAll('.card-q table')].every((it) =>
                    it.getBoundingClientRect().right <= it.closest('.card-q').getBoundingClientRect().right)"""
            ), f"{path} at {width}"
    page = visitor.open(pages[0])
    page.get_by_role("button", name="Save the decision").click()
    expect(page.get_by_role("alert")).to_be_visible()
    accessible_in_both_themes(page)
    bob.post(f"{live.url}/api/v1/review/analysis/{text}/decision", json={"outcome": "CANNOT_TELL"}, timeout=10)
    accessible_in_both_themes(visitor.open(pages[0]))
    dora = live.signed_in(live.account("CLINICIAN"))
    assert dora.post(f"{live.url}/api/v1/review/analysis/{other}/claim", timeout=10).status_code == 200
    page = visitor.open(f"/review/analysis/{other}")
    expect(page.get_by_text("Somebody else has this open")).to_be_visible()
    accessible_in_both_themes(page)
