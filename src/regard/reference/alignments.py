"""Alignments that treat each query by itself: a row of scores becomes a row of weights.

A query that may attend to nothing gets zero weights. Scores that are not allowed are never read.
"""

import math
from collections.abc import Callable

import numpy as np

from regard.reference.elements import Array, Mask, allowed_keys

__all__ = [
    "entmax15",
    "hard_argmax",
    "hard_entropy",
    "hard_log_probabilities",
    "hard_policy_gradient",
    "softmax",
    "sparsemax",
]


def entmax15(scores: Array, allowed: Mask | None = None) -> Array:
    """weights_j = max(z_j / 2 - tau, 0)^2, with the tau that makes them sum to one.

    Parameters and returns: as for `softmax`; scores far below the highest get zero weights.

    Source: Peters, Niculae and Martins, 2019, "Sparse sequence-to-sequence models", section 3
    (alpha-entmax, alpha = 1.5).

    >>> entmax15(np.array([[0.4, 0.0, -2.0]])).round(6).tolist()      # 0.8^2 and 0.6^2
    [[0.64, 0.36, 0.0]]
    """
    return _by_threshold(scores, allowed, 0.5, lambda above: above**2)


def hard_argmax(scores: Array, allowed: Mask | None = None) -> Array:
    """weights_j = 1 for the first of the highest allowed scores, and 0 for all others.

    Parameters and returns: as for `softmax`.

    Source: Xu et al., 2015, "Show, attend and tell: neural image caption generation with visual
    attention", section 4.1: the most likely position instead of a sampled one.

    >>> hard_argmax(np.array([[1.0, 3.0, 3.0]])).tolist()
    [[0.0, 1.0, 0.0]]
    """
    weights = np.zeros(scores.shape)
    for i in range(len(scores)):
        keys = allowed_keys(allowed, i, scores.shape[1])
        if keys:
            weights[i, max(keys, key=lambda j: float(scores[i, j]))] = 1.0
    return weights


def hard_entropy(scores: Array, allowed: Mask | None = None) -> Array:
    """entropy_i = -sum over j of p_ij log p_ij, p = softmax(scores).

    Parameters: as for `softmax`.

    Returns:
        [Q] entropies in nats, 0 where nothing is allowed.

    Source: Xu et al., 2015, section 4.1 (the term H[s] of the learning rule).

    >>> hard_entropy(np.zeros((1, 4))).round(4).tolist()      # log 4
    [1.3863]
    """
    rows = softmax(scores, allowed)
    return np.array([-sum(p * math.log(p) for p in row if p > 0) for row in rows])


def hard_log_probabilities(scores: Array, allowed: Mask | None = None) -> Array:
    """log p_ij = score_ij - log of the sum of exp(score_ik) over the allowed keys k.

    Parameters: as for `softmax`.

    Returns:
        [Q, K] log-probabilities with which a key is sampled; -inf where not allowed.

    Source: Xu et al., 2015, section 4.1 (the location has a multinoulli distribution).

    >>> hard_log_probabilities(np.zeros((1, 3)), np.array([[True, False, True]])).round(4).tolist()
    [[-0.6931, -inf, -0.6931]]
    """
    logarithms = np.full(scores.shape, -math.inf)
    for i in range(len(scores)):
        keys = allowed_keys(allowed, i, scores.shape[1])
        highest = max((float(scores[i, j]) for j in keys), default=0.0)
        total = sum(math.exp(scores[i, j] - highest) for j in keys)
        for j in keys:
            logarithms[i, j] = scores[i, j] - highest - math.log(total)
    return logarithms


def hard_policy_gradient(scores: Array, reward: Array) -> Array:
    """d E[reward] / d score_j = p_j (reward_j - sum over k of p_k reward_k), p = softmax(scores).

    The exact gradient of the mean reward of a key sampled from p, for one query. The estimates of
    REINFORCE approach it on average, with any baseline.

    Parameters:
        scores: [K].
        reward: [K], of each key; it does not depend on the scores.

    Returns:
        [K], summing to zero.

    Source: Williams, 1992, "Simple statistical gradient-following algorithms for connectionist
    reinforcement learning"; used by Xu et al., 2015, section 4.1.

    >>> hard_policy_gradient(np.zeros(2), np.array([1.0, 3.0])).tolist()
    [-0.5, 0.5]
    """
    chances = softmax(scores[np.newaxis])[0]
    mean = sum(float(chances[j]) * float(reward[j]) for j in range(len(scores)))
    return np.array([chances[j] * (reward[j] - mean) for j in range(len(scores))])


def softmax(scores: Array, allowed: Mask | None = None) -> Array:
    """weights_ij = exp(score_ij) / sum of exp(score_ik) over the allowed keys k.

    Parameters:
        scores: [Q, K].
        allowed: boolean [Q, K], True means may be attended. None allows all.

    Returns:
        [Q, K] weights, each row summing to one, or to zero where nothing is allowed.

    Source: Bahdanau, Cho and Bengio, 2015, equation 6.

    >>> softmax(np.zeros((2, 2)), np.array([[True, True], [False, False]])).tolist()
    [[0.5, 0.5], [0.0, 0.0]]
    """
    weights = np.zeros(scores.shape)
    for i in range(len(scores)):
        keys = allowed_keys(allowed, i, scores.shape[1])
        highest = max((float(scores[i, j]) for j in keys), default=0.0)
        total = sum(math.exp(scores[i, j] - highest) for j in keys)
        for j in keys:
            weights[i, j] = math.exp(scores[i, j] - highest) / total
    return weights


def sparsemax(scores: Array, allowed: Mask | None = None) -> Array:
    """weights_j = max(z_j - tau, 0), with the tau that makes them sum to one.

    It is the point of the simplex nearest to z.

    Parameters and returns: as for `softmax`; scores far below the highest get zero weights.

    Source: Martins and Astudillo, 2016, "From softmax to sparsemax", equations 2 and 3.

    >>> sparsemax(np.array([[0.5, 0.0, -2.0]])).tolist()
    [[0.75, 0.25, 0.0]]
    """
    return _by_threshold(scores, allowed, 1.0, lambda above: above)


def _by_threshold(
    scores: Array, allowed: Mask | None, factor: float, grow: Callable[[float], float]
) -> Array:
    """weights_j = grow(max(factor z_j - tau, 0)), tau by bisection."""
    weights = np.zeros(scores.shape)
    for i in range(len(scores)):
        keys = allowed_keys(allowed, i, scores.shape[1])
        highest = max((float(scores[i, j]) for j in keys), default=0.0)
        # With the highest at 0, which changes no weight, tau lies between -1 and 0.
        shifted = {j: factor * (float(scores[i, j]) - highest) for j in keys}
        low, high = -1.0, 0.0
        while low < (tau := (low + high) / 2) < high:  # until no number lies between them
            if math.fsum(grow(max(z - tau, 0.0)) for z in shifted.values()) >= 1:
                low = tau
            else:
                high = tau
        for j, z in shifted.items():
            weights[i, j] = grow(max(z - low, 0.0))
    return weights
