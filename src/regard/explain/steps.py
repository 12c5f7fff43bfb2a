"""Maps over the steps of an input, from maps over an encoder's positions."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["as_weights", "lay_over_steps", "most_attended_spans", "spread_over_kernels"]


def lay_over_steps(
    maps: NDArray[np.floating], lengths: NDArray[np.int64], *, stride: int, steps: int
) -> NDArray[np.float64]:
    """Divide each position's value evenly among the true steps that it covers.

    Parameters:
        maps: [B, S] or [B, N, S]; position s covers steps s * stride up to (s + 1) * stride.
        lengths: [B] true steps of each case.
        stride: steps per position.
        steps: T of the result.

    Returns:
        [B, T] or [B, N, T]; each row has the sum of the map's row over true positions, and is
        zero beyond the case's length.

    >>> lay_over_steps(np.array([[0.4, 0.6]]), np.array([3]), stride=2, steps=4)
    array([[0.2, 0.2, 0.6, 0. ]])
    """
    step = np.arange(steps)
    position = step // stride
    covered = np.clip(lengths[:, None] - position * stride, 1, stride)  # [B, T]
    share = (step < lengths[:, None]) / covered
    position = np.minimum(position, maps.shape[-1] - 1)  # steps beyond S are padding
    laid: NDArray[np.float64] = maps[..., position] * (share if maps.ndim == 2 else share[:, None])
    return laid


def spread_over_kernels(maps: NDArray[np.floating], widths: Sequence[int]) -> NDArray[np.float64]:
    """Divide each step's value evenly among the kernels, and that of each among its steps.

    Parameters:
        maps: [..., T], all of them true steps.
        widths: odd, of the kernels centred on a step.

    Returns:
        [..., T]; beyond the ends the steps are mirrored, so that sums stay, and what is even.

    >>> spread_over_kernels(np.array([0.0, 0.0, 3.0, 0.0, 0.0, 3.0]), [3])
    array([0., 1., 1., 1., 1., 2.])
    """
    from scipy.ndimage import correlate1d

    share = np.zeros(max(widths))
    middle = len(share) // 2
    for width in widths:
        share[middle - width // 2 : middle + width // 2 + 1] += 1 / (width * len(widths))
    spread: NDArray[np.float64] = correlate1d(
        np.asarray(maps, np.float64), share, axis=-1, mode="reflect"
    )
    return spread


def most_attended_spans(weights: NDArray[np.floating], *, share: float = 0.5) -> NDArray[np.int64]:
    """The shortest span of each case with at least this share of its attention.

    Parameters:
        weights: [B, T], not negative.
        share: of each row's sum, above 0 and at most 1.

    Returns:
        [B, 2] half-open (start, stop); the first of several equally short ones.

    >>> most_attended_spans(np.array([[0.1, 0.1, 0.3, 0.3, 0.2]]))
    array([[2, 4]])
    """
    spans = np.empty((len(weights), 2), np.int64)
    starts = np.arange(weights.shape[1])
    for case, row in enumerate(weights):
        total = np.concatenate([[0.0], np.cumsum(row, dtype=np.float64)])
        # With rounding errors the full sum could be out of reach.
        wanted = np.minimum(total[:-1] + share * total[-1] * (1 - 1e-9), total[-1])
        stops = np.searchsorted(total, wanted, side="left")
        reached = total[stops] - total[:-1] >= share * total[-1] * (1 - 1e-6)
        lengths = np.where(reached, stops - starts, len(row) + 1)
        start = int(np.argmin(lengths))
        spans[case] = start, stops[start]
    return spans


def as_weights(evidence: NDArray[np.float64], fallback: NDArray[np.float64]) -> NDArray[np.float64]:
    """Each position's share of the sum over positions.

    Parameters:
        evidence: [..., T], not negative.
        fallback: [..., T] weights for rows that sum to zero.

    Returns:
        [..., T]; rows sum to one, except those of `fallback` that do not.

    >>> as_weights(np.array([[1.0, 3.0], [0.0, 0.0]]), np.array([[0.5, 0.5], [0.9, 0.1]]))
    array([[0.25, 0.75],
           [0.9 , 0.1 ]])
    """
    total = evidence.sum(-1, keepdims=True)
    return np.where(total > 0, evidence / np.where(total > 0, total, 1), fallback)
