"""Scores that depend on the weights of previous queries, for one query at a time."""

import numpy as np

from regard.reference.elements import Array, dot, through_tanh

__all__ = ["coverage_loss", "coverage_score", "location_sensitive_score"]


def coverage_loss(weights: Array) -> float:
    """loss = sum over i and j of min(weights_ij, c_ij), where c_ij = sum of weights_nj over n < i.

    Parameters:
        weights: [Q, K], of all queries in order.

    Returns:
        The sum over the queries, not their mean; 0 if no key is attended twice.

    Source: See, Liu and Manning, 2017, "Get to the point: summarization with pointer-generator
    networks", equations 10 and 12.

    >>> coverage_loss(np.array([[0.75, 0.25], [0.5, 0.5]]))
    0.75
    """
    loss = 0.0
    for i in range(len(weights)):
        for j in range(weights.shape[1]):
            coverage = sum(float(weights[before, j]) for before in range(i))
            loss += min(float(weights[i, j]), coverage)
    return loss


def coverage_score(
    query: Array,
    keys: Array,
    coverage: Array,
    w_q: Array,
    w_k: Array,
    w_c: Array,
    v: Array,
    bias: Array | None = None,
) -> Array:
    """score_j = v . tanh(W_q q + W_k k_j + w_c c_j + b), for one query.

    Parameters:
        query: [Dq], one query.
        keys: [K, Dk].
        coverage: c, [K], the sum of the weights of all previous queries.
        w_q: W_q, [A, Dq].
        w_k: W_k, [A, Dk].
        w_c: [A].
        v: [A].
        bias: b, [A], or None.

    Returns:
        [K] scores.

    Source: See, Liu and Manning, 2017, "Get to the point: summarization with pointer-generator
    networks", equation 11 (there W_s is W_q and W_h is W_k), after Tu et al., 2016, "Modeling
    coverage for neural machine translation".

    >>> zero, one = np.zeros((1, 1)), np.ones(1)
    >>> coverage_score(one, np.ones((2, 1)), np.array([0, 99]), zero, zero, one, 3 * one).tolist()
    [0.0, 3.0]
    """
    weights = (w_q, w_k, w_c[:, np.newaxis])
    return _of_keys(query, keys, np.reshape(coverage, (-1, 1)), weights, v, bias)


def location_sensitive_score(
    query: Array,
    keys: Array,
    previous: Array,
    w_q: Array,
    w_k: Array,
    w_f: Array,
    filters: Array,
    v: Array,
    bias: Array | None = None,
) -> Array:
    """score_j = v . tanh(W_q q + W_k k_j + W_f f_j + b), f = filters * previous, for one query.

    f_jc = sum over t of filters_ct previous_(j + t - width // 2), where weights beyond the ends
    are zero: a cross-correlation, as in torch's conv1d. The paper writes a convolution, which
    learns the same filter reversed.

    Parameters:
        previous: [K], the weights of the previous query.
        w_f: W_f, [A, filters].
        filters: [filters, width], width odd, so that the middle of a filter is at key j.
        others: as for `coverage_score`.

    Returns:
        [K] scores.

    Source: Chorowski et al., 2015, "Attention-based models for speech recognition", equations 8
    and 9 (there W is W_q, V is W_k, U is W_f, F the filters and w is v).

    >>> zero, one, previous = np.zeros((1, 1)), np.ones((1, 1)), np.array([0.0, 0.0, 99.0])
    >>> location_sensitive_score(
    ...     one[0], np.ones((3, 1)), previous, zero, zero, one, np.array([[0, 0, 1]]), 3 * one[0]
    ... ).tolist()
    [0.0, 3.0, 0.0]
    """
    width = filters.shape[1]
    features = np.zeros((len(keys), len(filters)))
    for j in range(len(keys)):
        for c in range(len(filters)):
            for t in range(width):
                place = j + t - width // 2
                if 0 <= place < len(keys):
                    features[j, c] += filters[c, t] * previous[place]
    return _of_keys(query, keys, features, (w_q, w_k, w_f), v, bias)


def _of_keys(
    query: Array,
    keys: Array,
    features: Array,
    weights: tuple[Array, Array, Array],
    v: Array,
    bias: Array | None,
) -> Array:
    """score_j = v . tanh(W_q q + W_k k_j + W_f f_j + b), for features f [K, F] and W_f [A, F]."""
    w_q, w_k, w_f = weights
    scores = np.zeros(len(keys))
    for j in range(len(keys)):
        inside = [
            dot(w_q[a], query) + dot(w_k[a], keys[j]) + dot(w_f[a], features[j])
            for a in range(len(v))
        ]
        scores[j] = through_tanh(inside, v, bias)
    return scores
