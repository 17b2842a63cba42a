"""N-gram keys name the same words everywhere, whatever stands around them."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from quietus.textmodel.ngrams import character_keys, word_keys, word_places

WORDS = st.lists(st.text(alphabet="abcdefgh'", min_size=1, max_size=8).map(lambda w: "x" + w), max_size=30)


def test_a_word_has_one_key_wherever_it_stands() -> None:
    keys, places = word_keys("rain and rain")

    assert keys[0] == keys[2] != keys[1]
    assert places.tolist() == [[0, 4], [5, 8], [9, 13], [0, 8], [5, 13]]


def test_a_pair_is_not_its_mirror() -> None:
    assert word_keys("not fine")[0][2] != word_keys("fine not")[0][2]


def test_a_character_run_and_a_word_of_the_same_letters_differ() -> None:
    assert not set(word_keys("ab")[0].tolist()) & set(character_keys("ab")[0].tolist())


@given(WORDS, WORDS)
def test_words_keep_their_keys_inside_a_longer_text(before: list[str], words: list[str]) -> None:
    alone = word_keys(" ".join(words))[0][: len(word_places(" ".join(words)))]
    whole_text = " ".join([*before, *words])
    whole = word_keys(whole_text)[0][: len(word_places(whole_text))]

    assert np.array_equal(alone, whole[len(whole) - len(alone) :])


def test_a_long_text_costs_no_more_than_its_length() -> None:
    keys, places = character_keys("ab" * 30_000)

    assert len(keys) == len(places) == sum(60_002 - n + 1 for n in (2, 3, 4, 5))
