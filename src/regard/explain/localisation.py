"""How well attention finds the true span of a series."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["average_precision", "localisation_ap"]


def localisation_ap(
    weights: NDArray[np.floating], spans: NDArray[np.int64], lengths: NDArray[np.int64]
) -> float:
    """Mean average precision with which the weights rank the steps inside the true span.

    Parameters:
        weights: [B, T] per step.
        spans: [B, 2] half-open (start, stop); cases with start == stop are left out.
        lengths: [B] true steps of each case; steps beyond are not ranked.

    Returns:
        The mean over the cases that have a span, between 0 and 1; NaN if none has. Random weights
        reach about the share of the steps that are inside.

    >>> localisation_ap(np.array([[0.1, 0.5, 0.4]]), np.array([[1, 3]]), np.array([3]))
    1.0
    """
    scores = []
    for row, (start, stop), length in zip(weights, spans, lengths, strict=True):
        if start < stop:
            step = np.arange(length)
            scores.append(average_precision(row[:length], (step >= start) & (step < stop)))
    return float(np.mean(scores)) if scores else float("nan")


def average_precision(weights: NDArray[np.floating], true: NDArray[np.bool_]) -> float:
    """The mean over the true positions of the precision down to each, by descending weight.

    Positions of equal weight are ranked together.

    Parameters:
        weights: [S].
        true: [S], at least one.

    Returns:
        Between 0 and 1; 1 if all true positions have more weight than the others.

    >>> average_precision(np.array([0.5, 0.3, 0.2]), np.array([True, False, True]))  # (1 + 2/3) / 2
    0.8333333333333333
    """
    ranked, hits = np.sort(weights), np.sort(weights[true])
    down_to = len(ranked) - np.searchsorted(ranked, hits)  # positions of at least that weight
    true_of_them = len(hits) - np.searchsorted(hits, hits)
    return float(np.mean(true_of_them / down_to))
