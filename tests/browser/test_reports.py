"""A report in a real browser: asked for, watched, taken in four formats, opened."""

import csv
import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import openpyxl
import pypdfium2
import pytest
from playwright.sync_api import Page, expect

from tests.browser.records import connect
from tests.browser.test_every_page import accessible_in_both_themes, sideways
from tests.factories import PASSWORD
from tests.live import Live

pytestmark = pytest.mark.browser
# enough that a worker needs seconds for them
MANY = """
    WITH someone AS (
        INSERT INTO users (id, email, password_hash, full_name)
        VALUES (gen_random_uuid(), gen_random_uuid() || '@example.org', 'none', 'Test Example') RETURNING id
    )
    INSERT INTO analysis_records
    SELECT gen_random_uuid(), id, 'A made-up sentence.', 'API', 'LOW', 0.9, 'test-many', 5,
        '2024-01-01'::timestamptz + n * interval '1 second', '2024-01-01'::timestamptz + n * interval '1 second',
        gen_random_uuid()
    FROM someone, generate_series(1, 90000) AS n
"""
Visit = Callable[..., Any]


@pytest.fixture(scope="module")
def bob(live: Live) -> Any:
    """A clinician on a desk with some texts of six people; one source's name is made to run in a spreadsheet."""
    with connect(live) as connection:
        for person in range(6):
            owner = uuid4()
            connection.execute(
                "INSERT INTO users (id, email, password_hash, full_name) VALUES (%s, %s, %s, 'Test Example')",
                (owner, f"reported-{owner}@example.org", PASSWORD),
            )
            for number in range(5):
                connection.execute(
                    "INSERT INTO analysis_records VALUES (gen_random_uuid(), %s, 'A made-up sentence.', '=1+1', %s, "
                    "0.8, '-0.5', 5, '2025-01-10', '2025-01-10', gen_random_uuid())",
                    (owner, ("LOW", "MODERATE", "HIGH")[(person + number) % 3]),
                )
    return live.signed_in(live.account("CLINICIAN"))


def taken(page: Page, kind: str, folder: Path) -> bytes:
    with page.expect_download() as coming:
        page.get_by_role("link", name=kind, exact=True).click()
    coming.value.save_as(folder / kind)
    return (folder / kind).read_bytes()


def test_a_report_is_asked_for_watched_and_taken(visit: Visit, bob: Any, tmp_path: Path) -> None:
    visitor = visit()
    visitor.sign_in_as(bob)
    page = visitor.open("/reports")
    page.get_by_role("link", name="Texts, row by row").click()
    page.get_by_label("From day").fill("2025-01-09")
    page.get_by_label("Up to day").fill("2025-01-11")
    page.get_by_role("button", name="Build the report").click()
    expect(page.locator("#state")).to_contain_text("Ready", timeout=60_000)
    expect(page).to_have_title("Ready: Texts, row by row · Quietus AI")
    accessible_in_both_themes(page)

    lines = list(csv.DictReader(io.StringIO(taken(page, "CSV", tmp_path).decode("utf-8-sig"))))
    assert len(lines) == 30
    assert {line["source"] for line in lines} == {"'=1+1"}
    sheet = openpyxl.load_workbook(io.BytesIO(taken(page, "XLSX", tmp_path))).worksheets[1]
    assert (sheet["D2"].value, sheet["D2"].data_type) == ("=1+1", "s")
    assert sheet["F2"].data_type == "n"
    pdf = pypdfium2.PdfDocument(taken(page, "PDF", tmp_path))
    assert "Texts, row by row" in pdf[0].get_textpage().get_text_bounded()
    assert b'"row_count": 30' in taken(page, "JSON", tmp_path)


def test_the_bar_moves_until_the_report_is_ready(visit: Visit, live: Live, bob: Any) -> None:
    with connect(live) as connection:
        connection.execute(MANY)
    visitor = visit()
    visitor.sign_in_as(bob)
    page = visitor.open("/reports/new/analyses_rows?from=2024-01-01&to=2024-01-03")
    page.get_by_role("button", name="Build the report").click()
    bar = page.get_by_role("progressbar", name="Progress")
    expect(bar).to_have_attribute("max", "90000", timeout=60_000)
    # some of them are read and some are not
    expect(page.locator("#state")).to_contain_text(re.compile(r"[1-9][0-9],000 of 90,000 rows read"), timeout=60_000)
    expect(page.locator("#state")).to_contain_text("90,000 rows. Take it home", timeout=120_000)
    page.get_by_role("link", name="Reports", exact=True).first.click()
    expect(page.get_by_role("row", name="Texts, row by row").first).to_contain_text("Ready")


def test_every_page_of_reports_is_usable_by_everybody(visit: Visit, bob: Any) -> None:
    visitor = visit()
    visitor.sign_in_as(bob)
    for path in ("/reports", "/reports/new/video_trend", "/reports/summaries", "/reports/summaries/daily:2025-01-10"):
        page = visitor.open(path)
        accessible_in_both_themes(page)
        page.set_viewport_size({"width": 320, "height": 640})
        assert sideways(page) <= 0, path
        page.set_viewport_size({"width": 1280, "height": 800})
