"""`make lighthouse`: Google's audit of five pages on a desk of made-up data; exit 1 where a category is under 95.

It runs as Lighthouse does by default: a slow phone on a slow network, simulated. The table goes into
docs/performance.md.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import sync_playwright

from quietus.core import clock
from tests.browser.conftest import own_chromium
from tests.browser.demo_desk import Cast, add_made_up_data, empty_desk
from tests.live import PROJECT

PROGRAM: Final = PROJECT / ".stamps" / "lighthouse" / "node_modules" / "lighthouse" / "cli" / "index.js"
DOCUMENT: Final = PROJECT / "docs" / "performance.md"
CATEGORIES: Final = ("performance", "accessibility", "best-practices")
LEAST: Final = 95
FLAGS: Final = "--headless=new --no-sandbox --disable-dev-shm-usage"


def main() -> None:
    found: dict[str, dict[str, Any]] = {}
    with sync_playwright() as playwright:
        chromium = own_chromium(playwright)
    with empty_desk() as cast:
        add_made_up_data(cast)
        for name, role, path in _pages(cast):
            found[name] = _measure(cast, role, path, chromium)
            sys.stdout.write(f"{name}: {_scores(found[name])}\n{_faults(found[name])}")
    _document(found)
    low = [name for name, report in found.items() if min(_scores(report).values()) < LEAST]
    sys.exit(f"under {LEAST}: {', '.join(low)}" if low else 0)


def _pages(cast: Cast) -> tuple[tuple[str, str, str], ...]:
    return (
        ("home", "", "/"),
        ("check-in", "USER", "/check-in"),
        ("result", "USER", cast.results["worried"]),
        ("queue", "CLINICIAN", "/review"),
        ("dashboard", "ANALYST", "/dashboard"),
    )


def _measure(cast: Cast, role: str, path: str, chromium: str | None) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        headers, report = Path(folder) / "headers.json", Path(folder) / "report.json"
        cookies = cast.people[role].cookies if role else ()
        headers.write_text(json.dumps({"Cookie": "; ".join(f"{c.name}={c.value}" for c in cookies)} if role else {}))
        _run(
            ["node", str(PROGRAM), cast.live.url + path, "--quiet", "--output=json", f"--output-path={report}",
             f"--only-categories={','.join(CATEGORIES)}", f"--extra-headers={headers}", f"--chrome-flags={FLAGS}"],
            Path(folder), os.environ | {"CHROME_PATH": chromium or ""},
        )  # fmt: skip
        found: dict[str, Any] = json.loads(report.read_text())
        return found


def _run(command: list[str], folder: Path, environment: dict[str, str]) -> None:
    """Twice, if it has to be: on a busy machine Chromium sometimes loses the start of a page."""
    for _ in range(2):
        if subprocess.run(command, cwd=folder, env=environment, timeout=180, check=False).returncode == 0:
            return
    raise AssertionError("Lighthouse could not look at a page: its reason stands above.")


def _scores(report: dict[str, Any]) -> dict[str, int]:
    return {name: round(100 * (report["categories"][name]["score"] or 0)) for name in CATEGORIES}


def _faults(report: dict[str, Any]) -> str:
    """What took points, and from what."""
    lines = []
    for name in CATEGORIES:
        for part in report["categories"][name]["auditRefs"]:
            audit = report["audits"][part["id"]]
            if part["weight"] and audit["score"] is not None and audit["score"] < 0.9:
                items = [json.dumps(it)[:300] for it in audit.get("details", {}).get("items", [])[:3]]
                lines.append(f"  {name} {part['id']} {audit.get('displayValue', '')} {' '.join(items)}\n")
    return "".join(lines)


def _document(found: dict[str, dict[str, Any]]) -> None:
    lines = [
        "| page | performance | accessibility | best practices | largest paint | blocked |",
        "|---|---|---|---|---|---|",
    ]
    for name, report in found.items():
        times = [report["audits"][it]["displayValue"] for it in ("largest-contentful-paint", "total-blocking-time")]
        lines.append("| " + " | ".join((name, *map(str, _scores(report).values()), *times)).replace("\xa0", " ") + " |")
    version = next(iter(found.values()))["lighthouseVersion"]
    lines += ["", f"Taken {clock.now():%Y-%m-%d} by Lighthouse {version}, at a load of {os.getloadavg()[0]:.1f}."]
    marked = re.compile(r"(<!-- lighthouse -->\n).*?(<!-- /lighthouse -->)", re.DOTALL)
    text = marked.sub(lambda match: f"{match[1]}\n" + "\n".join(lines) + f"\n\n{match[2]}", DOCUMENT.read_text())
    DOCUMENT.write_text(text)


if __name__ == "__main__":
    main()
