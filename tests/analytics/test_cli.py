"""`sql NAME` prints a statement that runs as it stands."""

from pathlib import Path
from typing import Any

import psycopg
from flask import Flask

PROJECT = Path(__file__).resolve().parents[2]


def run(app: Flask, *words: str) -> Any:
    return app.test_cli_runner().invoke(args=["quietus", "sql", *words])


def test_the_printed_statement_runs(app: Flask, test_settings: Any) -> None:
    done = run(app, "text_trend", "--from", "2026-03-01", "--to", "2026-03-03", "--set", "granularity=day")
    assert done.exit_code == 0, done.output
    with psycopg.connect(test_settings.database_url.get_secret_value().replace("+psycopg", "")) as plain:
        assert len(plain.execute(done.output).fetchall()) == 3


def test_alone_it_lists_the_figures(app: Flask) -> None:
    assert "overview " in run(app).output


def test_it_refuses_in_a_sentence(app: Flask) -> None:
    for words, told in (
        (("nothing",), "There is no figure nothing"),
        (("text_trend", "--tz", "Mars"), "tz: There is no such time zone"),
        (("text_trend", "--set", "granularity"), "NAME=VALUE"),
        (("person_file",), "subject_id: This figure needs it."),
    ):
        done = run(app, *words)
        assert done.exit_code != 0
        assert told in done.output


def test_the_figures_are_documented(app: Flask) -> None:
    written = (PROJECT / "docs" / "figures.md").read_text()
    assert run(app, "--document").output == written
