"""Stories and questions as tokens of the vocabulary that answers are written in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from regard.inputs.story.encoded import EncodedStories, encode_stories
from regard.inputs.story.stories import Stories
from regard.inputs.story.word_by_word import kinds_of
from regard.inputs.text.encoded import Encoded
from regard.tokens import END, UNKNOWN, Tokens, Vocabulary, number_beyond, texts_beyond

__all__ = ["EncodedStoryTokens", "encode_story_tokens"]


@dataclass(frozen=True, eq=False)
class EncodedStoryTokens(EncodedStories):
    """B questions, each about a story of S_b tokens, of which the last is the end mark.

    Attributes:
        kinds: B arrays [S_b + Q_b]: which of a case's different tokens, in lower case, each token
            of story and question is, as `models.WordVectors` takes them.
        numbers: B arrays [S_b + Q_b] of the tokens, those beyond the vocabulary from V on.
        beyond: texts of the tokens from V on of each case, see `regard.tokens.texts_beyond`.
        size: V.
    """

    kinds: list[NDArray[np.int64]]
    numbers: list[NDArray[np.int64]]
    beyond: list[tuple[str, ...]]
    size: int

    def story_of(self, n: int) -> NDArray[np.integer]:
        """[S_b] the tokens of a story, with the end mark."""
        return self.numbers[n][: self._length(n)]

    def question_of(self, n: int) -> NDArray[np.integer]:
        """[Q_b] those of a question."""
        return self.numbers[n][self._length(n) :]

    def _length(self, n: int) -> int:
        return 1 + sum(len(self.tokens.ids[at]) for at in self.stories[n])

    def words_of(self, n: int) -> NDArray[np.int64]:
        """[S_b] the word of each token of a story; the end mark is the last."""
        words = [self.tokens.words[at] for at in self.stories[n]]
        before = np.cumsum([0, *(own.max(initial=-1) + 1 for own in words)])
        each = [own + first for own, first in zip(words, before[:-1], strict=True)]
        return np.asarray(np.concatenate([*each, before[-1:]]), np.int64)

    def places_of(self, n: int) -> NDArray[np.int64]:
        """[W_b, 3] of each word but the end mark: its sentence, as the story was given, and its
        half-open (start, stop) characters there.
        """
        spans = [self.tokens.word_spans[at] for at in self.stories[n]]
        of = np.repeat(np.arange(len(spans)), [len(own) for own in spans]) + self.left_out[n]
        return np.column_stack([of, np.concatenate(spans)]).astype(np.int64)


def encode_story_tokens(
    vocabulary: Vocabulary,
    cases: Stories,
    *,
    copying: bool,
    max_tokens: int,
    max_sentences: int,
) -> EncodedStoryTokens:
    """Tokenise stories and questions.

    Parameters:
        vocabulary: of stories, questions and answers.
        cases: each with a sentence and a question.
        copying: whether unknown tokens are numbered from V on, case by case, and not UNKNOWN.
        max_tokens, max_sentences: as of `encode_stories`.

    >>> vocabulary = Vocabulary.train(["Who left?", "Mary left."], kind="word")
    >>> cases = Stories((("Zoe left.", "Mary left."),), ("Who left?",))
    >>> limits = {"max_tokens": 9, "max_sentences": 9}
    >>> encoded = encode_story_tokens(vocabulary, cases, copying=True, **limits)
    >>> encoded.story_of(0).tolist(), encoded.beyond, encoded.kinds[0].tolist()
    ([9, 4, 7, 5, 4, 7, 3], [('Zoe',)], [1, 2, 3, 4, 2, 3, 5, 6, 2, 7])
    """
    limits = {"max_tokens": max_tokens, "max_sentences": max_sentences}
    stories = encode_stories(partial(_encoded, vocabulary), cases, **limits)
    tokens = stories.tokens
    every = [Tokens(*own) for own in zip(tokens.ids, tokens.spans, tokens.words, strict=True)]
    forms: dict[str, int] = {"": 0}  # of the end mark
    known = [
        np.array(
            [forms.setdefault(text[start:stop].lower(), len(forms)) for start, stop in own.spans],
            np.int64,
        )
        for text, own in zip(tokens.texts, every, strict=True)
    ]
    kinds, numbers, beyond = [], [], []
    for story, question in zip(stories.stories, stories.questions, strict=True):
        where = [*story, question]
        own = dict.fromkeys(
            word for at in where * copying for word in texts_beyond(tokens.texts[at], every[at])
        )
        beyond.append(tuple(own))
        ids = [number_beyond(vocabulary, tokens.texts[at], every[at], beyond[-1]) for at in where]
        ids.insert(-1, np.array([END], np.int32))
        numbers.append(np.concatenate(ids).astype(np.int64))
        unknown = (numbers[-1] == UNKNOWN) | (numbers[-1] >= vocabulary.size)
        of = [known[at] for at in where]
        of.insert(-1, np.zeros(1, np.int64))
        kinds.append(kinds_of(np.concatenate(of), unknown))
    return EncodedStoryTokens(
        **vars(stories), kinds=kinds, numbers=numbers, beyond=beyond, size=vocabulary.size
    )


def _encoded(vocabulary: Vocabulary, texts: Sequence[str], *, max_tokens: int) -> Encoded:
    """Texts as tokens; one without any becomes one unknown token."""
    found = vocabulary.encode(texts)
    ids, spans, words = ([own[field][:max_tokens] for own in found] for field in range(3))
    for at, own in enumerate(ids):
        if not len(own):
            ids[at], words[at] = np.array([UNKNOWN], np.int32), np.zeros(1, np.int32)
            spans[at] = np.array([[0, len(texts[at])]], np.int32)
    truncated = sum(len(own.ids) > max_tokens for own in found)
    return Encoded(tuple(texts), ids, spans, words, truncated)
