"""docs/security.md: all rows of ASVS 5.0.0 levels 1 and 2, each with a test that exists or a reason."""

import ast
import re
from functools import cache
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
PAGE = (PROJECT / "docs" / "security.md").read_text()
ROWS = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in PAGE.splitlines() if line.startswith("| V")]
REASONS = ("Does not apply", "Not met", "The operator's part")
# how many rows of the standard are of level 1 and 2, by chapter
CHAPTERS = {
    1: 27, 2: 11, 3: 19, 4: 10, 5: 9, 6: 35, 7: 18, 8: 7, 9: 7, 10: 29, 11: 14, 12: 9, 13: 13, 14: 9, 15: 13, 16: 16,
    17: 7,
}  # fmt: skip
LEVELS = {"1": 70, "2": 183}


@cache
def tests_of(file: str) -> set[str]:
    tree = ast.parse((PROJECT / file).read_text())
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_every_row_of_both_levels_is_there_once() -> None:
    ids = [row[0] for row in ROWS]
    assert len(ids) == len(set(ids))
    assert {level: sum(row[1] == level for row in ROWS) for level in LEVELS} == LEVELS
    found = {chapter: sum(name.startswith(f"V{chapter}.") for name in ids) for chapter in CHAPTERS}
    assert found == CHAPTERS
    assert ids == sorted(ids, key=lambda name: [int(part) for part in name[1:].split(".")])


def test_every_row_has_a_test_that_exists_or_a_reason() -> None:
    for row in ROWS:
        name, _level, asked, how, shown = row
        assert asked, name
        assert how, name
        tests = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", shown)
        for file, test in tests:
            assert test in tests_of(file), f"{name}: {file}::{test}"
        assert tests or how.startswith(REASONS) or "Reason for no test" in how, f"{name} is shown by nothing"


def test_what_is_not_met_says_so_and_the_sum_is_right() -> None:
    counts = [sum(row[3].startswith(reason) for row in ROWS) for reason in REASONS]
    away, missing, operator = counts
    met = f"Of {len(ROWS)} rows, {len(ROWS) - sum(counts)} are met, {operator} are the operator's part"
    assert f"{met}, {away} do not apply, and {missing} are not met" in " ".join(PAGE.split())
