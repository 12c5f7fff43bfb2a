"""How well attention finds the true span of a series."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["localisation_ap"]


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
    from sklearn.metrics import average_precision_score

    scores = []
    for row, (start, stop), length in zip(weights, spans, lengths, strict=True):
        if start < stop:
            step = np.arange(length)
            scores.append(average_precision_score((step >= start) & (step < stop), row[:length]))
    return float(np.mean(scores)) if scores else float("nan")
