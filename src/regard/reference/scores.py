"""Scores of query and key alone: how well each query matches each key."""

import math
from collections.abc import Callable

import numpy as np

from regard.reference.elements import Array, dot, through_tanh

__all__ = [
    "additive_score",
    "concat_score",
    "cosine_score",
    "dot_score",
    "general_score",
    "location_score",
    "scaled_dot_score",
    "uniform_score",
]


def additive_score(
    query: Array, keys: Array, w_q: Array, w_k: Array, v: Array, bias: Array | None = None
) -> Array:
    """score_ij = v . tanh(W_q q_i + W_k k_j + b).

    Parameters:
        query: [Q, Dq].
        keys: [K, Dk].
        w_q: W_q, [A, Dq].
        w_k: W_k, [A, Dk].
        v: [A].
        bias: b, [A], or None for none, as in the paper.

    Returns:
        [Q, K] scores.

    Source: Bahdanau, Cho and Bengio, 2015, "Neural machine translation by jointly learning to
    align and translate", appendix A.1.2 (there W_a is W_q and U_a is W_k).

    >>> one, two = np.array([[1.0]]), np.array([[2.0]])
    >>> additive_score(one, np.array([[-2.0], [99.0]]), two, one, np.array([3.0])).tolist()
    [[0.0, 3.0]]
    """

    def score(q: Array, k: Array) -> float:
        return through_tanh([dot(w_q[a], q) + dot(w_k[a], k) for a in range(len(v))], v, bias)

    return _of_pairs(query, keys, score)


def concat_score(query: Array, keys: Array, w: Array, v: Array, bias: Array | None = None) -> Array:
    """score_ij = v . tanh(W [q_i; k_j] + b), of query and key concatenated.

    Parameters:
        query: [Q, Dq].
        keys: [K, Dk].
        w: W, [A, Dq + Dk].
        v: [A].
        bias: b, [A], or None for none, as in the paper.

    Returns:
        [Q, K] scores.

    Source: Luong, Pham and Manning, 2015, "Effective approaches to attention-based neural machine
    translation", section 3.1 (concat; there W is W_a and v is v_a).

    >>> w = np.array([[2.0, 1.0]])
    >>> concat_score(np.array([[1.0]]), np.array([[-2.0], [99.0]]), w, np.array([3.0])).tolist()
    [[0.0, 3.0]]
    """

    def score(q: Array, k: Array) -> float:
        both = np.concatenate((q, k))
        return through_tanh([dot(w[a], both) for a in range(len(v))], v, bias)

    return _of_pairs(query, keys, score)


def cosine_score(query: Array, keys: Array, temperature: float = 1.0) -> Array:
    """score_ij = beta q_i . k_j / (|q_i| |k_j|), where beta = 1 / temperature.

    The cosine of a zero vector is 0; the paper divides by zero there.

    Parameters:
        query: [Q, D].
        keys: [K, D].
        temperature: 1 / beta; in the paper the controller outputs beta > 0.

    Returns:
        [Q, K] scores, between -beta and beta.

    Source: Graves, Wayne and Danihelka, 2014, "Neural Turing machines", equations 5 and 6.

    >>> cosine_score(np.array([[3.0, 4.0]]), np.array([[0.0, 9.0], [0.0, 0.0]]), 0.5).tolist()
    [[1.6, 0.0]]
    """

    def score(q: Array, k: Array) -> float:
        lengths = math.sqrt(dot(q, q)) * math.sqrt(dot(k, k))
        return dot(q, k) / lengths / temperature if lengths > 0 else 0.0

    return _of_pairs(query, keys, score)


def dot_score(query: Array, keys: Array) -> Array:
    """score_ij = q_i . k_j: queries [Q, D] and keys [K, D] -> [Q, K].

    Source: Luong, Pham and Manning, 2015, section 3.1 (dot).

    >>> dot_score(np.array([[1.0, 2.0]]), np.array([[3.0, 4.0], [5.0, 6.0]])).tolist()
    [[11.0, 17.0]]
    """
    return scaled_dot_score(query, keys, scale=1.0)


def general_score(query: Array, keys: Array, w: Array) -> Array:
    """score_ij = q_i^T W k_j: queries [Q, Dq], keys [K, Dk] and W [Dq, Dk] -> [Q, K].

    Source: Luong, Pham and Manning, 2015, section 3.1 (general; there W is W_a).

    >>> general_score(np.array([[1.0, 2.0]]), np.array([[5.0]]), np.array([[3.0], [4.0]])).tolist()
    [[55.0]]
    """

    def score(q: Array, k: Array) -> float:
        return sum((float(q[row]) * dot(w[row], k) for row in range(len(w))), start=0.0)

    return _of_pairs(query, keys, score)


def location_score(query: Array, w: Array, count: int) -> Array:
    """score_ij = w_j . q_i: of the query alone, with one row of W for each position of a key.

    Parameters:
        query: [Q, Dq].
        w: W, [max_keys, Dq].
        count: K, the number of keys, at most max_keys; further rows are not used.

    Returns:
        [Q, count] scores.

    Source: Luong, Pham and Manning, 2015, equation 8 (location; there W is W_a).

    >>> location_score(np.array([[2.0]]), np.array([[1.0], [3.0], [5.0]]), 2).tolist()
    [[2.0, 6.0]]
    """
    return _of_pairs(query, np.array([w[j] for j in range(count)]), lambda q, row: dot(row, q))


def scaled_dot_score(
    query: Array, keys: Array, scale: float | None = None, temperature: float = 1.0
) -> Array:
    """score_ij = scale q_i . k_j / temperature.

    Parameters:
        query: [Q, D].
        keys: [K, D].
        scale: factor on the product; None is the paper's 1 / sqrt(D).
        temperature: divisor of every score; the paper has none.

    Returns:
        [Q, K] scores.

    Source: Vaswani et al., 2017, "Attention is all you need", equation 1.

    >>> scaled_dot_score(np.ones((1, 4)), np.full((1, 4), 3.0)).tolist()
    [[6.0]]
    """
    factor = 1 / math.sqrt(query.shape[1]) if scale is None else scale
    return _of_pairs(query, keys, lambda q, k: factor * dot(q, k) / temperature)


def uniform_score(query: Array, keys: Array) -> Array:
    """score_ij = 0, for any queries [Q, Dq] and keys [K, Dk] -> [Q, K].

    Source: Wiegreffe and Pinter, 2019, "Attention is not not explanation", section 3.2 (frozen
    uniform weights, which are the softmax of equal scores).

    >>> uniform_score(np.array([[1.0, 2.0]]), np.array([[3.0], [4.0]])).tolist()
    [[0.0, 0.0]]
    """
    return np.zeros((len(query), len(keys)))


def _of_pairs(query: Array, keys: Array, score: Callable[[Array, Array], float]) -> Array:
    """[Q, K] scores of every query [Dq] with every key [Dk]."""
    scores = [[score(q, k) for k in keys] for q in query]
    return np.array(scores, dtype=np.float64).reshape(len(query), len(keys))
