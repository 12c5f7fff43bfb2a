"""Stories and questions as sequences of words."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regard.inputs.story.encoded import EncodedStories, encode_stories
from regard.inputs.story.occurrences import divided
from regard.inputs.story.stories import Stories
from regard.inputs.text.encoded import UNKNOWN
from regard.inputs.text.tokenizer import Tokenizer

__all__ = ["EncodedWords", "encode_words", "kinds_of"]


@dataclass(frozen=True, eq=False)
class EncodedWords(EncodedStories):
    """B questions, each about a story of S_b words.

    Attributes:
        words: of each sentence or question that occurs, normalised, so far as it is read.
        kinds: B arrays [S_b + Q_b]: which of a case's different words each word of story and
            question is, from 1, those that are not in the vocabulary first.
    """

    words: list[list[str]]
    kinds: list[NDArray[np.int64]]
    beyond: tuple[tuple[str, ...], ...] = ()  # nothing is copied

    def story_of(self, n: int) -> NDArray[np.integer]:
        """[S_b] the numbers of the words of a story."""
        return np.concatenate([self.tokens.ids[at] for at in self.stories[n]])

    def question_of(self, n: int) -> NDArray[np.integer]:
        """[Q_b] those of a question."""
        ids: NDArray[np.integer] = self.tokens.ids[self.questions[n]]
        return ids

    def words_of(self, n: int) -> list[str]:
        """The words of a story."""
        return [word for at in self.stories[n] for word in self.words[at]]

    def sentence_of(self, n: int) -> NDArray[np.int64]:
        """[S_b] which sentence of the story, as it was given, each word is of."""
        lengths = [len(self.words[at]) for at in self.stories[n]]
        return np.asarray(np.repeat(np.arange(len(lengths)), lengths) + self.left_out[n])

    def places_of(self, n: int) -> NDArray[np.int64]:
        """[S_b, 3] of each word: its sentence as in `sentence_of`, and its (start, stop) there."""
        spans = np.concatenate([self.tokens.spans[at] for at in self.stories[n]])
        return np.column_stack([self.sentence_of(n), spans])

    def text_of(self, n: int, start: int, stop: int) -> str:
        """The text from word start of a story up to, not including, word stop."""
        parts, before = [], 0
        for at in self.stories[n]:
            spans = self.tokens.spans[at][max(start - before, 0) : max(stop - before, 0)]
            if len(spans):
                parts.append(self.tokens.texts[at][spans[0, 0] : spans[-1, 1]])
            before += len(self.words[at])
        return " ".join(parts)


def encode_words(
    tokenizer: Tokenizer,
    cases: Stories,
    *,
    lowercase: bool,
    max_tokens: int,
    max_sentences: int,
) -> EncodedWords:
    """Tokenise stories and questions, and number the words of each case.

    Parameters:
        tokenizer: of words.
        cases: each with a sentence and a question.
        lowercase: as of the tokenizer.
        max_tokens, max_sentences: as of `encode_stories`.

    >>> tokenizer = Tokenizer.train(["who left?", "Mary left."])
    >>> cases = Stories((("Zoe left.", "Mary left."),), ("Who left?",))
    >>> encoded = encode_words(tokenizer, cases, lowercase=True, max_tokens=9, max_sentences=9)
    >>> encoded.kinds[0].tolist(), encoded.text_of(0, 2, 5)
    ([1, 2, 3, 4, 2, 3, 5, 2, 6], '. Mary left')
    """
    limits = {"max_tokens": max_tokens, "max_sentences": max_sentences}
    stories = encode_stories(tokenizer.encode, cases, **limits)
    texts, every = stories.tokens.texts, stories.tokens.ids
    given = zip(texts, divided(texts, lowercase=lowercase), every, strict=True)
    words = [(found or [text])[: len(ids)] for text, found, ids in given]
    number: dict[str, int] = {}
    numbered = [
        np.array([number.setdefault(word, len(number)) for word in each], np.int64)
        for each in words
    ]
    kinds = []
    for story, question in zip(stories.stories, stories.questions, strict=True):
        where = [*story, question]
        own, ids = (np.concatenate([rows[at] for at in where]) for rows in (numbered, every))
        kinds.append(kinds_of(own, ids == UNKNOWN))
    return EncodedWords(**vars(stories), words=words, kinds=kinds)


def kinds_of(numbers: NDArray[np.int64], unknown: NDArray[np.bool_]) -> NDArray[np.int64]:
    """[T] which of the different numbers each is, from 1: unknown ones first, then by place."""
    _, first, of = np.unique(numbers, return_index=True, return_inverse=True)
    kinds = np.empty(len(first), np.int64)
    kinds[np.lexsort((first, ~unknown[first]))] = np.arange(1, len(first) + 1)
    return kinds[of]
