"""`make audit`: asks the public lists of known weaknesses about every package that is pinned.

Ends with 0 when both lists were asked and know nothing, 1 when they know something, 3 when one could not be asked.
"""

import json
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
CLEAN, FOUND, NOT_ASKED = 0, 1, 3


def python_packages(name: str) -> int:
    """One requirements file."""
    tool = PROJECT / ".stamps" / "audit-packages" / "bin" / "pip-audit"
    done = subprocess.run(
        [tool, "--requirement", name, "--no-deps", "--disable-pip", "--format", "json", "--progress-spinner", "off"],
        cwd=PROJECT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    try:
        packages = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        return say(NOT_ASKED, name, (done.stderr.strip().splitlines() or ["no answer"])[-1])
    for package in packages:
        for weakness in package.get("vulns", []):
            print(f"  {package['name']} {package['version']}: {weakness['id']} (fixed in {weakness['fix_versions']})")
    if any(package.get("vulns") for package in packages):
        return say(FOUND, name, "known weaknesses, see above")
    unknown = [package["name"] for package in packages if "skip_reason" in package]
    if unknown:
        return say(NOT_ASKED, name, f"{len(unknown)} of {len(packages)} packages could not be looked up")
    return say(CLEAN, name, f"{len(packages)} packages, nothing known")


def page_assets() -> int:
    """package-lock.json."""
    done = subprocess.run(["npm", "audit", "--json"], cwd=PROJECT, capture_output=True, text=True, check=False)
    try:
        counts = json.loads(done.stdout)["metadata"]["vulnerabilities"]
    except (ValueError, KeyError):
        return say(NOT_ASKED, "package-lock.json", "the list of weaknesses could not be asked")
    if counts["total"]:
        print(subprocess.run(["npm", "audit"], cwd=PROJECT, capture_output=True, text=True, check=False).stdout)
        return say(FOUND, "package-lock.json", f"{counts['total']} known weaknesses")
    return say(CLEAN, "package-lock.json", "nothing known")


def say(outcome: int, what: str, words: str) -> int:
    print(f"{ {CLEAN: 'clean', FOUND: 'FOUND', NOT_ASKED: 'NOT ASKED'}[outcome] }: {what}: {words}")
    return outcome


if __name__ == "__main__":
    outcomes = [python_packages("requirements.txt"), python_packages("requirements-test.txt"), page_assets()]
    if NOT_ASKED in outcomes:
        print("Where it says NOT ASKED nothing is known either way: run `make audit` where the lists can be reached.")
    sys.exit(FOUND if FOUND in outcomes else max(outcomes))
