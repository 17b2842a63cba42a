"""A real Chromium, and a watch over every page it opens.

Whatever a test is about, its pages must stay silent: no console error, no breach of the content security policy,
no request that leaves our own address. The watch is read when the test ends.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Playwright, sync_playwright

from tests.live import Live

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
PATIENCE_MS = 15_000
# a refused form or a missing page is an answer, which Chromium nevertheless reports as a failed load
ANSWERS = ("status of 404", "status of 422")


def own_chromium(playwright: Playwright) -> str | None:
    named = os.environ.get("QUIETUS_CHROMIUM")
    if named:
        return named
    for program in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(program):
            return found
    installed = playwright.chromium.executable_path
    return installed if Path(installed).exists() else None


@pytest.fixture(scope="session")
def launch() -> Iterator[Callable[..., Browser]]:
    """Starts a Chromium with further flags: `launch("--use-fake-device-for-media-stream")`."""
    with sync_playwright() as playwright:
        program = own_chromium(playwright)
        if program is None:
            reason = "no Chromium: set QUIETUS_CHROMIUM, install chromium, or run `playwright install chromium`"
            # a check that nobody made must not look like one that passed
            if os.environ.get("CI"):
                pytest.fail(reason)
            pytest.skip(reason)
        started: list[Browser] = []

        def start(*flags: str) -> Browser:
            started.append(playwright.chromium.launch(executable_path=program, args=[*FLAGS, *flags]))
            return started[-1]

        yield start
        for browser in started:
            browser.close()


@pytest.fixture(scope="session")
def chromium(launch: Callable[..., Browser]) -> Browser:
    return launch()


@dataclass
class Visitor:
    """One browser window with its own cookies; `complaints` is what its pages should not have done."""

    url: str
    context: BrowserContext
    page: Page
    complaints: list[str] = field(default_factory=list)

    def open(self, path: str) -> Page:
        self.page.goto(self.url + path)
        return self.page

    def hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not any(answer in message.text for answer in ANSWERS):
            self.complaints.append(f"{self.page.url}: {message.text}")

    def sign_in_as(self, person: requests.Session) -> None:
        """Take over the cookie of somebody who signed in over JSON."""
        self.context.add_cookies([{"name": c.name, "value": c.value or "", "url": self.url} for c in person.cookies])


@pytest.fixture
def visit(chromium: Browser, live: Live) -> Iterator[Callable[..., Visitor]]:
    """Opens windows: `visit(color_scheme="dark")`; options are those of Playwright's new_context."""
    opened: list[Visitor] = []

    def new(elsewhere: str = "", browser: Browser = chromium, **options: Any) -> Visitor:
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 800}, **options})
        context.set_default_timeout(PATIENCE_MS)
        page = context.new_page()
        visitor = Visitor(live.url, context, page)
        page.on("console", visitor.hear)
        page.on("pageerror", lambda error: visitor.complaints.append(f"{page.url}: {error}"))

        def stays(request: Any) -> None:
            if not request.url.startswith(live.url) and not (elsewhere and request.url.startswith(elsewhere)):
                visitor.complaints.append(f"{page.url} asked for {request.url}")

        context.on("request", stays)  # of the context: a worker's requests count too
        opened.append(visitor)
        return visitor

    yield new
    complaints = [complaint for visitor in opened for complaint in visitor.complaints]
    for visitor in opened:
        with suppress(Exception):
            visitor.context.close()
    assert complaints == []
