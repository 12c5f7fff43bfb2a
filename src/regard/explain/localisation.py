"""How well attention finds the true spans of a series."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

__all__ = ["average_precision", "inside_spans", "localisation_ap", "localisation_ndcg", "ndcg"]


def localisation_ap(
    weights: NDArray[np.floating], spans: NDArray[np.int64], lengths: NDArray[np.int64]
) -> float:
    """Mean average precision with which the weights rank the steps inside the true spans.

    Parameters:
        weights: [B, T] per step.
        spans: [B, 2] half-open (start, stop), or several of each case, [B, n, 2]; those with
            start == stop are empty, and cases with no others are left out.
        lengths: [B] true steps of each case; steps beyond are not ranked.

    Returns:
        The mean over the cases that have a span, between 0 and 1; NaN if none has. Random weights
        reach about the share of the steps that are inside.

    >>> localisation_ap(np.array([[0.1, 0.5, 0.4]]), np.array([[1, 3]]), np.array([3]))
    1.0
    """
    return _mean(average_precision, weights, spans, lengths)


def localisation_ndcg(
    weights: NDArray[np.floating], spans: NDArray[np.int64], lengths: NDArray[np.int64]
) -> float:
    """Mean NDCG@n with which the weights rank the steps inside the true spans.

        NDCG@n = (sum over i = 1..n of inside[r_i] / log2(i + 1)) / (sum of 1 / log2(i + 1))

    n is how many steps of the case are inside, and r_i the step with the i-th highest weight.
    Steps of equal weight share the mean of what they would gain in all orders.

    Parameters:
        weights, spans, lengths: as of `localisation_ap`.

    Returns:
        The mean over the cases that have a span, between 0 and 1; NaN if none has. Random weights
        reach about the share of the steps that are inside.

    Source: Early et al., 2024, "Inherently interpretable time series classification via multiple
    instance learning" (ICLR), section 4.3. There all steps of a case of a class without a span
    count as inside, so that it scores 1 whatever the weights; here it is left out.

    >>> localisation_ndcg(np.array([[0.1, 0.5, 0.4]]), np.array([[1, 3]]), np.array([3]))
    1.0
    """
    return _mean(ndcg, weights, spans, lengths)


def inside_spans(spans: NDArray[np.int64], steps: int) -> NDArray[np.bool_]:
    """Which steps are inside a span. [B, T].

    Parameters:
        spans: [B, 2] half-open (start, stop), or several of each case, [B, n, 2].
        steps: T.

    >>> inside_spans(np.array([[[0, 1], [2, 4]]]), 5)
    array([[ True, False,  True,  True, False]])
    """
    start, stop = np.moveaxis(spans.reshape(len(spans), -1, 2), 2, 0)[..., None]  # [B, n, 1]
    step = np.arange(steps)
    return np.asarray(((start <= step) & (step < stop)).any(1))


def _mean(
    score: Callable[[NDArray[np.floating], NDArray[np.bool_]], float],
    weights: NDArray[np.floating],
    spans: NDArray[np.int64],
    lengths: NDArray[np.int64],
) -> float:
    """The mean score of the cases that have a span; NaN if none has."""
    inside = inside_spans(spans, weights.shape[1])
    scores = [
        score(row[:length], true[:length])
        for row, true, length in zip(weights, inside, lengths, strict=True)
        if true[:length].any()
    ]
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


def ndcg(weights: NDArray[np.floating], true: NDArray[np.bool_]) -> float:
    """Normalised discounted cumulative gain of the n highest positions, n of which are true.

    See `localisation_ndcg`.

    Parameters:
        weights: [S].
        true: [S], at least one.

    >>> round(ndcg(np.array([0.5, 0.3, 0.2]), np.array([True, False, True])), 3)
    0.613
    """
    discounts = np.zeros(len(true))
    n = int(true.sum())
    discounts[:n] = 1 / np.log2(np.arange(n) + 2)
    _, tied, counts = np.unique(-weights, return_inverse=True, return_counts=True)
    shared = np.bincount(np.sort(tied), discounts) / counts  # of a step of each weight
    return float(shared[tied[true]].sum() / discounts.sum())
