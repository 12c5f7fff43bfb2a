"""N-grams of texts, their TF-IDF and a linear model of them."""

from __future__ import annotations

import math
import warnings
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from regard.errors import ConfigError

__all__ = ["NgramFeatures", "Ngrams"]

_SHORTEST, _LONGEST = 2, 5  # characters, including the boundary at each end of a word
_LEAST = 2  # minimum number of texts with a character n-gram
_START = "\n"  # precedes the first word; no word contains it
_LISTS = ("words", "pairs", "letters")

_PENALTY, _ITERATIONS = 10.0, 200  # scikit-learn's C and max_iter
# The penalty shrinks the logits. Doubling them did best on held-out parts of the training parts of
# three problems.
_FACTOR = 2.0


class NgramFeatures(NamedTuple):
    """The n-grams of one text.

    Attributes:
        columns: [n] the column of each known n-gram.
        values: [n] its TF-IDF.
        words: [n] the word it belongs to, from 0; a pair belongs to its second word.
    """

    columns: NDArray[np.int64]
    values: NDArray[np.float32]
    words: NDArray[np.int64]


class Ngrams:
    """A vocabulary of n-grams, learned from the words of texts.

    The features are words, pairs of consecutive words, and 2 to 5 consecutive characters within a
    word and its boundaries that occur in at least two texts. A value is tf * idf, with tf the count
    and idf = ln((1 + texts) / (1 + texts with it)) + 1. The values of words and pairs together, and
    those of characters, each have Euclidean norm 1.

    Source: Salton and Buckley, 1988, "Term-weighting approaches in automatic text retrieval", with
    the smoothing of scikit-learn's TfidfVectorizer.

    >>> ngrams = Ngrams.learn([["no", "good"], ["so", "good"]])
    >>> found = ngrams.features(["good", "bad"])
    >>> found.words.tolist().count(0)  # the word and its 14 character n-grams
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

    @property
    def whole(self) -> int:
        """How many of the features are words and pairs; those of characters follow."""
        return len(self._words) + len(self._pairs)

    def names(self) -> dict[str, list[str]]:
        """The n-grams by their kind, in the order of their columns: words, pairs, letters."""
        return {kind: list(names) for kind, names in zip(_LISTS, self._lists, strict=True)}

    @classmethod
    def learn(cls, texts: Sequence[Sequence[str]]) -> Ngrams:
        """Learn the n-grams of texts, given the words of each."""
        words = Counter(word for text in texts for word in set(text))
        pairs = Counter(pair for text in texts for pair in set(_pairs(text)))
        pieces = {word: _pieces(word) for word in words}
        letters = Counter(
            piece for text in texts for piece in set().union(*(pieces[w] for w in set(text)))
        )
        kept = {piece: count for piece, count in letters.items() if count >= _LEAST}
        idf = [
            math.log((1 + len(texts)) / (1 + counts[name])) + 1
            for counts in (words, pairs, kept)
            for name in sorted(counts)
        ]
        return cls(sorted(words), sorted(pairs), sorted(kept), idf)

    def features(self, text: Sequence[str]) -> NgramFeatures:
        """The known n-grams of a text, given its words."""
        whole = [self._words.get(word, -1) for word in text]
        whole += [self._pairs.get(pair, -1) for pair in _pairs(text)]
        found, places = np.array(whole, np.int64), np.tile(np.arange(len(text)), 2)
        columns, words = found[found >= 0], places[found >= 0]
        within = [self._letters_of(word) for word in text]
        letters = np.concatenate([*within, np.empty(0, np.int64)])
        inside = np.repeat(np.arange(len(text)), [len(own) for own in within])
        every = np.concatenate([columns, letters])
        return NgramFeatures(every, self._values(every), np.concatenate([words, inside]))

    def solve(
        self,
        texts: Sequence[Sequence[str]],
        targets: NDArray[np.int64],
        sample_weight: NDArray[np.float32] | None = None,
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Multinomial logistic regression of TF-IDF with an L2 penalty; its logits are doubled.

        Parameters:
            texts: the words of B texts.
            targets: [B] class numbers; every class occurs.
            sample_weight: [B] factors on the loss of each text, or None.

        Returns:
            Weights [features, N] and bias [N]; with two classes N is 1, for the second.
        """
        from scipy.sparse import csr_array
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.linear_model import LogisticRegression

        columns, values, _ = zip(*map(self.features, texts), strict=True)
        rows = np.repeat(np.arange(len(texts)), list(map(len, columns)))
        entries = np.concatenate(values), (rows, np.concatenate(columns))
        matrix = csr_array(entries, shape=(len(texts), self.size))
        model = LogisticRegression(C=_PENALTY, max_iter=_ITERATIONS)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(matrix, targets, sample_weight)
        weights, bias = _FACTOR * model.coef_.T, _FACTOR * model.intercept_
        return weights.astype(np.float32), bias.astype(np.float32)

    def to_dict(self) -> dict[str, Any]:
        """A description that JSON can hold."""
        lists = dict(zip(_LISTS, map("\r".join, self._lists), strict=True))
        # The shortest decimals that float32 restores exactly.
        return {**lists, "idf": [float(str(number)) for number in self.idf]}

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> Ngrams:
        """Rebuild n-grams from the output of `to_dict`.

        Raises:
            KeyError, TypeError, ValueError: the description is damaged.
        """
        words, pairs, letters = (given[name].split("\r") if given[name] else [] for name in _LISTS)
        return cls(words, pairs, letters, given["idf"])

    def _letters_of(self, word: str) -> NDArray[np.int64]:
        if word in self._cache:
            return self._cache[word]
        known = [self._letters[piece] for piece in _pieces(word) if piece in self._letters]
        found = np.array(sorted(known), dtype=np.int64)
        if word in self._words:  # what is kept does not grow with the words of new texts
            self._cache[word] = found
        return found

    def _values(self, columns: NDArray[np.int64]) -> NDArray[np.float32]:
        """TF-IDF, normalised for each kind of n-grams; the values of a repeated n-gram add up."""
        values = self.idf[columns]
        order = np.argsort(columns, kind="stable")
        ascending = columns[order]
        first = np.diff(ascending, prepend=-1) > 0
        sums = np.bincount(np.cumsum(first) - 1, values[order])
        whole = ascending[first] < self.whole
        norms = [np.linalg.norm(part) or 1.0 for part in (sums[whole], sums[~whole])]
        within = columns >= self.whole
        return np.asarray(values / np.where(within, norms[1], norms[0]), dtype=np.float32)


def _pairs(text: Sequence[str]) -> Iterable[str]:
    """Each word with the one before it; the first with a boundary."""
    return (f"{first} {second}" for first, second in pairwise([_START, *text]))


def _pieces(word: str) -> set[str]:
    marked = f"\t{word}\t"
    return {
        marked[at : at + length]
        for length in range(_SHORTEST, _LONGEST + 1)
        for at in range(len(marked) - length + 1)
    }
