"""`model predict`: one JSON line in, one JSON line out, and a bad line is named."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner

from quietus import textmodel
from quietus.textmodel.cli import model as command


def run(tmp_path: Path, content: bytes) -> tuple[int, list[dict[str, object]]]:
    file = tmp_path / "texts.jsonl"
    file.write_bytes(content)
    result = CliRunner().invoke(command, ["predict", str(file)])
    return result.exit_code, [json.loads(line) for line in result.stdout.splitlines()]


def test_it_answers_each_line_in_order(tmp_path: Path) -> None:
    code, lines = run(tmp_path, b'{"text": "What a lovely day at the beach"}\n\n{"text": "I feel so alone"}\n')

    assert code == 0
    assert len(lines) == 2
    assert set(lines[0]) == {
        "predicted_label",
        "confidence",
        "probabilities",
        "model_version",
        "flags",
        "spans",
    }
    assert lines[0]["model_version"] == textmodel.load().version


def test_a_bad_line_gets_its_number_and_does_not_stop_the_others(tmp_path: Path) -> None:
    bad = [b"{", b"[1]", b'{"text": 5}', b"\xff\xfe", b'{"texts": "a"}', b'{"text": "12345"}', b"[" * 100_000]
    code, lines = run(tmp_path, b"\n".join([*bad, b'{"text": "good morning to you"}']))

    assert code == 1
    assert [line.get("line") for line in lines] == [1, 2, 3, 4, 5, 6, 7, None]
    assert all("error" in line for line in lines[:-1])
    assert lines[-1]["predicted_label"] == "LOW"


def test_a_bad_line_is_never_quoted(tmp_path: Path) -> None:
    file = tmp_path / "texts.jsonl"
    file.write_text('{"text": "private words", }\n', encoding="utf-8")

    assert "private" not in CliRunner().invoke(command, ["predict", str(file)]).output


def test_info_tells_version_tier_and_size() -> None:
    told = json.loads(CliRunner().invoke(command, ["info"]).stdout)

    assert told["model_version"] == textmodel.load().version
    assert told["tier"] in ("A", "all")
    assert 0 < told["bytes"] <= 25_000_000
