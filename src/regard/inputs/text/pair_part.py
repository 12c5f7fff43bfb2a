"""Batches of texts with the tokens to write for each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from regard.inputs.text.encoded import padded
from regard.inputs.text.sources import EncodedSources
from regard.tokens import END, SubwordDropout, renumber
from regard.training import Batch, Part, targets_at

__all__ = ["PairPart"]


class PairPart(Part):
    """Texts and targets as tensors, batch by batch.

    Parameters:
        encoded: B texts.
        targets: B arrays [L_b], the numbers of the tokens to write, or None.
        index: [b] positions of the cases of the part; None takes all.
        dropout: of the sources and of the targets [b] of the part, which cuts them into other
            tokens in each pass; None leaves them. Batches go by the tokens as they are given, so
            that each pass has equally many.
        hidden: share of the different tokens of a source that are beyond the vocabulary, in source
            and target, others in each pass: so they can only be copied, as those never seen.
        seed: random seed of these.
    """

    def __init__(
        self,
        encoded: EncodedSources,
        targets: Sequence[NDArray[Any]] | None,
        index: NDArray[np.int64] | None = None,
        *,
        dropout: tuple[SubwordDropout, SubwordDropout] | None = None,
        hidden: float = 0.0,
        seed: int = 0,
    ) -> None:
        chosen = range(len(encoded)) if index is None else index
        self._ids: list[NDArray[Any]] = [encoded.ids[at] for at in chosen]
        self._beyond = [encoded.beyond[at] for at in chosen]
        self._targets = None if targets is None else [targets[at] for at in chosen]
        self.lengths = torch.tensor([len(ids) for ids in self._ids])
        self.sizes = self.lengths
        if self._targets is not None:
            # Both sides as long as the longer one: sorted by this, pairs of a batch have little
            # padding on either side, and both together stay below the tokens of a batch.
            written = torch.tensor([len(ids) for ids in self._targets])
            self.sizes = 2 * torch.maximum(self.lengths, written)
        self._dropout = dropout
        self._share, self._seed, self._size = hidden, seed, encoded.tokens
        self._pass = 0

    def set_pass(self, number: int) -> None:
        self._pass = number
        if self._dropout is not None:
            sources, written = self._dropout
            self._ids, self._targets = sources.draw(number), written.draw(number)

    def __getitem__(self, index: NDArray[np.int64]) -> Batch:
        """The cases at these positions: tokens [B, T] and targets [B, L], padded with zeros."""
        read: list[NDArray[Any]] = [self._ids[at] for at in index]
        targets = targets_at(self._targets, index)
        if self._share and self._targets is not None:
            read, written = map(list, zip(*map(self._hidden, index.tolist()), strict=True))
            targets = targets_at(written, np.arange(len(index)))
        steps, mask = self._padding(torch.tensor([len(ids) for ids in read]))
        tokens = torch.from_numpy(padded(read, steps))
        beyond = [self._beyond[at] for at in index]
        return Batch((tokens,), mask, targets, beyond)

    def _hidden(self, n: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The tokens of source and target of case n."""
        assert self._targets is not None
        numbers = np.unique(self._ids[n])
        numbers = numbers[(numbers > END) & (numbers < self._size)]
        random = np.random.default_rng([self._seed, self._pass, n])
        hidden = numbers[random.random(len(numbers)) < self._share]
        first = self._size + len(self._beyond[n])
        return renumber(self._ids[n], hidden, first), renumber(self._targets[n], hidden, first)
