"""Words of a text hidden from a model, which can then only be copied."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["renumber"]


def renumber(tokens: NDArray[Any], hidden: NDArray[Any], first: int) -> NDArray[np.int64]:
    """Tokens, some of them as if the vocabulary lacked them.

    Parameters:
        tokens: [T] numbers.
        hidden: [K] numbers to replace, ascending.
        first: what the first of them becomes; the others follow.

    >>> renumber(np.array([4, 7, 5, 7]), np.array([5, 7]), 90).tolist()
    [4, 91, 90, 91]
    """
    numbers = tokens.astype(np.int64)
    at = np.searchsorted(hidden, numbers)
    known = at < len(hidden)
    known[known] = hidden[at[known]] == numbers[known]
    numbers[known] = first + at[known]
    return numbers
