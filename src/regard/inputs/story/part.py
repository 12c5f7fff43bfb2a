"""Batches of stories and questions."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from regard.inputs.story.encoded import EncodedStories
from regard.inputs.text.encoded import padded
from regard.training import Batch, Part, Targets, targets_at

__all__ = ["StoryPart"]


class StoryPart(Part):
    """Stories and questions as tensors, batch by batch.

    The inputs of a batch are the tokens [U, W] of the U sentences that occur in it, which of them
    each story consists of, [b, S], and the tokens [b, W'] of the questions; the mask is [b, S].

    Parameters:
        encoded: B questions about stories.
        targets: of all cases.
    """

    def __init__(self, encoded: EncodedStories, targets: Targets) -> None:
        self.lengths = torch.tensor([len(story) for story in encoded.stories])
        self._encoded, self._targets = encoded, targets

    def __getitem__(self, index: NDArray[np.int64]) -> Batch:
        """The cases at these positions, padded to the longest story of them."""
        steps, mask = self._cut(torch.from_numpy(index))
        every = self._encoded.tokens.ids
        stories = [self._encoded.stories[at] for at in index]
        occurring, numbers = np.unique(np.concatenate(stories), return_inverse=True)
        ends = np.cumsum([len(story) for story in stories])[:-1]
        places = padded(np.split(numbers, ends), steps)
        sentences = _padded_tokens([every[at] for at in occurring])
        questions = _padded_tokens([every[at] for at in self._encoded.questions[index]])
        inputs = tuple(map(torch.from_numpy, (sentences, places, questions)))
        return Batch(inputs, mask, targets_at(self._targets, index))


def _padded_tokens(rows: list[NDArray[np.int32]]) -> NDArray[np.int64]:
    return padded(rows, max(len(row) for row in rows))
