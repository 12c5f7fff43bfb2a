"""Texts as batches of tensors: tokens, their sentences, and the n-grams at each."""

from __future__ import annotations

from typing import Any
from unicodedata import normalize

import numpy as np
import torch
from numpy.typing import NDArray

from regard.inputs.text.encoded import Encoded, word_spans
from regard.inputs.text.ngrams import Ngrams
from regard.training import Batch, Part

__all__ = ["TextPart", "words_of"]


class TextPart(Part):
    """Texts, made tensors a batch at a time.

    Parameters:
        encoded: B texts as tokens.
        targets: [B] class numbers, or positions.
        sentences: whether the model looks at them.
        ngrams: whose features to give, with the words of each text; None gives none.
    """

    def __init__(
        self,
        encoded: Encoded,
        targets: NDArray[Any] | None,
        *,
        sentences: bool,
        ngrams: tuple[Ngrams, list[list[str]]] | None,
    ) -> None:
        self.lengths = torch.tensor([len(ids) for ids in encoded.ids])
        self._encoded, self._targets = encoded, targets
        self._sentences, self._ngrams = sentences, ngrams

    def __getitem__(self, index: NDArray[np.int64]) -> Batch:
        """The texts at these positions, cut to the longest of them."""
        steps, mask = self._cut(torch.from_numpy(index))
        tokens = _padded([self._encoded.ids[at] for at in index], steps)
        sentences = (
            _padded([self._encoded.sentences[at] for at in index], steps)
            if self._sentences
            else np.zeros_like(tokens)
        )
        columns, values = self._features(index, steps)
        inputs = tuple(map(torch.from_numpy, (tokens, sentences, columns, values)))
        return Batch(
            inputs, mask, None if self._targets is None else torch.from_numpy(self._targets[index])
        )

    def _features(
        self, index: NDArray[np.int64], steps: int
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """[B, T, G] the n-grams of each word, at its first token, and their values."""
        if self._ngrams is None:
            return np.zeros((len(index), steps, 0), np.int64), np.zeros(
                (len(index), steps, 0), np.float32
            )
        ngrams, words = self._ngrams
        found = [ngrams.features(words[at]) for at in index]
        counts = [np.bincount(each.words, minlength=1) for each in found]
        shape = (len(index), steps, max(1, *(own.max() for own in counts), 1))
        columns, values = np.zeros(shape, np.int64), np.zeros(shape, np.float32)
        for case, (at, each, own) in enumerate(zip(index, found, counts, strict=True)):
            order = np.argsort(each.words, kind="stable")
            word = each.words[order]
            firsts = np.flatnonzero(np.diff(self._encoded.words[at], prepend=-1))
            slot = np.arange(len(word)) - (np.cumsum(own) - own)[word]
            columns[case, firsts[word], slot] = each.columns[order]
            values[case, firsts[word], slot] = each.values[order]
        return columns, values


def words_of(encoded: Encoded, *, lowercase: bool) -> list[list[str]]:
    """The words of each text as n-grams take them: NFKC, in small letters if wanted."""
    texts = []
    for text, spans, words in zip(encoded.texts, encoded.spans, encoded.words, strict=True):
        own = [
            normalize("NFKC", text[start:stop]) for start, stop in word_spans(spans, words).tolist()
        ]
        texts.append([word.lower() for word in own] if lowercase else own)
    return texts


def _padded(rows: list[NDArray[np.int32]], steps: int) -> NDArray[np.int64]:
    """[B, T] with zeros at the ends."""
    padded = np.zeros((len(rows), steps), np.int64)
    for row, own in zip(padded, rows, strict=True):
        row[: len(own)] = own
    return padded
