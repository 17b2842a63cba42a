"""No pattern of the product, and no reading of a text, takes more than its length's worth of time (ReDoS)."""

import ast
import contextlib
import importlib
import itertools
import pkgutil
import re
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import quietus
from quietus import textmodel
from quietus.analysis.texts import MAX_CHARACTERS
from quietus.core.errors import BadRequest
from quietus.core.json_bodies import loads

PROJECT = Path(__file__).resolve().parents[2]
SHORT, LONG = 1_000, 4_000
# four times the length may take this many times as long: linear is 4, quadratic 16, cubic 64
RATIO_MAX = 8.0
# below it the clock's own noise decides
SECONDS_SEEN = 0.01


Kept = tuple[str, int, bool]
MATCHING, SEARCHING = r"(?:full)?match\(", r"(?:search|finditer|findall|sub|split)\("


def named_patterns() -> Iterator[Kept]:
    """Those that a module keeps, alone or in a table, and whether anything searches with them."""
    for found in pkgutil.walk_packages(quietus.__path__, "quietus."):
        if found.name.endswith("__main__"):
            continue
        with contextlib.suppress(ModuleNotFoundError):  # training needs torch, which is no part of the desk
            importlib.import_module(found.name)
        for name, value in vars(sys.modules.get(found.name, quietus)).items():
            several = value.values() if isinstance(value, dict) else value
            inside = list(several) if isinstance(value, dict | list | tuple) else [value]
            patterns = [each for each in inside if isinstance(each, re.Pattern)]
            if patterns:
                # one that is handed on may be searched with as well
                searched, matched = (re.search(rf"\b{name}\.{how}", ALL_CODE) for how in (SEARCHING, MATCHING))
                anywhere = searched is not None or matched is None
                yield from ((each.pattern, each.flags, anywhere) for each in patterns)


def written_patterns() -> Iterator[Kept]:
    """Those that stand in a call, such as re.sub(r"[^0-9+]", …) or Regexp(r"…")."""
    for node in ast.walk(ast.parse(ALL_CODE)):
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            called, pattern = ast.unparse(node.func), node.args[0].value
            if called.endswith("Regexp") or called in ("re.search", "re.sub", "re.match", "re.split", "re.findall"):
                yield pattern, 0, called not in ("re.match", "validate.Regexp")


ALL_CODE = "\n".join(
    file.read_text().replace("from __future__ import annotations", "") for file in (PROJECT / "quietus").rglob("*.py")
)


def units(pattern: str) -> list[str]:
    """What a hostile text repeats: signs and letters of the pattern itself, alone and by twos."""
    signs = list(dict.fromkeys(c for c in pattern if c.isalnum() or c in "\"'-_.:/,@+* "))[:8]
    signs += [c for c in " a0.\"'\\{" if c not in signs]
    words = re.findall(r"[a-z']{3,}", pattern)[:4]
    return [*signs, *("".join(pair) for pair in itertools.permutations(signs[:3], 2)), *(f"{word} " for word in words)]


def seconds(act: Callable[[], Any]) -> float:
    began = time.thread_time()
    act()
    return time.thread_time() - began


def growth(act: Callable[[str], Any], make: Callable[[int], str]) -> float:
    """How many times as long four times the length takes; the best of three, and 1 where there is nothing to see."""
    long = seconds(lambda: act(make(LONG)))
    if long < SECONDS_SEEN:
        return 1.0
    best_long = min(long, *(seconds(lambda: act(make(LONG))) for _ in range(2)))
    best_short = min(seconds(lambda: act(make(SHORT))) for _ in range(3))
    return best_long / max(best_short, 1e-6) if best_long >= SECONDS_SEEN else 1.0


def test_no_pattern_takes_more_than_the_texts_length() -> None:
    patterns = sorted({*named_patterns(), *written_patterns()})
    assert len(patterns) > 40
    for pattern, flags, searched in patterns:
        compiled = re.compile(pattern, flags)

        def everywhere(text: str, compiled: re.Pattern[str] = compiled, searched: bool = searched) -> None:
            compiled.fullmatch(text)
            compiled.match(text)
            for _ in compiled.finditer(text) if searched else ():
                pass

        for unit, end in itertools.product(units(pattern), ("", "\x01")):
            found = growth(everywhere, lambda size, unit=unit, end=end: (unit * size)[:size] + end)  # type: ignore[misc]
            assert found < RATIO_MAX, f"{pattern!r} on {unit!r} repeated"


HOSTILE = [
    ".",
    "a ",
    "a.",
    '"',
    "' ",
    "!",
    " ",
    "\n",
    "0 ",
    "i ",
    "k.i.l.l ",
    "é",
    "e\u0301",
    "\u200b",
    "1337 ",
    "a",
    "none ",
]


@pytest.mark.parametrize("unit", HOSTILE)
def test_reading_the_longest_text_takes_no_more_than_its_length(unit: str) -> None:
    model = textmodel.load()
    model.predict(["The tea was good."])  # loads it

    def text(size: int) -> str:
        return "I want to die " + unit * (size * MAX_CHARACTERS // LONG // len(unit) - 10) + "x"

    assert growth(lambda text: model.predict([text]), text) < RATIO_MAX


@pytest.mark.parametrize("unit", ['"', '\\"', "[", "{", '{"a":', "0", "[[]],", '"\\', "\\u0000"])
def test_reading_a_body_takes_no_more_than_its_length(unit: str) -> None:
    def read(text: str) -> None:
        with contextlib.suppress(BadRequest):
            loads(text.encode())

    assert growth(read, lambda size: "[" + (unit * size)[: size * 16]) < RATIO_MAX
