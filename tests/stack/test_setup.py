"""The set-up: what `make` lists, what npm may fetch, and that every page asset a template names is copied."""

import json
import re
import subprocess
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]


def test_make_lists_every_command() -> None:
    done = subprocess.run(["make"], cwd=PROJECT, capture_output=True, text=True, check=True)
    listed = set(re.findall(r"^  make (\w+)", done.stdout, flags=re.M))
    assert listed >= {"help", "run", "demo", "test", "lint", "fuzz", "audit", "bench", "chaos"}
    assert listed >= {"train", "pins", "clean"}


def test_the_lock_file_names_nobodys_registry() -> None:
    packages = json.loads((PROJECT / "package-lock.json").read_text())["packages"]
    for name, entry in packages.items():
        assert entry.get("resolved", "https://registry.npmjs.org/").startswith("https://registry.npmjs.org/"), name
        assert not name or entry["integrity"].startswith("sha512-"), name


def test_every_npm_version_is_exact() -> None:
    wanted = json.loads((PROJECT / "package.json").read_text())
    for version in (wanted["dependencies"] | wanted["devDependencies"]).values():
        assert re.fullmatch(r"\d+\.\d+\.\d+", version)


def test_every_asset_that_a_page_names_is_copied() -> None:
    copied = set(re.findall(r'^  "([^"]+)": "', (PROJECT / "vendor.mjs").read_text(), flags=re.M))
    templates = (PROJECT / "quietus" / "templates").rglob("*.html")
    named = {name for page in templates for name in re.findall(r"filename='vendor/([^']+)'", page.read_text())}
    assert named
    assert named <= copied


def test_every_python_pin_is_exact_and_names_no_index() -> None:
    for file in PROJECT.glob("requirements*.txt"):
        lines = [line for line in file.read_text().splitlines() if line and not line.startswith("#")]
        assert all(re.fullmatch(r"[\w.-]+==[\w.]+|-r requirements\.txt", line) for line in lines), file.name
