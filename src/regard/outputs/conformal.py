"""Intervals that hold the share of held-out data that they promise."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

import numpy as np
from numpy.typing import NDArray

__all__ = ["conformal_quantile", "enough", "interval_pairs", "quantile_shifts"]

_Floats = NDArray[np.float64]

_OUTSIDE = 10  # windows expected outside the interval of a step that has a shift of its own


def conformal_quantile(scores: _Floats, level: float) -> _Floats:
    """The ceil((n + 1) level)-th smallest of n scores, along the first axis.

    A new score, exchangeable with these, is at most this with a probability of at least `level`.
    With fewer scores than `enough` asks for, it is the largest, which promises less.

    Parameters:
        scores: [n, ...].
        level: between 0 and 1.

    Source: Vovk, Gammerman and Shafer, 2005, "Algorithmic learning in a random world"; lemma 2 of
    Romano, Patterson and Candès, 2019, "Conformalized quantile regression", NeurIPS.

    >>> float(conformal_quantile(np.arange(1.0, 10), 0.8))  # the eighth of nine
    8.0
    """
    n = len(scores)
    rank = min(max(_rank(n, level), 1), n)
    return np.asarray(np.partition(scores, rank - 1, axis=0)[rank - 1])


def enough(n: int, level: float) -> bool:
    """Whether n scores can promise this level.

    >>> enough(3, 0.8), enough(4, 0.8)
    (False, True)
    """
    return _rank(n, level) <= n


def interval_pairs(levels: Sequence[float]) -> list[tuple[int, int]]:
    """Positions of the levels that are the two ends of an interval: they sum to one.

    >>> interval_pairs([0.1, 0.5, 0.8, 0.9])
    [(0, 3)]
    """
    return [
        (low, high)
        for low in range(len(levels))
        for high in range(low + 1, len(levels))
        if np.isclose(levels[low] + levels[high], 1)
    ]


def quantile_shifts(truth: _Floats, quantiles: _Floats, levels: Sequence[float]) -> _Floats:
    """What to add to quantiles so that their intervals hold what they promise.

    Two levels that are the ends of an interval [q_low, q_high] move by the conformal quantile of

        E = max(q_low - y, y - q_high),

    the lower one down, the upper one up. A level without a counterpart moves by that of y - q.
    Each target has its own shift; so has each step, if at least ten windows are expected outside
    the interval. Otherwise the steps of a target share one.

    Parameters:
        truth: [W, M, horizon] of held-out windows.
        quantiles: [W, M, horizon, Q].
        levels: Q, ascending.

    Returns:
        [M, horizon, Q].

    Source: equation (6) and theorem 1 of Romano, Patterson and Candès, 2019, "Conformalized
    quantile regression", NeurIPS. Windows that follow each other are not exchangeable, so that
    here the promise holds approximately.
    """
    shifts = np.zeros(quantiles.shape[1:])

    def shift(scores: _Floats, level: float) -> _Floats:
        """[W, M, horizon] scores to [M, horizon] shifts."""
        if round(len(scores) * min(level, 1 - level), 9) >= _OUTSIDE:
            return conformal_quantile(scores, level)
        shared = conformal_quantile(np.swapaxes(scores, 1, 2).reshape(-1, scores.shape[1]), level)
        return np.broadcast_to(shared[:, None], scores.shape[1:])

    lone = set(range(len(levels)))
    for low, high in interval_pairs(levels):
        outside = np.maximum(quantiles[..., low] - truth, truth - quantiles[..., high])
        moved = shift(outside, levels[high] - levels[low])
        shifts[..., low] -= moved
        shifts[..., high] += moved
        lone -= {low, high}
    for at in lone:
        shifts[..., at] = shift(truth - quantiles[..., at], levels[at])
    return shifts


def _rank(n: int, level: float) -> int:
    return ceil(round((n + 1) * level, 9))  # 10 * 0.7 is 7, not a little more
