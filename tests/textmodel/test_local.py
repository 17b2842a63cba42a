"""The shipped model on made-up sentences: it answers, explains and never pretends."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quietus import textmodel
from quietus.textmodel import Outcome, Refusal, TextModel

SENTENCES = [
    "Lovely day at the beach with the children, we had ice cream.",
    "I can't sleep, everything feels too much and I keep crying at work.",
    "I am going to kill myself tonight, I have the pills here.",
    "The bus was late again and the shop had no milk.",
]


@pytest.fixture(scope="module")
def model() -> TextModel:
    return textmodel.load()


def outcome(model: TextModel, text: str) -> Outcome:
    (answer,) = model.predict([text])
    assert isinstance(answer, Outcome)
    return answer


def test_it_orders_three_plain_texts(model: TextModel) -> None:
    labels = [outcome(model, text).label for text in SENTENCES[:3]]

    assert labels == ["LOW", "MODERATE", "HIGH"]


def test_the_version_fits_the_column_and_names_the_weights(model: TextModel) -> None:
    assert len(model.version) <= 64
    assert model.version.startswith("local-")
    assert textmodel.load() is model


@given(st.text(max_size=300))
def test_any_text_gets_an_answer_that_makes_sense(text: str) -> None:
    (answer,) = textmodel.load().predict([text])

    if isinstance(answer, Refusal):
        assert answer.reason == "no_words"
        return
    assert math.isclose(sum(answer.probabilities.values()), 1.0, abs_tol=1e-9)
    assert answer.confidence == answer.probabilities[answer.label]
    assert all(0 <= span.start < span.end <= len(text) for span in answer.spans)
    assert [s.start for s in answer.spans] == sorted(s.start for s in answer.spans)


def test_a_batch_gives_each_text_what_it_gets_alone(model: TextModel) -> None:
    alone = [outcome(model, text) for text in SENTENCES]
    shuffled = SENTENCES * 3
    random.Random(5).shuffle(shuffled)

    assert model.predict(SENTENCES) == alone
    assert model.predict(shuffled) == [alone[SENTENCES.index(text)] for text in shuffled]


def test_the_words_that_moved_the_score_are_the_words_one_would_name(model: TextModel) -> None:
    text = SENTENCES[2]
    raised = [text[s.start : s.end] for s in outcome(model, text).spans if s.weight > 0]

    assert "kill" in raised
    assert "myself" in raised


@pytest.mark.parametrize("text", ["", "     ", "12345 !!!", "....", "\u200b\u200b", "5"])
def test_it_refuses_what_has_no_words(model: TextModel, text: str) -> None:
    assert model.predict([text]) == [Refusal("no_words")]


UNREADABLE = [
    "quiero morir, ya no puedo con esta vida",
    "je ne veux plus vivre, tout est fini pour moi",
    "ich will nicht mehr leben, alles ist sinnlos",
    "я больше не хочу жить",
    "我不想活了",
    "\U0001f62d\U0001f62d\U0001f62d",
]


@pytest.mark.parametrize("text", UNREADABLE)
def test_it_never_calls_low_what_it_cannot_read(model: TextModel, text: str) -> None:
    answer = outcome(model, text)

    assert "needs_review" in answer.flags
    assert answer.label != "LOW"


@pytest.mark.parametrize("text", ["I want to k1ll mys3lf tonight", "i wanna k i l l m y s e l f", "i will kms"])
def test_a_disguise_changes_nothing(model: TextModel, text: str) -> None:
    assert outcome(model, text).label == "HIGH"
