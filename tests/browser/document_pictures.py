"""The pictures of the documents: the top of eight pages, small enough for a repository."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Final, Literal, NamedTuple

from PIL import Image
from playwright.sync_api import Page

from tests.browser.demo_desk import Cast

LARGEST: Final = 150_000
COLOURS: Final = 128


class Shot(NamedTuple):
    """A page, and the element that its picture begins with."""

    name: str
    role: str
    path: str
    top: str = ""
    theme: Literal["light", "dark"] = "light"


def _shots(cast: Cast) -> tuple[Shot, ...]:
    return (
        Shot("home", "", "/"),
        Shot("result", "USER", cast.results["worried"]),
        Shot("session", "USER", cast.results["session"], "#timeline-title", "dark"),
        Shot("queue", "CLINICIAN", "/review"),
        Shot("item", "CLINICIAN", ""),
        Shot("dashboard", "ANALYST", "/dashboard", ".figures"),
        Shot("heat-map", "ANALYST", "/dashboard/text_heat_map", ".fig", "dark"),
        Shot("first-steps", "ADMIN", "/admin/start"),
    )


def write_documents(cast: Cast, window: Callable[[str], Page], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for shot in _shots(cast):
        page = window(shot.role)
        page.set_viewport_size({"width": 1200, "height": 800})
        page.emulate_media(color_scheme=shot.theme, reduced_motion="reduce")
        _go(page, cast, shot)
        _save(page, folder / f"{shot.name}.png")
        page.context.close()


def _go(page: Page, cast: Cast, shot: Shot) -> None:
    page.goto(cast.live.url + (shot.path or "/review"))
    if not shot.path:  # an item has no address before it is opened
        page.get_by_role("button", name="Open the next").click()
        page.get_by_role("button", name="Save the decision").wait_for()
    if shot.top:
        page.locator(shot.top).first.evaluate("(it) => window.scrollTo(0, it.getBoundingClientRect().top - 90)")
    page.wait_for_timeout(400)  # charts and scrolling come to rest


def _save(page: Page, file: Path) -> None:
    """With as many colours as a calm page needs; refuses what has grown too large."""
    with Image.open(io.BytesIO(page.screenshot())) as picture:
        few = picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    few.save(file, optimize=True)
    if file.stat().st_size > LARGEST:
        raise AssertionError(f"{file.name} has {file.stat().st_size:,} bytes")
