from tests.browser.test_reports import bob  # noqa
from tests.browser.test_dashboard import auditor # noqa
from tests.browser.test_every_page import sideways, unfold, violations
import re
def test_shots(visit, bob, auditor, live):
    wide = []
    for who, paths in ((auditor, ("/dashboard?from=2025-01-01&to=2026-12-31", "/dashboard/text_models?from=2025-01-01", "/dashboard/person_file", "/dashboard?tz=Mars", "/dashboard/text_heat_map")), (bob, ("/reports", "/reports/new/text_trend", "/reports/summaries", "ORDER", "/reports/summaries/daily:2025-01-10"))):
        for width in (360, 1440):
            v = visit(viewport={"width": width, "height": 800})
            v.sign_in_as(who)
            v.context.add_cookies([{"name": "quietus-language", "value": "de", "url": v.url}])
            for n, path in enumerate(paths):
                if path == "ORDER":
                    page = v.open("/reports/new/text_distribution")
                    page.locator("#from").fill("2025-01-09"); page.locator("#to").fill("2025-01-11")
                    page.get_by_role("button", name="Bericht erstellen").click()
                    page.get_by_role("heading", name="Fertig").wait_for(timeout=60000)
                    for kind in ("PDF", "XLSX"):
                        with page.expect_download() as c:
                            page.get_by_role("link", name=kind, exact=True).click()
                        c.value.save_as(f"/tmp/w4shots/{kind}-{width}")
                else:
                    page = v.open(path)
                page.wait_for_timeout(500)
                name = re.sub(r"\W+", "_", path)
                if sideways(page) > 0: wide.append((path, width, sideways(page)))
                page.screenshot(path=f"/tmp/w4shots/{name}-{width}.png", full_page=True)
                unfold(page)
                if sideways(page) > 0: wide.append((path, width, sideways(page), "unfolded"))
                found = violations(page)
                if found: wide.append((path, width, found[:2]))
    print("WIDE", wide)
    assert wide == []
