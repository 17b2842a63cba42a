"""Word pieces are cut greedily and know their place."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from quietus.textmodel.wordpiece import WordPiece

PIECES = ["[UNK]", "[CLS]", "[SEP]", "un", "##afford", "##able", "able", "cafe", "!", "'", "don", "t", "a", "##b"]
CUT = WordPiece({piece: number for number, piece in enumerate(PIECES)})


def read(text: str) -> list[str]:
    return [PIECES[number] for number in CUT.tokens(text).ids]


def test_the_longest_piece_wins_from_the_left() -> None:
    assert read("unaffordable able!") == ["un", "##afford", "##able", "able", "!"]


def test_signs_stand_alone_and_accents_are_dropped() -> None:
    assert read("don't café") == ["don", "'", "t", "cafe"]


def test_a_word_with_an_unknown_part_is_unknown_as_a_whole() -> None:
    assert read("unhappy") == ["[UNK]"]
    assert CUT.tokens("a unhappy").places == [(0, 1), (2, 9)]


@given(st.text(max_size=200))
def test_every_piece_lies_in_the_text_and_in_order(text: str) -> None:
    tokens = CUT.tokens(text.lower())

    assert len(tokens.ids) == len(tokens.places)
    assert all(0 <= a < b <= len(text.lower()) for a, b in tokens.places)
    assert tokens.places == sorted(tokens.places)
