"""An explanation adds up to the score it explains."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quietus import textmodel
from quietus.textmodel import Outcome, Refusal
from quietus.textmodel.explain import Explanation, explain
from quietus.textmodel.local import LocalModel

TEXTS = [
    "I am going to kill myself tonight, I have the pills here.",
    "Lovely day at the beach with the children, we had ice cream.",
    "My friend told me she wants to die & I don\u2019t know what to do!!!",
    "I can't sleep. " * 60,
    "k1ll mys3lf",
]


@pytest.fixture(scope="module")
def model() -> LocalModel:
    loaded = textmodel.load()
    assert isinstance(loaded, LocalModel)
    return loaded


def explained(text: str, model: LocalModel) -> Explanation:
    found = explain(text, model)
    assert isinstance(found, Explanation)
    return found


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_the_words_and_the_base_add_up_to_the_log_odds(model: LocalModel, text: str) -> None:
    found = explained(text, model)
    before = found.before_rules

    assert found.base + sum(w.weight for w in found.words) == pytest.approx(found.log_odds, abs=1e-9)
    assert found.log_odds == pytest.approx(math.log(before["HIGH"] / before["LOW"]), abs=1e-9)


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_the_parts_add_up_to_the_scores(model: LocalModel, text: str) -> None:
    looked = model.look(text)
    assert looked is not None
    parts = looked.scored.parts

    assert parts.intercept + parts.each.sum(axis=0) == pytest.approx(parts.score, abs=1e-9)


def test_taking_out_the_words_that_raised_lowers_the_score_more_than_taking_out_others(model: LocalModel) -> None:
    text = "We had soup for lunch and then I thought that I want to end my life because nothing matters"
    found = explained(text, model)
    ranked = sorted(found.words, key=lambda w: w.weight)

    def without(words: list[textmodel.Span]) -> float:
        kept = text
        for word in sorted(words, key=lambda w: -w.start):
            kept = kept[: word.start] + kept[word.end :]
        return explained(kept, model).log_odds

    assert without(ranked[-4:]) < without(ranked[:4]) - 1


def test_it_shows_the_phrase_and_how_it_was_taken(model: LocalModel) -> None:
    found = explained("Honestly, I am not suicidal.", model)
    (phrase,) = found.phrases

    assert "Honestly, I am not suicidal."[phrase.start : phrase.end] == "suicidal"
    assert phrase.negated
    assert found.as_json()["phrases"][0]["about"] == "self"


def test_it_repeats_the_outcome_that_was_recorded(model: LocalModel) -> None:
    for text in TEXTS:
        assert [explained(text, model).outcome] == model.predict([text])


def test_a_text_without_words_is_refused_here_too(model: LocalModel) -> None:
    assert explain("12345", model) == Refusal("no_words")


@given(st.text(max_size=150))
def test_any_text_can_be_explained(text: str) -> None:
    loaded = textmodel.load()
    assert isinstance(loaded, LocalModel)
    found = explain(text, loaded)

    if isinstance(found, Explanation):
        assert isinstance(found.outcome, Outcome)
        assert all(0 <= w.start < w.end <= len(text) for w in found.words)
