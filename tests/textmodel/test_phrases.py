"""Phrases of risk are found as they are meant, and rules only ever raise."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quietus.textmodel.normalise import normalise
from quietus.textmodel.phrases import mentions
from quietus.textmodel.rules import Floors, flags, floor, raised

LOW, MODERATE, HIGH = range(3)
MEANT = [
    ("I am going to kill myself", HIGH, {"about:self"}),
    ("I am not going to kill myself", LOW, {"about:self", "negated"}),
    ("I'm not suicidal", LOW, {"about:self", "negated"}),
    ("I can't stop thinking about suicide", HIGH, {"about:self"}),
    ("I don't want to live anymore", HIGH, {"about:self"}),
    ("I don't want to die", LOW, {"about:self", "negated"}),
    ("I'm not just sad, I want to die", HIGH, {"about:self"}),
    ("My friend wants to die", MODERATE, {"about:other"}),
    ("She said she will hang herself", MODERATE, {"about:other"}),
    ('He wrote "I want to kill myself" to me', MODERATE, {"about:other", "quoted"}),
    ("Last year I tried to end it, I am safe now", MODERATE, {"about:self", "past"}),
    ("I tried to kill myself last year and I will try again tonight", HIGH, {"about:self"}),
    ("I nearly died laughing, kill me lol", LOW, set()),
    ("This deadline is killing me", LOW, set()),
    ("The novel ends with a suicide note", LOW, {"about:general"}),
    ("By the time you read this I won't be here anymore", MODERATE, {"about:self"}),
    ("Give my records to Tom. Thank you for all the good years", MODERATE, {"about:self"}),
    ("I have fed the cat. Be good to each other, and forgive me", MODERATE, {"about:self"}),
    ("Feed the cat while we are on holiday, thank you for everything", LOW, set()),
    ("Thank you for everything, goodbye and see you on Monday", LOW, set()),
    ("Thank you for everything", LOW, set()),
    ("Suicidal thoughts: none", LOW, {"negated"}),
    ("quiero morir", HIGH, {"about:self"}),
    ("no quiero morir", LOW, {"negated"}),
    ("I want to dye my hair", LOW, set()),
]


@pytest.mark.parametrize(("text", "least", "told"), MEANT)
def test_a_phrase_is_taken_as_it_is_meant(text: str, least: int, told: set[str]) -> None:
    found = mentions(normalise(text).text)

    assert floor(found) == least
    assert told <= set(flags(found))


@given(st.text(alphabet=st.sampled_from("i want to die not my friend kill myself .,!?\"'"), max_size=200))
def test_any_text_can_be_searched(text: str) -> None:
    plain = normalise(text).text

    assert all(0 <= m.start < m.end <= len(plain) for m in mentions(plain))


THREE = st.tuples(*[st.floats(0.001, 1)] * 3).map(lambda v: np.array(v) / sum(v))


@given(THREE, st.integers(0, 2))
def test_a_rule_raises_or_leaves_but_never_lowers(p: np.ndarray[tuple[int], np.dtype[np.float64]], least: int) -> None:
    after = raised(p, least, Floors(high=0.75, moderate=0.8))

    assert after.sum() == pytest.approx(1)
    assert after[2] >= p[2] - 1e-12
    assert after[1] + after[2] >= p[1] + p[2] - 1e-12
    assert least < 2 or after[2] >= 0.75 - 1e-12
    assert least < 1 or after[1] + after[2] >= min(0.75, 0.8) - 1e-12
    assert least > 0 or (after == p).all()
