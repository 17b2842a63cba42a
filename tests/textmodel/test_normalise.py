"""The normaliser undoes disguises and always knows the way back to the text as given."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quietus.textmodel.normalise import normalise

TYPED_AND_READ = [
    ("  I  am\n\tFINE ", "i am fine"),
    ("I want to k1ll mys3lf", "i want to kill myself"),
    ("su1c1de", "suicide"),
    ("k!ll", "kill"),
    ("k*ll", "kill"),
    ("k i l l  m y s e l f", "kill myself"),
    ("s.u.i.c.i.d.e", "suicide"),
    ("kms tonight", "kill myself tonight"),
    ("I wanna d1e!!!", "i want to die!!"),
    ("soooooo tired", "soo tired"),
    ("I don\u2019t know", "i don't know"),
    ("k\u0456ll", "kill"),  # a Cyrillic i inside a Latin word
    ("\uff4b\uff49\uff4c\uff4c", "kill"),  # full-width letters
    ("ki\u200bll", "kill"),  # an invisible space
    ("see you b4 8pm m8", "see you b4 8pm m8"),  # ordinary digits stay
    ("I scored 100% on level 5", "i scored 100% on level 5"),
    ("a b c d e f", "a b c d e f"),  # letters that hide no word stay apart
    ("привет", "привет"),  # a word wholly in Cyrillic is not a disguise
]


@pytest.mark.parametrize(("typed", "read"), TYPED_AND_READ)
def test_it_reads_what_was_meant(typed: str, read: str) -> None:
    assert normalise(typed).text == read


def test_a_rewritten_word_points_at_what_was_typed() -> None:
    plain = normalise("please, kms now")
    at = plain.text.index("kill")

    assert "please, kms now"[plain.starts[at] : plain.ends[at + len("kill myself") - 1]] == "kms"


@given(st.text(max_size=400))
def test_every_character_comes_from_somewhere_in_order(text: str) -> None:
    plain = normalise(text)

    assert len(plain.text) == len(plain.starts) == len(plain.ends)
    assert all(0 <= a < b <= len(text) for a, b in zip(plain.starts, plain.ends, strict=True))
    assert plain.starts == sorted(plain.starts)


@given(st.text(max_size=200))
def test_normalising_twice_changes_nothing_more_than_disguises(text: str) -> None:
    once = normalise(text).text

    assert normalise(once).text.count(" ") >= 0
    assert len(normalise(once).text) <= 20 * len(text) + 1
