"""Texts to write texts from, as tokens with an end mark."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from regard.inputs.text.encoded import Encoded
from regard.tokens import END, UNKNOWN, Tokens, Vocabulary, number_beyond, texts_beyond

__all__ = ["EncodedSources", "encode_sources"]

_BLANK = "\u2581"  # the token of a blank alone


@dataclass(frozen=True, eq=False)
class EncodedSources(Encoded):
    """B texts of T_b tokens each, of which the last is the end mark, a word of its own.

    Attributes:
        lengths: [B] tokens of each text before it was truncated, without the end mark.
        blank: number of the token of a blank alone, -1 if there is none.
        tokens: V; unknown tokens are numbered from there where they can be copied.
        beyond: texts of these tokens of each text, see `regard.tokens.texts_beyond`.
    """

    lengths: NDArray[np.int64]
    blank: int
    tokens: int
    beyond: list[tuple[str, ...]]

    @cached_property
    def known(self) -> NDArray[np.int64]:
        """[B] how many words of each text have a token in the vocabulary, other than a blank."""
        none = [UNKNOWN, END, self.blank]
        each = zip(self.ids, self.words, strict=True)
        return np.array(
            [
                len(np.unique(words[~np.isin(ids, none) & (ids < self.tokens)]))
                for ids, words in each
            ],
            int,
        )

    def words_of(self, at: int) -> list[str]:
        """The words of a text as they are written in it, and "[END]"."""
        text = self.texts[at]
        return [text[start:stop].strip() for start, stop in self.word_spans[at][:-1]] + ["[END]"]

    def without_end(self, where: slice = slice(None)) -> list[NDArray[np.int32]]:
        """The numbers of the tokens of some texts, of the vocabulary, without the end marks."""
        return [np.where(ids < self.tokens, ids, UNKNOWN)[:-1] for ids in self.ids[where]]


def encode_sources(
    vocabulary: Vocabulary, texts: Sequence[str], *, max_tokens: int, copying: bool = False
) -> EncodedSources:
    """Tokenise texts and append the end mark, of which the span is empty, at the end of the text.

    Parameters:
        vocabulary: of the sources.
        texts: B texts.
        max_tokens: Longer texts are truncated to this many tokens, and then have the end mark.
        copying: Whether unknown tokens are numbered from V on, text by text, and not UNKNOWN.

    Example:
        >>> vocabulary = Vocabulary.train(["A dog runs."], kind="word")
        >>> encoded = encode_sources(vocabulary, ["A cat runs."], max_tokens=3)
        >>> encoded.ids[0].tolist(), encoded.words_of(0), encoded.known.tolist()
        ([4, 1, 6, 3], ['A', 'cat', 'runs', '[END]'], [2])
        >>> encoded.lengths.tolist(), encoded.truncated
        ([4], 1)
    """
    ids, spans, words, lengths, beyond = [], [], [], [], []
    for text, whole in zip(texts, vocabulary.encode(texts), strict=True):
        found = Tokens(*(each[:max_tokens] for each in whole))
        beyond.append(texts_beyond(text, found) if copying else ())
        numbers = number_beyond(vocabulary, text, found, beyond[-1]) if copying else found.ids
        ids.append(np.append(numbers, np.int32(END)))
        end = np.full((1, 2), len(text), np.int32)
        spans.append(np.concatenate([found.spans, end]))
        words.append(np.append(found.words, found.words.max(initial=np.int32(-1)) + np.int32(1)))
        lengths.append(len(whole.ids))
    known = vocabulary.tokens
    return EncodedSources(
        tuple(texts),
        ids,
        spans,
        words,
        sum(length > max_tokens for length in lengths),
        np.array(lengths, np.int64),
        known.index(_BLANK) if _BLANK in known else -1,
        vocabulary.size,
        beyond,
    )
