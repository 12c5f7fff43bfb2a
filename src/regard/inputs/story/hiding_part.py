"""Batches of stories and answers, some of whose words are hidden."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from regard.inputs.story.story_tokens import EncodedStoryTokens
from regard.inputs.story.word_part import WordPart
from regard.tokens import END, renumber
from regard.training import targets_at

__all__ = ["HidingPart"]


class HidingPart(WordPart):
    """A part in which some words of each case are beyond the vocabulary, others in each pass.

    A hidden word of a story is hidden in question and answer, too. So an answer with it can only be
    copied, as one with a word that was never seen, and the model learns to.

    Parameters:
        encoded: B questions about stories.
        targets: B arrays [L_b], the numbers of the tokens to write.
        share: of the different words of a story that are hidden.
        seed: random seed.
    """

    def __init__(
        self,
        encoded: EncodedStoryTokens,
        targets: list[NDArray[np.int64]],
        *,
        share: float,
        seed: int,
    ) -> None:
        super().__init__(encoded, targets)
        self._stories, self._answers = encoded, targets
        self._share, self._seed = share, seed
        self._pass = 0

    def set_pass(self, number: int) -> None:
        self._pass = number

    def _words(self, n: int) -> tuple[NDArray[np.integer], NDArray[np.integer]]:
        story, question = super()._words(n)
        return self._renumbered(n, story), self._renumbered(n, question)

    def _wanted(self, where: list[int]) -> torch.Tensor | None:
        answers = [self._renumbered(n, self._answers[n]) for n in where]
        return targets_at(answers, np.arange(len(where)))

    def _renumbered(self, n: int, tokens: NDArray[np.integer]) -> NDArray[np.int64]:
        """The tokens of case n, those that are hidden with numbers that no other has."""
        encoded = self._stories
        kinds = np.unique(encoded.kinds[n])
        random = np.random.default_rng([self._seed, self._pass, n])
        hidden = kinds[random.random(len(kinds)) < self._share]
        story = encoded.story_of(n)
        mine = story[np.isin(encoded.kinds[n][: len(story)], hidden)]
        numbers = np.unique(mine[(mine > END) & (mine < encoded.size)])
        return renumber(tokens, numbers, encoded.size + len(encoded.beyond[n]))
