"""The n-gram half of the model: TF-IDF of hashed n-grams times coefficients, with exact contributions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .ngrams import Keys, Places, character_keys, word_keys

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Block:
    """One kind of n-gram: sorted keys, each with its inverse document frequency and coefficients."""

    keys: Keys
    idf: NDArray[np.float32]
    coefficients: NDArray[np.float16]


@dataclass(frozen=True)
class Parts:
    """A score taken apart: `score == intercept + each.sum(axis=0)`, a row per n-gram occurrence."""

    score: Array
    intercept: Array
    each: Array
    places: Places


@dataclass(frozen=True)
class Linear:
    """Multinomial logistic regression over two blocks, each of unit length."""

    words: Block
    characters: Block
    intercept: NDArray[np.float32]

    def parts(self, text: str) -> Parts:
        """Logits of LOW, MODERATE, HIGH for a normalised text and what each n-gram gave to them."""
        each: list[Array] = []
        places: list[Places] = []
        for block, (keys, where) in ((self.words, word_keys(text)), (self.characters, character_keys(text))):
            given, at = _contributions(block, keys)
            each.append(given)
            places.append(where[at])
        intercept = self.intercept.astype(np.float64)
        all_given = np.concatenate(each)
        return Parts(intercept + all_given.sum(axis=0), intercept, all_given, np.concatenate(places))


def known_share(model: Linear, text: str) -> float:
    """Of the words of a normalised text, the share that training knew; 1 for a text without words."""
    keys, places = word_keys(text)
    single = keys[: (len(places) + 1) // 2]  # n words make n - 1 pairs, which stand after them
    return float(_known(model.words, single)[1].mean()) if len(single) else 1.0


def _known(block: Block, keys: Keys) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Where each key stands in the block, and whether it stands there at all; the block's keys are sorted."""
    row = np.searchsorted(block.keys, keys)
    row[row == len(block.keys)] = 0
    return row, block.keys[row] == keys


def _contributions(block: Block, keys: Keys) -> tuple[Array, NDArray[np.intp]]:
    """What each known n-gram of the text adds to the logits, and which of `keys` it was."""
    row, known_here = _known(block, keys)
    at = np.flatnonzero(known_here)
    if not len(at):
        return np.zeros((0, block.coefficients.shape[1])), at
    known, of, counts = np.unique(row[at], return_inverse=True, return_counts=True)
    value = (1.0 + np.log(counts)) * block.idf[known].astype(np.float64)
    value /= np.sqrt((value * value).sum())
    # The value of a repeated n-gram is shared equally by its occurrences.
    shared = (value / counts)[:, None] * block.coefficients[known].astype(np.float64)
    return shared[of], at
