"""Where an answer occurs in a story, word by word."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from regard.inputs.text.words import divider, normalizer

__all__ = ["divided", "latest", "occurrences"]


def divided(texts: Iterable[str], *, lowercase: bool) -> list[list[str]]:
    """The words of each text, normalised, as a tokenizer of words divides it.

    >>> divided(["In the Hall."], lowercase=True)
    [['in', 'the', 'hall', '.']]
    """
    normalise, divide = normalizer(lowercase=lowercase).normalize_str, divider().pre_tokenize_str
    return [[word for word, _ in divide(normalise(text))] for text in texts]


def occurrences(words: Sequence[str], answer: Sequence[str]) -> NDArray[np.int64]:
    """[n, 2] the first and the last position of each occurrence of the answer's words.

    >>> occurrences(["in", "the", "hall", "in", "the", "attic"], ["in", "the"]).tolist()
    [[0, 1], [3, 4]]
    """
    width, wanted = len(answer), list(answer)
    found = [
        (at, at + width - 1)
        for at, word in enumerate(words)
        if answer and word == answer[0] and list(words[at : at + width]) == wanted
    ]
    return np.array(found, np.int64).reshape(-1, 2)


def latest(words: Sequence[str], answers: Collection[tuple[str, ...]]) -> tuple[str, ...]:
    """The answer that ends last in a story, the longest of several; none where none occurs.

    >>> latest(["the", "red", "hall", "."], {("hall",), ("red", "hall"), ("attic",)})
    ('red', 'hall')
    """
    lengths = sorted({len(answer) for answer in answers}, reverse=True)
    for stop in range(len(words), 0, -1):
        for length in lengths:
            if length <= stop and (found := tuple(words[stop - length : stop])) in answers:
                return found
    return ()
