"""Intervals over cases, and how often chance does as well."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Interval",
    "discoveries",
    "mean_interval",
    "placement_p",
    "ratio_interval",
]

_DRAWS = 2000
_ENDS = 2.5, 97.5  # percent

_Floats = NDArray[np.float64]


class Interval(NamedTuple):
    """A figure with its interval of 95 %."""

    value: float
    low: float
    high: float


def mean_interval(values: _Floats, *, seed: int = 0) -> Interval:
    """The mean of [B] values, with the percentiles of means of cases drawn with replacement.

    Source: Efron and Tibshirani, 1993, "An introduction to the bootstrap", section 13.3.

    >>> mean_interval(np.array([0.5, 0.5, 0.5]))
    Interval(value=0.5, low=0.5, high=0.5)
    """
    means = values[_drawn(len(values), seed)].mean(1)
    return _interval(float(values.mean()), means)


def ratio_interval(
    values: _Floats, references: _Floats, *, least: float, seed: int = 0
) -> Interval:
    """The mean of [B] values divided by the highest mean of [R, B] references, or by `least`.

    >>> ratio_interval(np.array([0.2, 0.2]), np.array([[0.4, 0.4], [0.1, 0.1]]), least=0.05)
    Interval(value=0.5, low=0.5, high=0.5)
    """
    drawn = _drawn(len(values), seed)
    best = np.maximum(references[:, drawn].mean(2).max(0), least)
    value = float(values.mean() / max(references.mean(1).max(), least))
    return _interval(value, values[drawn].mean(1) / best)


def placement_p(value: float, others: _Floats) -> float:
    """The share of a value and those of other placements that are as high as the value.

    >>> placement_p(0.9, np.zeros(39))
    0.025
    """
    return float((1 + (others >= value - 1e-12).sum()) / (1 + len(others)))


def discoveries(p: _Floats, *, level: float = 0.05) -> NDArray[np.bool_]:
    """[B] which of many maps are more than chance, of which a share of `level` is false.

    Source: Benjamini and Hochberg, 1995, "Controlling the false discovery rate", section 3.1.

    >>> discoveries(np.array([0.01, 0.9, 0.02]))
    array([ True, False,  True])
    """
    order = np.argsort(p)
    under = p[order] <= level * np.arange(1, len(p) + 1) / max(1, len(p))
    found = np.zeros(len(p), bool)
    if under.any():
        found[order[: int(np.flatnonzero(under)[-1]) + 1]] = True
    return found


def _drawn(count: int, seed: int) -> NDArray[np.int64]:
    return np.random.default_rng(seed).integers(count, size=(_DRAWS, count))


def _interval(value: float, drawn: _Floats) -> Interval:
    low, high = np.percentile(drawn, _ENDS)
    return Interval(value, float(low), float(high))
