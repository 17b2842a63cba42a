"""A body is read exactly or refused with a reason."""

import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quietus.core.errors import BadRequest
from quietus.core.json_bodies import MAX_DEPTH, _carefully, loads


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"a": 1, "a": 2}', "duplicate_key"),
        (b'{"a": {"b": 1, "b": 2}}', "duplicate_key"),
        (b'{"a": NaN}', "not_a_number"),
        (b'{"a": -Infinity}', "not_a_number"),
        (b'{"a": 1e999}', "number_too_large"),
        (b'{"a": ' + b"9" * 5000 + b"}", "not_json"),
        (b"[" * 100_000, "too_deep"),
        (b'{"a":' * 40 + b"1" + b"}" * 40, "too_deep"),
        (b'{"a": "\\ud800"}', "lone_surrogate"),
        (b'{"\\udfff": 1}', "lone_surrogate"),
        (b'{"a": ["x\\u0000"]}', "nul"),
        ('{"a": 1}'.encode("utf-16"), "not_utf8"),
        (b'{"a": "\xff"}', "not_utf8"),
        (b'\xef\xbb\xbf{"a": 1}', "byte_order_mark"),
        (b'{"a": 1', "not_json"),
        (b"{'a': 1}", "not_json"),
        (b'{"a": "\x00"}', "not_json"),
    ],
)
def test_it_refuses_what_a_lenient_decoder_lets_in(body: bytes, code: str) -> None:
    with pytest.raises(BadRequest) as refused:
        loads(body)
    assert refused.value.code == code


def test_it_does_not_mistake_brackets_in_texts_for_nesting() -> None:
    assert loads(b'{"text": "' + b"[" * 500 + b'\\"{"}')["text"].startswith("[[")


def test_it_reads_the_greatest_depth_it_allows() -> None:
    assert loads(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH)


def test_it_reads_a_pair_of_surrogates_as_the_one_character_it_is() -> None:
    assert loads(b'{"a": "\\ud83d\\ude00"}') == {"a": "😀"}


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")), inner, max_size=4
        )
    ),
    max_leaves=12,
)


@given(VALUES)
def test_it_reads_back_whatever_json_can_say(value: object) -> None:
    assert loads(json.dumps(value).encode()) == value
    assert loads(json.dumps(value, ensure_ascii=False).encode()) == value


@given(st.binary(max_size=200))
def test_it_never_raises_anything_but_a_refusal(body: bytes) -> None:
    try:
        loads(body)
    except BadRequest as refused:
        assert refused.status == 400


# names that a quick look could take for more or fewer of them
NAMES = st.sampled_from(["a", "b", "", ":", 'a":', "a :", '"', "\\", "\\u003a"])
OBJECTS = st.recursive(
    st.sampled_from(["1", "1e999", "-1e999", "1.5", '":"', '"a\\":"', "[]", '" :"', "null"]),
    lambda inner: (
        st.builds(
            lambda pairs, gap: "{" + ",".join(f"{json.dumps(name)}{gap}:{value}" for name, value in pairs) + "}",
            st.lists(st.tuples(NAMES, inner), max_size=4),
            st.sampled_from(["", "", " ", "\n"]),
        )
        | st.lists(inner, max_size=3).map(lambda parts: "[" + ", ".join(parts) + "]")
    ),
    max_leaves=12,
)


def outcome(read: Callable[[], object]) -> object:
    try:
        return read()
    except BadRequest as refused:
        return refused.code


@given(OBJECTS)
def test_the_quick_way_accepts_nothing_that_the_careful_one_refuses(text: str) -> None:
    assert outcome(lambda: loads(text.encode())) == outcome(lambda: _carefully(text))
