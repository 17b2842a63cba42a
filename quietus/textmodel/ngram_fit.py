"""Fit the n-gram half: choose the n-grams, weigh them, regress, prune, regress again."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .linear import Block, Linear
from .ngrams import Keys, character_keys, word_keys
from .normalise import normalise

STRENGTH = 5.0
WORD_FEATURES, CHARACTER_FEATURES = 40_000, 80_000


def fit_linear(texts: Sequence[str], truth: Sequence[int] | NDArray[np.intp]) -> Linear:
    """TF-IDF of words and characters, multinomial logistic regression, pruned and fitted again."""
    plain = [normalise(text).text for text in texts]
    kinds = [[word_keys(p)[0] for p in plain], [character_keys(p)[0] for p in plain]]
    vocabularies = [_vocabulary(keys, least) for keys, least in zip(kinds, (2, 4), strict=True)]
    coefficients, _ = _regression(kinds, vocabularies, truth)
    smaller = [
        _strongest(vocabulary, weights, most)
        for vocabulary, weights, most in zip(
            vocabularies, coefficients, (WORD_FEATURES, CHARACTER_FEATURES), strict=True
        )
    ]
    coefficients, intercept = _regression(kinds, smaller, truth)
    words, characters = (
        Block(keys, idf, weights.astype(np.float16)) for (keys, idf), weights in zip(smaller, coefficients, strict=True)
    )
    return Linear(words, characters, intercept.astype(np.float32))


Vocabulary = tuple[Keys, NDArray[np.float32]]


def _vocabulary(texts: list[Keys], least: int) -> Vocabulary:
    """Keys that stand in at least `least` texts, sorted, with their smoothed inverse document frequency."""
    keys, counts = np.unique(np.concatenate([np.unique(k) for k in texts]), return_counts=True)
    kept = counts >= least
    # float16 because that is what is stored: training must see the numbers that the product will use.
    idf = (np.log((1 + len(texts)) / (1 + counts[kept])) + 1).astype(np.float16).astype(np.float32)
    return keys[kept], idf


def _strongest(vocabulary: Vocabulary, weights: NDArray[np.float64], most: int) -> Vocabulary:
    """The `most` n-grams whose coefficients differ most between labels."""
    keys, idf = vocabulary
    strength = (weights.max(axis=1) - weights.min(axis=1)) * idf
    kept = np.sort(np.argsort(-strength, kind="stable")[:most])
    return keys[kept], idf[kept]


def _regression(
    kinds: list[list[Keys]], vocabularies: list[Vocabulary], truth: Sequence[int] | NDArray[np.intp]
) -> tuple[list[NDArray[np.float64]], NDArray[np.float64]]:
    """Coefficients per block (features by labels) and the intercept."""
    from scipy.sparse import hstack
    from sklearn.linear_model import LogisticRegression

    blocks = [_matrix(keys, *vocabulary) for keys, vocabulary in zip(kinds, vocabularies, strict=True)]
    model = LogisticRegression(C=STRENGTH, class_weight="balanced", max_iter=300, tol=1e-5)
    model.fit(hstack(blocks).tocsr(), np.asarray(truth))
    coefficients, intercept = model.coef_, model.intercept_
    if len(model.classes_) == 2:  # one row of odds stands for two labels
        coefficients = np.vstack([-coefficients, coefficients]) / 2
        intercept = np.concatenate([-intercept, intercept]) / 2
    cut = len(vocabularies[0][0])
    return [coefficients[:, :cut].T, coefficients[:, cut:].T], intercept


def _matrix(texts: list[Keys], vocabulary: Keys, idf: NDArray[np.float32]):  # type: ignore[no-untyped-def]
    """Unit-length TF-IDF rows, one per text."""
    from scipy.sparse import csr_matrix

    ends, columns, values = [0], [], []
    for keys in texts:
        row = np.searchsorted(vocabulary, keys)
        row[row == len(vocabulary)] = 0
        known, counts = np.unique(row[vocabulary[row] == keys], return_counts=True)
        value = (1.0 + np.log(counts)) * idf[known].astype(np.float64)
        columns.append(known)
        values.append(value / max(float(np.sqrt((value * value).sum())), 1e-12))
        ends.append(ends[-1] + len(known))
    return csr_matrix((np.concatenate(values), np.concatenate(columns), ends), shape=(len(texts), len(vocabulary)))
