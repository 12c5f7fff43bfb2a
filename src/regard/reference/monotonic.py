"""Monotonic alignments: each query starts at the key where the previous query stopped."""

import numpy as np

from regard.reference.elements import Array, Mask, allowed_keys, sigmoid

__all__ = ["monotonic_expected", "monotonic_hard"]


def monotonic_expected(
    scores: Array, allowed: Mask | None = None, previous: Array | None = None
) -> Array:
    """alpha_ij = p_ij * sum over k <= j of alpha_(i-1)k * product over l = k .. j-1 of (1 - p_il).

    p_ij = sigmoid(score_ij), and 0 where not allowed. alpha_ij is the probability that query i
    stops at key j, if it starts where query i - 1 stopped and stops at each key with probability p.
    One minus the sum of a row is the probability that it stops nowhere.

    Parameters:
        scores: [Q, K].
        allowed: boolean [Q, K], True means may be attended. None allows all.
        previous: alpha_(-1), [K], of the query before the first; None is one at key 0.

    Returns:
        [Q, K] weights, each row summing to at most one.

    Source: Raffel et al., 2017, "Online and linear-time attention by enforcing monotonic
    alignments", equations 8 to 10, computed by the naive sum.

    >>> monotonic_expected(np.zeros((2, 3))).tolist()
    [[0.5, 0.25, 0.125], [0.25, 0.25, 0.1875]]
    """
    Q, K = scores.shape
    stops, alpha = np.zeros((Q, K)), np.zeros((Q, K))
    before = np.array([1.0 if j == 0 else 0.0 for j in range(K)]) if previous is None else previous
    for i in range(Q):
        for j in allowed_keys(allowed, i, K):
            stops[i, j] = sigmoid(float(scores[i, j]))
        for j in range(K):
            reaches = 0.0
            for k in range(j + 1):
                passes = 1.0
                for place in range(k, j):
                    passes *= 1 - stops[i, place]
                reaches += before[k] * passes
            alpha[i, j] = stops[i, j] * reaches
        before = alpha[i]
    return alpha


def monotonic_hard(scores: Array, allowed: Mask | None = None, start: int = 0) -> Array:
    """weights_ij = 1 at the first allowed key j >= t with sigmoid(score_ij) > 1/2; then t = j.

    If a query reaches the end without stopping, it and all later queries have zero weights, as in
    the expected alignment.

    Parameters:
        scores: [Q, K].
        allowed: boolean [Q, K], True means may be attended. None allows all.
        start: the first t; K is the end.

    Returns:
        [Q, K] weights, each row with a single one or all zero.

    Source: Raffel et al., 2017, algorithm 1, with p > 1/2 instead of its Bernoulli sample.

    >>> monotonic_hard(np.array([[-1.0, 1.0, 1.0], [1.0, -1.0, 1.0], [1.0, 1.0, -1.0]])).tolist()
    [[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [0.0, 0.0, 0.0]]
    """
    Q, K = scores.shape
    weights = np.zeros((Q, K))
    t = start
    for i in range(Q):
        while t < K:
            if (allowed is None or allowed[i, t]) and scores[i, t] > 0:
                weights[i, t] = 1.0
                break
            t += 1
    return weights
