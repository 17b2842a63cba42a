"""The helplines file: what is shipped is sound, and a wrong file of an operator's own is named, not shown."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from quietus.core.config import ConfigurationError
from quietus.home.service import SHIPPED, load_helplines, tel

Change = Callable[[dict[str, Any]], object]


def written(folder: Path, change: Change) -> Path:
    """The shipped file with something changed."""
    content = json.loads(SHIPPED.read_text())
    change(content)
    file = folder / "helplines.json"
    file.write_text(json.dumps(content))
    return file


def test_the_shipped_file_is_sound() -> None:
    lines = load_helplines()
    assert {place.code for place in lines.countries} >= {"US", "GB", "IE", "CA", "AU", "NZ", "DE", "FR", "IN"}
    assert {"988", "116 123", "13 11 14", "1737", "3114", "14416"} <= lines.numbers
    assert any("findahelpline.com" in str(directory.source) for directory in lines.anywhere)


def test_it_is_read_once() -> None:
    assert load_helplines() is load_helplines()


@pytest.mark.parametrize(
    ("number", "address"),
    [("988", "tel:988"), ("0800 111 0 111", "tel:08001110111"), ("+44 116-123", "tel:+44116123")],
)
def test_a_number_becomes_an_address_that_a_phone_dials(number: str, address: str) -> None:
    assert tel(number) == address


def test_an_operator_may_bring_their_own(tmp_path: Path) -> None:
    def keep_germany(content: dict[str, Any]) -> None:
        content["countries"] = [place for place in content["countries"] if place["code"] == "DE"]
        content["strip"] = [{"where": "Germany", "number": "116 123"}]
        del content["strip_in"]

    assert [place.name for place in load_helplines(written(tmp_path, keep_germany)).countries] == ["Germany"]


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (lambda c: c.pop("as_of"), "as_of"),
        (lambda c: c["countries"][0]["lines"][0].update(numbers=["call us"]), "countries.0.lines.0.numbers.0"),
        (lambda c: c["countries"][0].update(code="Australia"), "countries.0.code"),
        (lambda c: c["countries"][0].update(emergency=[]), "countries.0.emergency"),
        (lambda c: c["countries"][0]["lines"][0].update(source="lifeline"), "countries.0.lines.0.source"),
        (lambda c: c["countries"][0]["lines"][0].update(hour="always"), "countries.0.lines.0.hour"),
        (lambda c: c["countries"][0]["lines"][0].update(numbers=[], also=""), "countries.0.lines.0"),
        (lambda c: c["countries"].append(c["countries"][0]), "a country appears twice"),
        (lambda c: c["strip"][0].update(number="123456"), "not a number of any line"),
        (lambda c: c.update(strip=[]), "strip"),
        (lambda c: c["strip_in"]["de"][0].update(number="123456"), "123456 of the strip"),
    ],
)
def test_it_names_what_is_wrong_in_a_file(tmp_path: Path, change: Change, where: str) -> None:
    file = written(tmp_path, change)
    with pytest.raises(ConfigurationError) as refusal:
        load_helplines(file)
    assert where in str(refusal.value)
    assert str(file) in str(refusal.value)


def test_it_refuses_a_file_that_is_no_json(tmp_path: Path) -> None:
    file = tmp_path / "helplines.json"
    file.write_text("{")
    with pytest.raises(ConfigurationError, match="is wrong at the file"):
        load_helplines(file)


def test_it_refuses_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read: No such file"):
        load_helplines(tmp_path / "none.json")
