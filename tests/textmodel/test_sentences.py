"""The made-up regression set: 200 sentences by category, none of them used in training."""

from __future__ import annotations

import pytest

from quietus import textmodel
from quietus.textmodel import made_up
from tests.textmodel.sentences import scores, sentences

# What must hold in each category, as a share of its sentences, both halves together.
LEAST = {
    "everyday": 0.9,
    "complaint": 0.75,
    "distress": 0.7,
    "ideation": 0.9,
    "negated": 0.8,
    "negated_but_struggling": 0.5,  # the others are called HIGH: too careful, which a person can put right
    "past": 0.7,
    "past_and_present": 1.0,
    "other_person": 0.9,
    "idiom": 0.9,
    "fiction_or_topic": 0.9,
    "veiled": 0.7,
    "disguised": 0.9,
    "other_language": 1.0,
    "high_inside_long": 0.8,
    "long_ordinary": 1.0,
    "quoted": 1.0,
    "misspelt": 0.8,
    "masked": 0.9,
    "advice": 0.8,
    "no_words": 1.0,
    "symbols": 1.0,
    "gibberish": 0.6,
}


def test_there_are_at_least_two_hundred_in_named_categories() -> None:
    assert len(sentences()) >= 200
    assert {s.category for s in sentences()} == set(LEAST)


def test_none_of_them_was_trained_on() -> None:
    trained = {e.text.casefold().rstrip(".!") for e in made_up.examples()}

    assert not [s.category for s in sentences() if s.text.casefold().rstrip(".!") in trained]


@pytest.fixture(scope="module")
def table() -> dict[str, tuple[int, int, int, int]]:
    return scores(textmodel.load())


@pytest.mark.parametrize("category", LEAST)
def test_each_category_holds(table: dict[str, tuple[int, int, int, int]], category: str) -> None:
    right, of, blind_right, blind_of = table[category]

    assert (right + blind_right) / (of + blind_of) >= LEAST[category]
