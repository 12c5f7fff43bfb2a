"""Batches of texts: tokens, their sentences and n-grams."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from regard.inputs.text.encoded import Encoded, first_tokens, padded
from regard.inputs.text.ngrams import Ngrams
from regard.training import Batch, Part

__all__ = ["TextPart"]


class TextPart(Part):
    """Texts as tensors, batch by batch.

    Parameters:
        encoded: B texts.
        targets: [B] class numbers.
        sentences: whether the model uses sentences; otherwise their numbers are 0.
        ngrams: whose features to give, or None.
        words: the words of each text, if there are n-grams.
    """

    def __init__(
        self,
        encoded: Encoded,
        targets: NDArray[Any] | None,
        *,
        sentences: bool,
        ngrams: Ngrams | None,
        words: list[list[str]] | None,
    ) -> None:
        self.lengths = torch.tensor([len(ids) for ids in encoded.ids])
        self._encoded, self._targets = encoded, targets
        self._sentences, self._ngrams, self._words = sentences, ngrams, words or []

    def __getitem__(self, index: NDArray[np.int64]) -> Batch:
        """The texts at these positions, padded to the longest of them."""
        steps, mask = self._cut(torch.from_numpy(index))
        tokens = padded([self._encoded.ids[at] for at in index], steps)
        sentences = np.zeros_like(tokens)
        if self._sentences:
            sentences = padded([self._encoded.sentences[at] for at in index], steps)
        inputs = tuple(map(torch.from_numpy, (tokens, sentences, *self._features(index, steps))))
        targets = None if self._targets is None else torch.from_numpy(self._targets[index])
        return Batch(inputs, mask, targets)

    def _features(
        self, index: NDArray[np.int64], steps: int
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """[B, T, G] the n-grams of each word, at its first token, and their values."""
        if self._ngrams is None:
            none = len(index), steps, 0
            return np.zeros(none, np.int64), np.zeros(none, np.float32)
        found = [self._ngrams.features(self._words[at]) for at in index]
        counts = [np.bincount(each.words, minlength=1) for each in found]
        shape = len(index), steps, max(1, *(own.max() for own in counts), 1)
        columns, values = np.zeros(shape, np.int64), np.zeros(shape, np.float32)
        for case, (each, own) in enumerate(zip(found, counts, strict=True)):
            order = np.argsort(each.words, kind="stable")
            word = each.words[order]
            token = first_tokens(self._encoded.words[index[case]])[word]
            slot = np.arange(len(word)) - (np.cumsum(own) - own)[word]
            columns[case, token, slot] = each.columns[order]
            values[case, token, slot] = each.values[order]
        return columns, values
