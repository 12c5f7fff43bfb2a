"""Batches of stories word by word, with questions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from regard.inputs.text.encoded import padded
from regard.training import Batch, Part, Targets, targets_at

__all__ = ["Asked", "WordPart"]


class Asked(Protocol):
    """B questions about stories, as numbers of words."""

    @property
    def kinds(self) -> Sequence[NDArray[np.int64]]:
        """B arrays [S_b + Q_b]: which of a case's different words each word of story and question
        is.
        """

    @property
    def beyond(self) -> Sequence[tuple[str, ...]]:
        """Words of each case that the vocabulary lacks and that can be copied; or empty."""

    def __len__(self) -> int: ...

    def story_of(self, n: int) -> NDArray[np.integer]:
        """[S_b] words of a story."""

    def question_of(self, n: int) -> NDArray[np.integer]:
        """[Q_b] words of a question."""


class WordPart(Part):
    """Stories and questions as tensors, batch by batch.

    The inputs of a batch are the words of stories [b, S] and questions [b, Q], and which of a
    case's different words each is, alike; the mask is [b, S].

    Parameters:
        encoded: B questions about stories.
        targets: of all cases.
        index: [b] positions of the cases of the part; None takes all.
    """

    def __init__(
        self, encoded: Asked, targets: Targets, index: NDArray[np.int64] | None = None
    ) -> None:
        self._encoded, self._targets = encoded, targets
        self._index = np.arange(len(encoded)) if index is None else index
        lengths = [len(encoded.story_of(n)) for n in self._index.tolist()]
        self.lengths = torch.tensor(lengths, dtype=torch.int64)

    def __getitem__(self, index: NDArray[np.int64]) -> Batch:
        """The cases at these positions, padded to the longest story and question of them."""
        steps, mask = self._cut(torch.from_numpy(index))
        encoded, where = self._encoded, self._index[index].tolist()
        stories, questions = zip(*map(self._words, where), strict=True)
        kinds = [
            np.split(encoded.kinds[n], [len(own)]) for n, own in zip(where, stories, strict=True)
        ]
        told, asked = zip(*kinds, strict=True)
        inputs = (
            padded(stories, steps),
            _padded(questions),
            padded(told, steps),
            _padded(asked),
        )
        beyond = [encoded.beyond[n] for n in where] if encoded.beyond else ()
        return Batch(tuple(map(torch.from_numpy, inputs)), mask, self._wanted(where), beyond)

    def _words(self, n: int) -> tuple[NDArray[np.integer], NDArray[np.integer]]:
        """[S_n] and [Q_n] the words of story and question."""
        return self._encoded.story_of(n), self._encoded.question_of(n)

    def _wanted(self, where: list[int]) -> torch.Tensor | None:
        """The targets of some cases."""
        return targets_at(self._targets, np.array(where))


def _padded(rows: Sequence[NDArray[np.integer]]) -> NDArray[np.int64]:
    return padded(rows, max(len(row) for row in rows))
