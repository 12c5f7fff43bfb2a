"""BPE-dropout: the same texts, cut into other subwords in every epoch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from regard.checks import check_count, check_number
from regard.errors import ConfigError
from regard.tokens.vocabulary import Vocabulary

__all__ = ["SubwordDropout"]

_ROWS = 65_536  # words cut at once, to bound memory

_Ints = NDArray[np.int64]
_Cut = tuple[int, ...]


class SubwordDropout:
    """Cuts the words of texts into subwords, with merges skipped at random.

    A word starts as its letters. Of the pairs of tokens that can be merged, in the order in which
    the merges were learned, each is skipped with probability `rate`, and the first that is left is
    merged; this repeats until none is left. A rate of 0 gives the tokens of `Vocabulary.encode`, a
    higher one more of them, which decode to the same text. Each occurrence of a word is cut on its
    own.

    Parameters:
        vocabulary: of the kind "bpe".
        ids: B arrays [T_b], the tokens of each text as `vocabulary.encode` returns them; special
            tokens stay as they are.
        words: B arrays [T_b], the number of the word that each token belongs to.
        rate: p, the probability that a merge is skipped, each time that it is possible.
        longest: most tokens of a text; one that would get more keeps those that are given.
        seed: random seed, together with the epoch.

    Raises:
        ConfigError: the rate is not in [0, 1), the seed is negative, or the vocabulary is of
            another kind.

    Source: Provilkov, Emelianenko and Voita, 2020, "BPE-dropout: simple and effective subword
    regularization", algorithm 1. That the n merges before the one that is done are skipped has
    probability p^n (1 - p), so that one geometric random number stands for a draw for each merge.

    Example:
        >>> vocabulary = Vocabulary.train(["A dog runs. The dogs run."], size=60)
        >>> [tokens] = vocabulary.encode(["The dogs run."])
        >>> settings = {"rate": 0.5, "longest": 99, "seed": 0}
        >>> dropout = SubwordDropout(vocabulary, [tokens.ids], [tokens.words], **settings)
        >>> [first], [second] = dropout.draw(epoch=0), dropout.draw(epoch=1)
        >>> vocabulary.decode(first), first.tolist() == second.tolist()
        ('The dogs run.', False)
    """

    def __init__(
        self,
        vocabulary: Vocabulary,
        ids: Sequence[NDArray[np.integer]],
        words: Sequence[NDArray[np.integer]],
        *,
        rate: float,
        longest: int,
        seed: int,
    ) -> None:
        check_number("rate", rate, within="[0, 1)")
        check_count("seed", seed, least=0)
        if vocabulary.kind != "bpe":
            raise ConfigError(f"vocabulary: wanted the kind 'bpe', given {vocabulary.kind!r}")
        self._rate, self._longest, self._seed = rate, longest, seed
        self._given = [row.astype(np.int64) for row in ids]
        self._merges = _Merges(vocabulary.merges, vocabulary.size)
        numbers: dict[_Cut, int] = {}
        found = [
            [numbers.setdefault(word, len(numbers)) for word in _words(*row)]
            for row in zip(ids, words, strict=True)
        ]
        self._texts = np.repeat(np.arange(len(found)), [len(row) for row in found])
        # Words of equally many letters are cut together, as the rows of a matrix.
        letters = self._merges.letters(numbers)
        sizes = np.array([len(each) for each in letters])
        row_of = np.empty(len(letters), np.int64)
        occurring = np.array([number for row in found for number in row])
        self._groups: list[tuple[_Ints, _Ints, _Ints]] = []
        for size in np.unique(sizes):
            own = np.flatnonzero(sizes == size)
            row_of[own] = np.arange(len(own))
            where = np.flatnonzero(sizes[occurring] == size)
            rows = np.array([letters[at] for at in own], np.int64).reshape(len(own), size)
            self._groups.append((rows, row_of[occurring[where]], where))

    def draw(self, epoch: int) -> list[_Ints]:
        """The tokens of each text in this epoch, B arrays; they depend on seed and epoch alone."""
        generator = np.random.default_rng([self._seed, epoch])
        cuts: list[_Ints] = []
        places: list[_Ints] = []
        for letters, rows, where in self._groups:
            ranks = self._merges.ranks(letters)
            for start in range(0, len(rows), _ROWS):
                some = rows[start : start + _ROWS]
                for ended, cut in self._merges.cut(
                    letters[some], ranks[some], rate=self._rate, generator=generator
                ):
                    cuts.append(cut)
                    places.append(where[start + ended])
        sizes = np.repeat([cut.shape[1] for cut in cuts], [len(cut) for cut in cuts])
        lengths, starts = np.empty((2, len(self._texts)), np.int64)
        at = np.concatenate(places)
        lengths[at], starts[at] = sizes, np.cumsum(sizes) - sizes
        before = np.cumsum(lengths) - lengths
        tokens = np.concatenate([cut.ravel() for cut in cuts])
        tokens = tokens[np.arange(len(tokens)) + np.repeat(starts - before, lengths)]
        stops = np.cumsum(np.bincount(self._texts, lengths)).astype(np.int64)
        pairs = zip(np.split(tokens, stops[:-1]), self._given, strict=True)
        return [cut if len(cut) <= self._longest else own for cut, own in pairs]


class _Merges:
    """The M merges of a vocabulary, by their rank, from 0; a pair that is none has the rank M."""

    def __init__(self, merges: Mapping[tuple[int, int], int], size: int) -> None:
        self._parts, self._size = merges, size
        pairs = np.array(list(merges), np.int64).reshape(-1, 2)
        codes = pairs[:, 0] * size + pairs[:, 1]
        order = np.argsort(codes)
        # One more than any pair ends the table.
        self._codes = np.append(codes[order], size * size)
        self._ranks = np.append(order, len(merges))
        self._made = np.array(list(merges.values()), np.int64)

    def letters(self, words: Iterable[_Cut]) -> list[_Cut]:
        """The letters of words, given their tokens; unknown and special tokens are their own."""
        known: dict[int, _Cut] = {}
        for (first, second), made in self._parts.items():  # parts were learned before
            known[made] = known.get(first, (first,)) + known.get(second, (second,))
        return [sum((known.get(token, (token,)) for token in word), ()) for word in words]

    def ranks(self, tokens: _Ints) -> _Ints:
        """The ranks of the pairs of neighbouring tokens, [N, T] -> [N, T - 1]."""
        return self._rank(tokens[:, :-1], tokens[:, 1:])

    def cut(
        self, tokens: _Ints, ranks: _Ints, *, rate: float, generator: np.random.Generator
    ) -> Iterator[tuple[_Ints, _Ints]]:
        """Merge pairs in N words of T letters, with ranks [N, T - 1].

        Yields:
            The words [n] that have got so many tokens in the end, and these tokens [n, length].
        """
        words, none = np.arange(len(tokens)), len(self._made)
        while ranks.shape[1]:
            each, pairs = np.arange(len(words)), ranks.shape[1]
            skipped = generator.geometric(1 - rate, len(words)) - 1
            at = ranks.argmin(1)  # the leftmost of equal ranks
            some = np.flatnonzero(skipped)
            order = ranks[some].argsort(1, kind="stable")
            at[some] = order[np.arange(len(some)), np.minimum(skipped[some], pairs - 1)]
            rank = np.where(skipped < pairs, ranks[each, at], none)
            ended = rank == none
            yield words[ended], tokens[ended]
            going = ~ended
            words, at, made = words[going], at[going], self._made[rank[going]]
            tokens, ranks = _without(tokens[going], at + 1), _without(ranks[going], at)
            tokens[np.arange(len(words)), at] = made
            for side in (-1, 0):  # the pairs that end, and that start, with the new token
                new = np.flatnonzero((at + side >= 0) & (at + side < ranks.shape[1]))
                place = at[new] + side
                ranks[new, place] = self._rank(tokens[new, place], tokens[new, place + 1])
        yield words, tokens

    def _rank(self, first: _Ints, second: _Ints) -> _Ints:
        codes = first * self._size + second
        at = np.searchsorted(self._codes, codes)
        known = self._codes[at] == codes
        return np.where(known, self._ranks[at], len(self._made))


def _words(ids: NDArray[np.integer], words: NDArray[np.integer]) -> Iterator[_Cut]:
    """The tokens of each word of a text."""
    tokens, start = ids.tolist(), 0
    for stop in [*(np.flatnonzero(np.diff(words)) + 1).tolist(), len(tokens)]:
        yield tuple(tokens[start:stop])
        start = stop


def _without(rows: _Ints, at: _Ints) -> _Ints:
    """Rows [N, T] without one element each, [N, T - 1]."""
    kept = np.ones(rows.shape, bool)
    kept[np.arange(len(rows)), at] = False
    shorter: _Ints = rows[kept].reshape(len(rows), rows.shape[1] - 1)
    return shorter
