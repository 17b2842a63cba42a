"""BERT's word pieces for a normalised text, with where each piece stands.

The same ids as the published tokenizer gives (tested when the weights are built), in plain Python: the usual
package would bring an HTTP client along.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

UNKNOWN, BEGIN, END = "[UNK]", "[CLS]", "[SEP]"
LONGEST_WORD = 100
# Runs of letters and digits, or one sign: BERT splits at every sign, in any script's punctuation too.
_PIECES = re.compile(r"[^\W_]+|[^\w\s]|_")


@dataclass(frozen=True, slots=True)
class Tokens:
    """Ids without [CLS] and [SEP], and for each its start and end in the normalised text."""

    ids: list[int]
    places: list[tuple[int, int]]


class WordPiece:
    """Greedy longest-match pieces from a vocabulary of token to id."""

    def __init__(self, vocabulary: Mapping[str, int]) -> None:
        self.vocabulary = dict(vocabulary)
        self.begin, self.end = self.vocabulary[BEGIN], self.vocabulary[END]
        self._cut = lru_cache(maxsize=20_000)(self._cut_word)

    def tokens(self, text: str) -> Tokens:
        """Pieces of a lower-cased text."""
        ids: list[int] = []
        places: list[tuple[int, int]] = []
        for match in _PIECES.finditer(text):
            start = match.start()
            for number, left, right in self._cut(match.group()):
                ids.append(number)
                places.append((start + left, start + right))
        return Tokens(ids, places)

    def _cut_word(self, word: str) -> tuple[tuple[int, int, int], ...]:
        plain = word if word.isascii() else _without_accents(word)
        unknown = ((self.vocabulary[UNKNOWN], 0, len(word)),)
        if len(plain) != len(word) or len(plain) > LONGEST_WORD:
            return unknown
        pieces: list[tuple[int, int, int]] = []
        start = 0
        while start < len(plain):
            for end in range(len(plain), start, -1):
                number = self.vocabulary.get(("##" if start else "") + plain[start:end])
                if number is not None:
                    break
            else:
                return unknown
            pieces.append((number, start, end))
            start = end
        return tuple(pieces)


def _without_accents(word: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFD", word) if unicodedata.category(c) != "Mn")
