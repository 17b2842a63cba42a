"""What the desk can reach: only what its operator named. No request, and no person, gives it an address to call."""

import ast
import re
from pathlib import Path
from typing import Any

from flask import Flask

PROJECT = Path(__file__).resolve().parents[2]
# who opens connections or starts programs, and where its address comes from; a new one says so here
REACHES_OUT = {
    "core/notices.py": "Apprise addresses of the settings",
    "textmodel/remote.py": "QUIETUS_MODEL_URL; follows no redirect",
    "stack/listening.py": "asks its own web server whether it is ready",
    "stack/valkey.py": "its own broker",
    "stack/state.py": "tries whether a port is free",
    "demo.py": "its own web server",
    "webhooks/addresses.py": "QUIETUS_WEBHOOKS, held against private networks",
    "webhooks/posting.py": "the address that was found good, by number; follows no redirect",
    "accounts/oidc.py": "QUIETUS_OIDC_ISSUER",
    "doctor/settings_checks.py": "the mail server of the settings",
    "core/silence.py": "the database that it is connected to",
    "core/gunicorn_worker.py": "its own listening sockets",
}
CLIENTS = {"http.client", "urllib.request", "requests", "httpx", "socket", "smtplib", "ftplib", "apprise", "aiohttp"}
STARTS_PROGRAMS = {
    "backups/loading.py", "backups/making.py", "demo.py", "demo_desk.py", "stack/postgres.py", "stack/processes.py",
    "stack/programs.py", "stack/register.py", "textmodel/speed.py",
}  # fmt: skip
RUNS_CODE = {"eval", "exec", "compile", "__import__"}
MAKES_MARKUP = ("innerHTML", "outerHTML", "document.write", "eval(", "new Function")
UNSAFE_READERS = {"pickle", "marshal", "shelve", "yaml", "xml", "lxml", "tarfile"}


def imported(file: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found |= {node.module, *(f"{node.module}.{name.name}" for name in node.names)}
    return found


def files() -> dict[str, Path]:
    root = PROJECT / "quietus"
    return {file.relative_to(root).as_posix(): file for file in root.rglob("*.py")}


def test_only_the_listed_modules_open_connections() -> None:
    assert {name for name, file in files().items() if imported(file) & CLIENTS} == set(REACHES_OUT)


def test_only_the_listed_modules_start_programs_and_none_through_a_shell() -> None:
    assert {name for name, file in files().items() if "subprocess" in imported(file)} == STARTS_PROGRAMS
    assert not [name for name, file in files().items() if "shell=True" in file.read_text()]


def test_nothing_turns_data_into_code_or_objects() -> None:
    for name, file in files().items():
        assert not {each.split(".")[0] for each in imported(file)} & UNSAFE_READERS, name
        for node in ast.walk(ast.parse(file.read_text())):
            called = node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""
            assert called not in RUNS_CODE, name


def test_no_page_lets_markup_through_or_makes_a_template_of_words() -> None:
    for page in (PROJECT / "quietus" / "templates").rglob("*"):
        assert not page.is_file() or ("|safe" not in page.read_text() and "autoescape false" not in page.read_text())
    for name, file in files().items():
        assert "render_template_string" not in file.read_text(), name
        assert "Markup(" not in file.read_text(), name
    for script in (PROJECT / "quietus" / "static").rglob("*.*js"):
        if "vendor" not in script.parts:
            words = script.read_text()
            assert not [
                each for each in ("innerHTML", "outerHTML", "document.write", "eval(", "new Function") if each in words
            ]


def test_no_call_takes_an_address_to_go_to(app: Flask) -> None:
    """No field is a URL."""
    document: dict[str, Any] = app.test_client().get("/api/v1/openapi.json").json  # type: ignore[assignment]
    asked = [operation for path in document["paths"].values() for operation in path.values() if "tags" in operation]
    bodies = {
        content["schema"]["$ref"].rpartition("/")[2]
        for operation in asked
        for kind, content in operation.get("requestBody", {}).get("content", {}).items()
        if kind == "application/json"
    }
    names = {name for body in bodies for name in document["components"]["schemas"][body]["properties"]}
    names |= {parameter["name"] for operation in asked for parameter in operation.get("parameters", [])}
    assert len(names) > 30
    assert not [name for name in names if re.search("ur[il]|host|address|callback|redirect|next$", name, re.IGNORECASE)]
