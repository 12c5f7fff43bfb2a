"""The attention of whole words of a text, whatever it was written in."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["WordMaps", "word_maps"]


class WordMaps(NamedTuple):
    """The words of a text that was written, and where each looked or listened.

    Attributes:
        words: W of them, as white space separates them.
        weights: [W, S], each row sums to one.
    """

    words: list[str]
    weights: NDArray[np.float64]


def word_maps(text: str, units: Sequence[str], weights: NDArray[np.floating]) -> WordMaps:
    """The weights of whole words, from those of what a text was written in.

    A word has the mean of the weights of its characters, or of its parts such as punctuation. What
    belongs to no word, such as blanks and the end, is left out.

    Parameters:
        text: as it was written.
        units: U words or characters of it, in order, and perhaps its end.
        weights: [U, S], rows that sum to one.

    >>> weights = np.array([[0.2, 0.8], [0.4, 0.6], [0.5, 0.5], [1.0, 0.0], [0.5, 0.5]])
    >>> words, found = word_maps("no w", ["n", "o", " ", "w", "[END]"], weights)
    >>> words, found.round(2).tolist()
    (['no', 'w'], [[0.3, 0.7], [1.0, 0.0]])
    """
    words = text.split()
    starts, at = [], 0
    for word in words:
        starts.append(text.index(word, at))
        at = starts[-1] + len(word)
    rows: list[list[int]] = [[] for _ in words]
    at = 0
    for number, unit in enumerate(units):
        found = text.find(unit, at) if unit.strip() else -1
        if found >= 0:
            rows[int(np.searchsorted(starts, found, side="right")) - 1].append(number)
            at = found + len(unit)
    heard = [n for n, own in enumerate(rows) if own]
    means = [weights[rows[n]].mean(0) for n in heard]
    empty = np.zeros((0, weights.shape[1]))
    return WordMaps([words[n] for n in heard], np.stack(means) if means else empty)
