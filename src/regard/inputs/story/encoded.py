"""Stories and questions as tokens; a sentence that occurs often is held once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regard.inputs.story.stories import Stories
from regard.inputs.text.encoded import Encoded

__all__ = ["EncodedStories", "encode_stories"]


@dataclass(frozen=True, eq=False)
class EncodedStories:
    """B questions, each about a story.

    Attributes:
        tokens: of each sentence or question that occurs.
        stories: B arrays [S_b] of the numbers of a story's sentences, at least one.
        questions: [B] numbers of the questions.
        known: [B] words of the question that are in the vocabulary.
        left_out: [B] sentences that were left out from the beginning of a story.
    """

    tokens: Encoded
    stories: list[NDArray[np.int64]]
    questions: NDArray[np.int64]
    known: NDArray[np.int64]
    left_out: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.stories)


def encode_stories(
    encode: Callable[..., Encoded],
    cases: Stories,
    *,
    max_tokens: int,
    max_sentences: int,
) -> EncodedStories:
    """Tokenise stories and questions.

    Parameters:
        encode: of texts, with `max_tokens` of one.
        cases: each with a sentence and a question.
        max_tokens: longer sentences and questions are truncated to this many tokens.
        max_sentences: of a longer story the last ones stay.

    >>> cases = Stories((("Mary left.", "John came."),), ("Who left?",))
    >>> from regard.inputs.text.tokenizer import Tokenizer
    >>> encode = Tokenizer.train(["Mary left.", "John came."]).encode
    >>> encoded = encode_stories(encode, cases, max_tokens=64, max_sentences=1)
    >>> encoded.stories, encoded.questions, encoded.known, encoded.left_out
    ([array([0])], array([1]), array([1]), array([1]))
    """
    kept = [story[-max_sentences:] for story in cases.stories]
    number: dict[str, int] = {}
    stories = [_numbered(story, number) for story in kept]
    questions = _numbered(cases.questions, number)
    tokens = encode(list(number), max_tokens=max_tokens)
    lengths = np.array([len(story) for story in cases.stories], np.int64)
    return EncodedStories(
        tokens,
        stories,
        questions,
        tokens.known[questions],
        np.maximum(lengths - max_sentences, 0),
    )


def _numbered(texts: Iterable[str], number: dict[str, int]) -> NDArray[np.int64]:
    """The numbers of texts, of which those that are new get the next."""
    return np.array([number.setdefault(text, len(number)) for text in texts], np.int64)
