"""Reads JSON bodies strictly: UTF-8 only, no duplicate key, no NaN, no deep nesting, no NUL, no lone surrogate.

The standard library's decoder is lenient on each of these, and each made a 5xx or a silent loss further in.
"""

import json
import math
import re
from typing import Any, NoReturn

from quietus.core.errors import BadRequest

MAX_DEPTH = 32
# a string that does not end reaches to the end of the text, or each of its quotes would be tried anew
STRING = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+\\?(?:"|\Z)', re.DOTALL)
SPACED = (" :", "\t:", "\n:", "\r:")
INFINITE = math.inf
BRACKET = re.compile(r"[\[\]{}]")


def _refuse(code: str, detail: str) -> NoReturn:
    raise BadRequest(code, detail)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        _refuse("duplicate_key", "An object of the JSON body has the same key twice.")
    return found


def _float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        _refuse("number_too_large", "A number of the JSON body is too large.")
    return value


def _constant(name: str) -> NoReturn:
    _refuse("not_a_number", f"{name} is not JSON.")


def _depth(text: str) -> int:
    """Greatest nesting of brackets outside strings; checked before decoding, which would recurse."""
    deepest = depth = 0
    for bracket in BRACKET.findall(STRING.sub("", text)):
        depth += 1 if bracket in "[{" else -1
        deepest = max(deepest, depth)
    return deepest


def _surely_sound(text: str, value: Any) -> bool:
    """Whether no object of this decoded text had a name twice, no number is infinite and nothing is too deep.

    False means that it takes `_carefully` to tell. A name is followed by its colon, so where no text of the body
    looks like that too, the colons are as many as the names; one that came twice would leave a name less.
    """
    if any(space in text for space in SPACED):
        return False
    names, depth, level = 0, 0, [value]
    while level:
        depth += 1
        below: list[Any] = []
        for each in level:
            kind = type(each)
            if kind is float and not -INFINITE < each < INFINITE:
                return False
            if kind is dict:
                names += len(each)
                below.extend(each.values())
            elif kind is list:
                below.extend(each)
        level = below
    return depth <= MAX_DEPTH and names == text.count('":')


def _carefully(text: str) -> Any:
    if text.count("[") + text.count("{") > MAX_DEPTH and _depth(text) > MAX_DEPTH:
        _refuse("too_deep", f"The JSON body is nested deeper than {MAX_DEPTH}.")
    try:
        return json.loads(text, object_pairs_hook=_object, parse_float=_float, parse_constant=_constant)
    except ValueError:  # also an integer of more digits than Python converts
        _refuse("not_json", "The body is not JSON.")


def _decoded(text: str) -> Any:
    """The decoder without hooks takes a quarter of the time; what it gives counts only when it is surely sound."""
    try:
        value = json.loads(text, parse_constant=_constant)
    except (ValueError, RecursionError):
        return _carefully(text)
    return value if _surely_sound(text, value) else _carefully(text)


def loads(body: bytes) -> Any:
    """Decode a request body. Raises BadRequest with a code that names what is wrong."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        _refuse("not_utf8", "The body must be UTF-8.")
    if text.startswith("\ufeff"):
        _refuse("byte_order_mark", "The body must be UTF-8 without a byte order mark.")
    value = _decoded(text)
    if "\\u" in text:
        _refuse_unpaired(value)
    if "\\u0000" in text or "\x00" in text:
        _refuse_nul(value)
    return value


def _strings(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for pair in value.items() for part in pair for text in _strings(part)]
    if isinstance(value, list):
        return [text for part in value for text in _strings(part)]
    return []


def _refuse_unpaired(value: Any) -> None:
    for text in _strings(value):
        try:
            text.encode()
        except UnicodeEncodeError:
            _refuse("lone_surrogate", "A text of the JSON body holds half of a character (a lone surrogate).")


def _refuse_nul(value: Any) -> None:
    if any("\x00" in text for text in _strings(value)):
        _refuse("nul", "A text of the JSON body holds a NUL character, which cannot be stored.")
