"""N-grams of texts, weighed by TF-IDF: words, pairs of words, and the letters within words."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from regard.errors import ConfigError

__all__ = ["NgramFeatures", "Ngrams"]

_SHORTEST, _LONGEST = 2, 5  # letters, a mark at each end of the word included
_LEAST = 2  # texts in which letters must occur together
_START = "\n"  # stands before the first word, and can be in none


class NgramFeatures(NamedTuple):
    """The n-grams of one text.

    Attributes:
        columns: [n] the number of each n-gram that is known.
        values: [n] its TF-IDF.
        words: [n] the word that it belongs to, from 0: a pair belongs to its second word.
    """

    columns: NDArray[np.int64]
    values: NDArray[np.float32]
    words: NDArray[np.int64]


class Ngrams:
    """Which n-grams there are, learned from the words of texts.

    The features are words, pairs of words that follow each other, and 2 to 5 letters in a row
    within a word whose ends are marked; the latter if they are in two texts or more. A value is
    tf * idf, tf the count and idf = ln((1 + texts) / (1 + texts with it)) + 1; words and pairs
    together, and letters together, have the Euclidean norm 1 each.

    Source: Salton and Buckley, 1988, "Term-weighting approaches in automatic text retrieval", with
    the smoothing of scikit-learn's TfidfVectorizer.

    >>> ngrams = Ngrams.learn([["no", "good"], ["so", "good"]])
    >>> found = ngrams.features(["good", "bad"])
    >>> found.words.tolist().count(0)  # the word, and the 14 ways to take its letters
    15
    """

    def __init__(
        self, words: Sequence[str], pairs: Sequence[str], letters: Sequence[str], idf: Any
    ) -> None:
        self._lists = words, pairs, letters
        self.idf = np.asarray(idf, dtype=np.float32)
        self.size = len(words) + len(pairs) + len(letters)
        if len(self.idf) != self.size:
            raise ConfigError(f"idf: wanted {self.size} numbers, given {len(self.idf)}")
        starts = (0, len(words), len(words) + len(pairs))
        self._words, self._pairs, self._letters = (
            {name: at for at, name in enumerate(names, start)}
            for names, start in zip(self._lists, starts, strict=True)
        )
        self._cache: dict[str, NDArray[np.int64]] = {}

    @classmethod
    def learn(cls, texts: Sequence[Sequence[str]]) -> Ngrams:
        """Take the n-grams of texts.

        Parameters:
            texts: the words of each.
        """
        words = Counter(word for text in texts for word in set(text))
        pairs = Counter(pair for text in texts for pair in set(_pairs(text)))
        pieces = {word: _pieces(word) for word in words}
        letters = Counter(
            piece for text in texts for piece in set().union(*(pieces[w] for w in set(text)))
        )
        kept = {piece: count for piece, count in letters.items() if count >= _LEAST}
        lists: list[Mapping[str, int]] = [words, pairs, kept]
        names = [sorted(counts) for counts in lists]
        idf = [
            math.log((1 + len(texts)) / (1 + counts[name])) + 1
            for counts, own in zip(lists, names, strict=True)
            for name in own
        ]
        return cls(names[0], names[1], names[2], idf)

    def features(self, text: Sequence[str]) -> NgramFeatures:
        """The n-grams of a text, given its words; those that are not known are left out."""
        whole = [(self._words[w], at) for at, w in enumerate(text) if w in self._words]
        whole += [
            (self._pairs[pair], at) for at, pair in enumerate(_pairs(text)) if pair in self._pairs
        ]
        within = [self._letters_of(word) for word in text]
        counts = [len(own) for own in within]
        parts = (
            np.array(whole, np.int64).reshape(-1, 2).T,
            (
                np.concatenate([*within, np.empty(0, np.int64)]),
                np.repeat(np.arange(len(text)), counts),
            ),
        )
        columns, words = (np.concatenate(each) for each in zip(*parts, strict=True))
        values = np.concatenate([self._values(own) for own, _ in parts])
        return NgramFeatures(columns, values, words)

    def to_dict(self) -> dict[str, Any]:
        """All of it as what JSON can hold."""
        lists = dict(zip(("words", "pairs", "letters"), map("\r".join, self._lists), strict=True))
        # As short as float32 can be written: what is read is what was.
        return {**lists, "idf": [float(str(number)) for number in self.idf]}

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> Ngrams:
        """What `to_dict` described.

        Raises:
            KeyError, TypeError, ValueError: it is damaged.
        """
        words, pairs, letters = (
            given[name].split("\r") if given[name] else [] for name in ("words", "pairs", "letters")
        )
        return cls(words, pairs, letters, given["idf"])

    def _letters_of(self, word: str) -> NDArray[np.int64]:
        if word not in self._cache:
            known = [self._letters[piece] for piece in _pieces(word) if piece in self._letters]
            self._cache[word] = np.array(sorted(known), dtype=np.int64)
        return self._cache[word]

    def _values(self, columns: NDArray[np.int64]) -> NDArray[np.float32]:
        """TF-IDF of one kind of n-grams, so that its norm is 1; one that comes twice adds up."""
        if not len(columns):
            return np.empty(0, np.float32)
        values = self.idf[columns]
        _, same = np.unique(columns, return_inverse=True)
        return np.asarray(values / np.linalg.norm(np.bincount(same, values)), dtype=np.float32)


def _pairs(text: Sequence[str]) -> Iterable[str]:
    """Each word after the one before; before the first stands a mark."""
    return (f"{first} {second}" for first, second in pairwise([_START, *text]))


def _pieces(word: str) -> set[str]:
    marked = f"\t{word}\t"
    return {
        marked[at : at + length]
        for length in range(_SHORTEST, _LONGEST + 1)
        for at in range(len(marked) - length + 1)
    }
