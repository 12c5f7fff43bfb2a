"""Words of a text beyond the vocabulary, which can be copied."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from regard.tokens.normal import normalise
from regard.tokens.special import UNKNOWN
from regard.tokens.vocabulary import Tokens, Vocabulary

__all__ = ["number_beyond", "texts_beyond"]


def texts_beyond(text: str, found: Tokens) -> tuple[str, ...]:
    """The different texts of the unknown tokens of a text, in order, as `Vocabulary.decode` takes
    them.

    >>> vocabulary = Vocabulary.train(["to Ann or Bob"], kind="word")
    >>> texts_beyond("to Eve (or Zoe)", vocabulary.encode(["to Eve (or Zoe)"])[0])
    ('Eve', '(', 'or', 'Zoe', ')')
    """
    return tuple(dict.fromkeys(_unknown(text, found).values()))


def number_beyond(
    vocabulary: Vocabulary, text: str, found: Tokens, beyond: tuple[str, ...]
) -> NDArray[np.int32]:
    """[T] numbers of the tokens of a text: V + k where an unknown one is the k-th of `beyond`.

    >>> vocabulary = Vocabulary.train(["to Ann or Bob"], kind="word")
    >>> text = "Zoe or Max"
    >>> number_beyond(vocabulary, text, vocabulary.encode([text])[0], ("Eve", "Zoe")).tolist()
    [9, 6, 1]
    """
    if not beyond:
        return found.ids
    ids = found.ids.copy()
    for at, own in _unknown(text, found).items():
        if own in beyond:
            ids[at] = vocabulary.size + beyond.index(own)
    return ids


def _unknown(text: str, found: Tokens) -> Mapping[int, str]:
    """Position and text of each unknown token."""
    unknown = np.flatnonzero(found.ids == UNKNOWN).tolist()
    return {at: normalise(text[slice(*found.spans[at].tolist())]) for at in unknown}
