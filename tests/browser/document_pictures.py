"""The pictures of the documents: the top of eight pages, small enough for a repository."""

import io
from pathlib import Path
from typing import Final

from PIL import Image
from playwright.sync_api import Browser, Page

from tests.browser.demo_desk import Cast

SIZE: Final = {"width": 1200, "height": 800}
LARGEST: Final = 150_000
COLOURS: Final = 96


def write_documents(browser: Browser, cast: Cast, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)


def save(page: Page, file: Path) -> None:
    """With as many colours as a calm page needs; refuses what has grown too large."""
    with Image.open(io.BytesIO(page.screenshot())) as picture:
        few = picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    few.save(file, optimize=True)
    if file.stat().st_size > LARGEST:
        raise AssertionError(f"{file.name} has {file.stat().st_size:,} bytes")
