"""Reports from the command line."""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

from flask import Flask

from tests.reports.conftest import Caller

Texts = Callable[..., list[UUID]]
PERIOD = ("--from", "2026-11-01", "--to", "2026-11-10")


def run(app: Flask, *arguments: str) -> Any:
    return app.test_cli_runner().invoke(args=["quietus", "report", *arguments])


def test_a_report_becomes_a_file(app: Flask, texts: Texts, tmp_path: Path, rows: Any) -> None:
    texts(9)
    target = tmp_path / "rows.csv"
    done = run(app, "run", "analyses_rows", *PERIOD, "--format", "csv", "--output", str(target))
    assert done.exit_code == 0, done.output
    assert len(list(csv.DictReader(target.read_text(encoding="utf-8-sig").splitlines()))) == 9
    acts = rows("SELECT action, user_id FROM audit_logs WHERE resource_type = 'report' ORDER BY id")
    assert [(act["action"], act["user_id"]) for act in acts] == [
        ("report:requested", None),
        ("report:downloaded", None),
    ]


def test_it_has_the_rights_that_were_named(app: Flask, bob: Caller, texts: Texts, tmp_path: Path) -> None:
    (subject, *_) = texts()
    file = ["--format", "json", "--output", str(tmp_path / "file.json")]
    about = ["run", "person_file", *PERIOD, "--param", f"subject_id={subject}", *file]
    assert run(app, *about).exit_code == 1
    assert run(app, *about, "--as", "bob@example.org").exit_code == 0
    assert run(app, *about, "--as", "nobody@example.org").exit_code == 1


def test_what_makes_no_sense_ends_with_a_sentence(app: Flask, tmp_path: Path) -> None:
    file = ["--output", str(tmp_path / "x.pdf")]
    for wrong in (["overview_report", "--from", "soon"], ["nothing"], ["overview_report", "--param", "a=b"]):
        done = run(app, "run", *wrong, *file)
        assert done.exit_code == 1
        assert "Error: " in done.output and "Traceback" not in done.output
    nowhere = run(app, "run", "overview_report", *PERIOD, "--output", str(tmp_path / "no" / "x.pdf"))
    assert "cannot be written" in nowhere.output


def test_the_list_names_what_can_be_asked(app: Flask) -> None:
    listed = run(app, "list").output
    assert "overview_report" in listed
    assert "person_file" not in listed, "an analyst may not"
