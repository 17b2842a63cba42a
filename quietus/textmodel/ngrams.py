"""Words, word pairs and character n-grams of a text as 32-bit keys, computed in whole arrays.

Keys instead of strings keep the artefact small and a text cheap, and mean that the weights contain no words
of the training texts. Two n-grams share a key about once in 30,000 look-ups.
"""

from __future__ import annotations

import re
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Keys = NDArray[np.uint32]
Places = NDArray[np.int64]

CHARACTERS = (2, 3, 4, 5)
WORDS = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_BASE = 0x9E3779B97F4A7C15
_INVERSE = pow(_BASE, -1, 1 << 64)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)


@lru_cache(maxsize=4)
def _powers(length: int) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """base**i and base**-i modulo 2**64 for i < length."""
    steps = np.full(length, _BASE, np.uint64)
    back = np.full(length, _INVERSE, np.uint64)
    steps[0] = back[0] = 1
    return np.cumprod(steps), np.cumprod(back)


def _keys(values: NDArray[np.uint64], salt: int) -> Keys:
    """The upper half of a well-mixed 64-bit value (splitmix64's last steps)."""
    x = values + np.uint64(salt * 0x632BE59BD9B4E019 & 0xFFFFFFFFFFFFFFFF)
    x = (x ^ (x >> np.uint64(30))) * _MIX_1
    x = (x ^ (x >> np.uint64(27))) * _MIX_2
    return ((x ^ (x >> np.uint64(31))) >> np.uint64(32)).astype(np.uint32)


def _substring_hash(text: str) -> tuple[NDArray[np.uint64], NDArray[np.uint64], NDArray[np.uint64]]:
    """Code points, rolling sums, inverse powers: hash(i, j) = (sums[j] - sums[i]) * inverse[i]."""
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.uint64)
    size = 1024
    while size <= len(codes):
        size *= 4
    powers, inverse = _powers(size)
    sums = np.zeros(len(codes) + 1, np.uint64)
    np.cumsum(codes * powers[: len(codes)], out=sums[1:])
    return codes, sums, inverse


def word_places(text: str) -> Places:
    """Start and end of every word, shape (words, 2)."""
    found = [match.span() for match in WORDS.finditer(text)]
    return np.array(found, np.int64).reshape(-1, 2)


def word_keys(text: str) -> tuple[Keys, Places]:
    """Single words, then pairs of neighbours; with where each stands in the text."""
    places = word_places(text)
    if not len(places):
        return np.zeros(0, np.uint32), places
    _, sums, inverse = _substring_hash(text)
    single = (sums[places[:, 1]] - sums[places[:, 0]]) * inverse[places[:, 0]]
    pairs = single[:-1] * np.uint64(_BASE) + (single[1:] ^ (single[1:] >> np.uint64(29)))
    keys = np.concatenate([_keys(single, 1), _keys(pairs, 2)])
    pair_places = np.column_stack([places[:-1, 0], places[1:, 1]])
    return keys, np.concatenate([places, pair_places])


def character_keys(text: str) -> tuple[Keys, Places]:
    """Runs of 2 to 5 characters of the text with a space at both ends; places refer to the unpadded text."""
    codes, sums, inverse = _substring_hash(f" {text} ")
    keys: list[Keys] = []
    places: list[Places] = []
    for length in CHARACTERS:
        starts = np.arange(max(0, len(codes) - length + 1))
        keys.append(_keys((sums[starts + length] - sums[starts]) * inverse[starts], 10 + length))
        places.append(np.column_stack([np.maximum(starts - 1, 0), np.minimum(starts + length - 1, len(text))]))
    return np.concatenate(keys), np.concatenate(places)
