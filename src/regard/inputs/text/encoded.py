"""Texts as tokens that know where they stand in their texts, and weights of tokens as of words."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from regard.errors import DataError
from regard.inputs.text.sentences import sentence_spans

__all__ = ["PADDING", "UNKNOWN", "Encoded", "sum_to_words", "word_spans"]

PADDING = 0
"""The id of what fills a text up, "[PAD]"."""

UNKNOWN = 1
"""The id of every token that the vocabulary lacks, "[UNK]"."""


@dataclass(frozen=True, eq=False)
class Encoded:
    """B texts of T_b tokens each, at least 1.

    Attributes:
        texts: The B texts as given.
        ids: B arrays [T_b] int32, the number of each token in the vocabulary.
        spans: B arrays [T_b, 2] int32, the half-open (start, stop) characters of the text as given
            that each token stands for. Tokens that share a character, as those of a ligature do,
            share its span.
        words: B arrays [T_b] int32, from 0: which word of its text a token belongs to.
        truncated: How many texts had more tokens than were kept.
    """

    texts: tuple[str, ...]
    ids: list[NDArray[np.int32]]
    spans: list[NDArray[np.int32]]
    words: list[NDArray[np.int32]]
    truncated: int

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def known(self) -> NDArray[np.int64]:
        """[B] how many of the tokens kept of each text are in the vocabulary."""
        return np.array([np.count_nonzero(ids != UNKNOWN) for ids in self.ids], dtype=np.int64)

    @cached_property
    def word_spans(self) -> list[NDArray[np.int32]]:
        """B arrays [words, 2] int32: the half-open (start, stop) characters of each word."""
        return [word_spans(*each) for each in zip(self.spans, self.words, strict=True)]

    @cached_property
    def sentences(self) -> list[NDArray[np.int32]]:
        """B arrays [T_b] int32: which of the text's `sentence_spans` a token stands in."""
        numbers = []
        for text, spans in zip(self.texts, self.spans, strict=True):
            starts = [start for start, _ in sentence_spans(text)]
            at = np.searchsorted(starts, spans[:, 0], side="right") - 1
            numbers.append(np.maximum(at, 0).astype(np.int32))
        return numbers


def sum_to_words(weights: NDArray[np.floating], words: NDArray[np.int32]) -> NDArray[np.floating]:
    """Give each word the sum of its tokens' weights, so that the total stays.

    Parameters:
        weights: [..., T] of the tokens of one text.
        words: [T] the word of each token, as `Encoded.words` has it.

    Returns:
        [..., W] of the words.

    Raises:
        DataError: The two differ in their number of tokens.

    Example:
        >>> sum_to_words(np.array([0.25, 0.5, 0.125, 0.125]), np.array([0, 1, 1, 2]))
        array([0.25 , 0.625, 0.125])
    """
    weights = np.asarray(weights)
    if weights.shape[-1:] != np.shape(words):
        raise DataError(
            f"weights: wanted one for each of {len(words)} tokens, "
            f"given the shape {list(weights.shape)}"
        )
    return np.asarray(np.add.reduceat(weights, _firsts(words), axis=-1))


def word_spans(spans: NDArray[np.int32], words: NDArray[np.int32]) -> NDArray[np.int32]:
    """The characters of each word of a text.

    Parameters:
        spans: [T, 2] of its tokens.
        words: [T] the word of each.

    Returns:
        [W, 2] half-open (start, stop).

    Example:
        >>> word_spans(np.array([[0, 3], [4, 8], [8, 11]]), np.array([0, 1, 1])).tolist()
        [[0, 3], [4, 11]]
    """
    firsts = _firsts(words)
    starts = np.minimum.reduceat(spans[:, 0], firsts)
    return np.stack([starts, np.maximum.reduceat(spans[:, 1], firsts)], axis=1)


def _firsts(words: NDArray[np.int32]) -> NDArray[np.int64]:
    """[W] the first token of each word."""
    return np.flatnonzero(np.diff(words, prepend=-1))
