"""Stories with other words in some places."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regard.inputs.story.word_part import Asked
from regard.inputs.text.encoded import UNKNOWN

__all__ = ["OtherWords", "with_other_words"]


@dataclass(frozen=True, eq=False)
class OtherWords:
    """B questions about stories, as `WordPart` takes them.

    Attributes:
        stories, questions: B arrays of the numbers of words.
        kinds, beyond: as of `Asked`.
    """

    stories: list[NDArray[np.integer]]
    questions: list[NDArray[np.integer]]
    kinds: list[NDArray[np.int64]]
    beyond: list[tuple[str, ...]]

    def __len__(self) -> int:
        return len(self.stories)

    def story_of(self, n: int) -> NDArray[np.integer]:
        """[S_b] words of a story."""
        return self.stories[n]

    def question_of(self, n: int) -> NDArray[np.integer]:
        """[Q_b] words of a question."""
        return self.questions[n]


def with_other_words(
    encoded: Asked,
    index: NDArray[np.int64],
    where: Sequence[NDArray[np.bool_]],
    *,
    tokens: int,
    generator: np.random.Generator | None = None,
) -> OtherWords:
    """Stories at these positions with other words, none of which is elsewhere in its case.

    Parameters:
        encoded: questions about stories.
        index: positions, also several times.
        where: of each of them [S_b] what is replaced.
        tokens: V.
        generator: draws the story that the other words are of; None takes the unknown word.
    """
    found = OtherWords([], [], [], [])
    for n, own in zip(index.tolist(), where, strict=True):
        story, kinds = encoded.story_of(n).copy(), encoded.kinds[n].copy()
        places = np.flatnonzero(own)
        others = np.full(len(places), UNKNOWN)
        if generator is not None:
            other = encoded.story_of(int(generator.integers(len(encoded))))
            others = other[places % len(other)]
        story[places] = np.where(others < tokens, others, UNKNOWN)
        kinds[places] = kinds.max() + 1 + np.arange(len(places))
        found.stories.append(story)
        found.questions.append(encoded.question_of(n))
        found.kinds.append(kinds)
        found.beyond.append(encoded.beyond[n] if encoded.beyond else ())
    return found
