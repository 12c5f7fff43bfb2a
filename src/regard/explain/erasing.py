"""Which positions of a map are erased, and the same map placed elsewhere."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["SHARES", "fill_steps", "most_and_least", "shifted", "shuffled"]

SHARES = (0.05, 0.1, 0.2, 0.35, 0.5)
"""Of the positions of a case that are erased, one after the other."""


def most_and_least(
    weights: NDArray[np.floating], share: float
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """The positions of the highest weights, and as many of the lowest.

    At least one position, and never all of them. Of equal weights the first count as higher.

    Parameters:
        weights: [...], two positions or more.
        share: of the positions, at most a half.

    >>> most_and_least(np.array([0.1, 0.6, 0.3, 0.0]), 0.25)
    (array([False,  True, False, False]), array([False, False, False,  True]))
    """
    order = np.argsort(-weights, axis=None, kind="stable")
    count = min(max(1, round(share * weights.size)), weights.size // 2)
    ends = np.zeros((2, weights.size), bool)
    ends[0, order[:count]] = ends[1, order[weights.size - count :]] = True
    most, least = ends.reshape(2, *weights.shape)
    return most, least


def fill_steps(series: NDArray[np.floating], where: NDArray[np.bool_]) -> None:
    """Replace steps in place by a straight line from the one before to the one after.

    Parameters:
        series: [C, T or more].
        where: [T] what is replaced, never all, or [C, T] where channels differ; at the ends by the
            nearest that stays.

    >>> series = np.array([[1.0, 9.0, 9.0, 4.0, 9.0]])
    >>> fill_steps(series, np.array([False, True, True, False, True]))
    >>> series
    array([[1., 2., 3., 4., 4.]])
    """
    parts = series[None] if where.ndim == 1 else series[:, None]
    for some, own in zip(parts, np.atleast_2d(where), strict=True):
        steps, kept = np.flatnonzero(own), np.flatnonzero(~own)
        some[:, steps] = [np.interp(steps, kept, channel[kept]) for channel in some]


def shifted(weights: NDArray[np.floating], generator: np.random.Generator) -> NDArray[np.floating]:
    """A map of the same form at another place: each axis turned by a tenth of it or more.

    Series and pictures have neighbours that are alike, and so have their maps; a map of weights
    scattered at random would be worse than any that has them in one place.

    >>> shifted(np.array([1.0, 0.0, 0.0]), np.random.default_rng(0))[0]
    np.float64(0.0)
    """
    turned = weights
    for axis, size in enumerate(weights.shape):
        least = max(1, size // 10)
        by = int(generator.integers(least, max(least + 1, size - least + 1)))
        turned = np.roll(turned, by, axis)
    return turned


def shuffled(weights: NDArray[np.floating], generator: np.random.Generator) -> NDArray[np.floating]:
    """The weights in another order, for words, whose neighbours are not alike."""
    return generator.permutation(weights.ravel()).reshape(weights.shape)
