"""Tokenised texts, with the place of each token in its text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from unicodedata import normalize

import numpy as np
from numpy.typing import NDArray

from regard.errors import DataError
from regard.inputs.text.sentences import sentence_spans

__all__ = [
    "PADDING",
    "UNKNOWN",
    "Encoded",
    "first_tokens",
    "padded",
    "sum_to_words",
    "with_unknown_words",
    "without_words",
    "words_of",
]

PADDING = 0
"""Id of the padding token, "[PAD]"."""

UNKNOWN = 1
"""Id of the unknown token, "[UNK]"."""


@dataclass(frozen=True, eq=False)
class Encoded:
    """B texts of T_b tokens each, at least 1.

    Attributes:
        texts: The B texts, unchanged.
        ids: B arrays [T_b] int32, the number of each token in the vocabulary.
        spans: B arrays [T_b, 2] int32, the half-open (start, stop) characters of each token in its
            text. Tokens of the same character, such as a ligature, share its span.
        words: B arrays [T_b] int32, the number of the word that each token belongs to, from 0.
        truncated: How many texts were truncated.
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
        """[B] how many words of each text have a token in the vocabulary."""
        each = zip(self.ids, self.words, strict=True)
        return np.array([len(np.unique(words[ids != UNKNOWN])) for ids, words in each], np.int64)

    @cached_property
    def word_spans(self) -> list[NDArray[np.int32]]:
        """B arrays [words, 2] int32: the half-open (start, stop) characters of each word."""
        found = []
        for spans, words in zip(self.spans, self.words, strict=True):
            firsts = first_tokens(words)
            starts = np.minimum.reduceat(spans[:, 0], firsts)
            found.append(np.stack([starts, np.maximum.reduceat(spans[:, 1], firsts)], axis=1))
        return found

    @cached_property
    def sentences(self) -> list[NDArray[np.int32]]:
        """B arrays [T_b] int32: the number of the sentence (`sentence_spans`) of each token."""
        numbers = []
        for text, spans in zip(self.texts, self.spans, strict=True):
            starts = [start for start, _ in sentence_spans(text)]
            at = np.searchsorted(starts, spans[:, 0], side="right") - 1
            numbers.append(np.maximum(at, 0).astype(np.int32))
        return numbers


def sum_to_words(weights: NDArray[np.floating], words: NDArray[np.int32]) -> NDArray[np.floating]:
    """Sum the weights of each word's tokens.

    Parameters:
        weights: [..., T] of the tokens of one text.
        words: [T] the word of each token, as in `Encoded.words`.

    Returns:
        [..., W] of the words.

    Raises:
        DataError: The numbers of tokens differ.

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
    return np.asarray(np.add.reduceat(weights, first_tokens(words), axis=-1))


def first_tokens(words: NDArray[np.int32]) -> NDArray[np.int64]:
    """[W] the position of each word's first token, given the word of each token [T]."""
    return np.flatnonzero(np.diff(words, prepend=-1))


def padded(rows: Sequence[NDArray[np.integer]], steps: int) -> NDArray[np.int64]:
    """[B, T], padded with zeros."""
    found = np.zeros((len(rows), steps), np.int64)
    for row, own in zip(found, rows, strict=True):
        row[: len(own)] = own
    return found


def words_of(encoded: Encoded, *, lowercase: bool) -> list[list[str]]:
    """The words of each text for its n-grams: NFKC, lowercased if asked."""
    texts = []
    for text, spans in zip(encoded.texts, encoded.word_spans, strict=True):
        own = [normalize("NFKC", text[start:stop]) for start, stop in spans.tolist()]
        texts.append([word.lower() for word in own] if lowercase else own)
    return texts


def without_words(
    encoded: Encoded, index: NDArray[np.int64], where: Sequence[NDArray[np.bool_]]
) -> Encoded:
    """Texts at these positions without the tokens of some of their words.

    Parameters:
        encoded: texts.
        index: positions, also several times.
        where: of each of them [words] what is left out, never all.
    """
    parts = []
    for at, gone in zip(index, where, strict=True):
        words = encoded.words[at]
        kept = ~gone[words]
        numbers = np.cumsum(~gone, dtype=np.int32) - 1
        parts.append((encoded.ids[at][kept], encoded.spans[at][kept], numbers[words[kept]]))
    ids, spans, numbered = map(list, zip(*parts, strict=True))
    return Encoded(tuple(encoded.texts[at] for at in index), ids, spans, numbered, 0)


def with_unknown_words(
    encoded: Encoded, index: NDArray[np.int64], where: Sequence[NDArray[np.bool_]]
) -> Encoded:
    """The same with unknown tokens in their place."""
    ids = [
        np.where(gone[encoded.words[at]], np.int32(UNKNOWN), encoded.ids[at])
        for at, gone in zip(index, where, strict=True)
    ]
    spans, words = ([each[at] for at in index] for each in (encoded.spans, encoded.words))
    return Encoded(tuple(encoded.texts[at] for at in index), ids, spans, words, 0)
