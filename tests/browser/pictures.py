"""`make pictures`: every page as each role sees it, at three widths in light and dark, into var/pictures/.

Contact sheets put many side by side to look at; the best go into docs/pictures/. `ONLY=review` takes those pages alone.
"""

import os
import shutil
import sys
from typing import Final

from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.conftest import FLAGS, own_chromium
from tests.browser.contact_sheets import write_sheets
from tests.browser.demo_desk import Cast, add_made_up_data, empty_desk
from tests.browser.document_pictures import write_documents
from tests.live import PROJECT

PICTURES: Final = PROJECT / "var" / "pictures"
ONLY: Final = os.environ.get("ONLY", "")
WIDTHS: Final = (1440, 768, 360)
THEMES: Final = ("light", "dark")
TALLEST: Final = 4000

EMPTY: Final = {
    "USER": ("/history", "/sessions", "/me/access-log"),
    "CLINICIAN": ("/review",),
    "ANALYST": ("/dashboard", "/reports", "/reports/summaries"),
    "AUDITOR": ("/audit?action=retention%3Aapplied",),
    "ADMIN": ("/admin/start", "/admin/users?words=nobody", "/admin/failed", "/admin/webhooks"),
}
FILLED: Final = {
    "": ("/", "/help", "/auth/sign-in", "/auth/register", "/auth/forgot", "/api/docs", "/no-such-page"),
    "USER": ("/check-in", "/live", "/history", "/sessions", "/me", "/auth/account"),
    "CLINICIAN": ("/review", "/find"),
    "ANALYST": ("/dashboard", "/dashboard/text_models", "/dashboard/text_heat_map", "/reports/new/overview"),
    "AUDITOR": ("/audit", "/audit/verify", "/dashboard/access_review"),
    "ADMIN": ("/admin/state", "/admin/users", "/admin/failed"),
}


def main() -> None:
    shutil.rmtree(PICTURES, ignore_errors=True)
    PICTURES.mkdir(parents=True)
    with empty_desk() as cast, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=own_chromium(playwright), args=FLAGS)
        for role, paths in EMPTY.items():
            _take(browser, cast, role, paths)
        add_made_up_data(cast)
        for role, paths in FILLED.items():
            _take(browser, cast, role, paths)
        _take(browser, cast, "USER", (*cast.results.values(), f"{cast.results['urgent']}/words"))
        _take_item(browser, cast)
        _take_report(browser, cast)
        if not ONLY:
            write_documents(cast, lambda role: signed_in_page(browser, cast, role), PROJECT / "docs" / "pictures")
        browser.close()
    write_sheets(PICTURES)
    sys.stdout.write(f"{len(list(PICTURES.glob('*.png')))} pictures and their contact sheets are in {PICTURES}\n")


def signed_in_page(browser: Browser, cast: Cast, role: str) -> Page:
    """A window of somebody of this role, or of nobody."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
    cookies = cast.people[role].cookies if role else ()
    context.add_cookies([{"name": c.name, "value": c.value or "", "url": cast.live.url} for c in cookies])
    return context.new_page()


def _take(browser: Browser, cast: Cast, role: str, paths: tuple[str, ...]) -> None:
    page = signed_in_page(browser, cast, role)
    for path in paths:
        name = f"{role.lower() or 'guest'}-{_named(cast, path)}{'' if cast.results else '-empty'}"
        if ONLY in name:
            page.goto(cast.live.url + path)
            shoot(page, name)
    page.context.close()


def _named(cast: Cast, path: str) -> str:
    for name, result in cast.results.items():
        path = path.replace(result, f"/result-{name}")
    return "-".join(part for part in path.partition("?")[0].split("/") if part) or "home"


def _take_item(browser: Browser, cast: Cast) -> None:
    """An item of the queue as it is opened, and with a decision that was refused."""
    if ONLY not in "clinician-review-item":
        return
    page = signed_in_page(browser, cast, "CLINICIAN")
    page.goto(f"{cast.live.url}/review")
    page.get_by_role("button", name="Open the next").click()
    shoot(page, "clinician-review-item")
    page.get_by_role("button", name="Save the decision").click()
    shoot(page, "clinician-review-refused")
    page.context.close()


def _take_report(browser: Browser, cast: Cast) -> None:
    if ONLY not in "analyst-report-ready":
        return
    page = signed_in_page(browser, cast, "ANALYST")
    page.goto(f"{cast.live.url}/reports/new/overview_report")
    page.get_by_role("button", name="Build the report").click()
    page.get_by_role("heading", name="Ready").wait_for(timeout=60_000)
    shoot(page, "analyst-report-ready")
    page.goto(f"{cast.live.url}/reports")
    shoot(page, "analyst-reports-asked")
    page.context.close()


def shoot(page: Page, name: str) -> None:
    """At every width, in both themes, from top to bottom."""
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900 if width > 400 else 740})
        for theme in THEMES:
            page.emulate_media(color_scheme=theme, reduced_motion="reduce")
            settle(page)
            height = min(TALLEST, page.evaluate("document.documentElement.scrollHeight"))
            page.screenshot(path=PICTURES / f"{name}-{width}-{theme}.png", full_page=True,
                            clip={"x": 0, "y": 0, "width": width, "height": height})  # fmt: skip
    page.set_viewport_size({"width": 1440, "height": 900})


def settle(page: Page) -> None:
    if page.url.endswith("/api/docs"):
        page.locator(".opblock-summary").first.wait_for()
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


if __name__ == "__main__":
    main()
