"""Scores that look at query and key alone: how well each query matches each key."""

import math

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
    scores = np.zeros((len(query), len(keys)))
    for i in range(len(query)):
        for j in range(len(keys)):
            inside = [dot(w_q[a], query[i]) + dot(w_k[a], keys[j]) for a in range(len(v))]
            scores[i, j] = through_tanh(inside, v, bias)
    return scores


def concat_score(query: Array, keys: Array, w: Array, v: Array, bias: Array | None = None) -> Array:
    """score_ij = v . tanh(W [q_i; k_j] + b), of query and key one below the other.

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
    scores = np.zeros((len(query), len(keys)))
    for i in range(len(query)):
        for j in range(len(keys)):
            both = np.concatenate((query[i], keys[j]))
            scores[i, j] = through_tanh([dot(w[a], both) for a in range(len(v))], v, bias)
    return scores


def cosine_score(query: Array, keys: Array, temperature: float = 1.0) -> Array:
    """score_ij = beta q_i . k_j / (|q_i| |k_j|), where beta = 1 / temperature.

    The paper divides by zero where a vector is all zero; here its cosine is 0.

    Parameters:
        query: [Q, D].
        keys: [K, D].
        temperature: 1 / beta; in the paper beta > 0 is emitted by the controller.

    Returns:
        [Q, K] scores, between -beta and beta.

    Source: Graves, Wayne and Danihelka, 2014, "Neural Turing machines", equations 5 and 6.

    >>> cosine_score(np.array([[3.0, 4.0]]), np.array([[0.0, 9.0], [0.0, 0.0]]), 0.5).tolist()
    [[1.6, 0.0]]
    """
    scores = np.zeros((len(query), len(keys)))
    for i in range(len(query)):
        for j in range(len(keys)):
            lengths = math.sqrt(dot(query[i], query[i])) * math.sqrt(dot(keys[j], keys[j]))
            if lengths > 0:
                scores[i, j] = dot(query[i], keys[j]) / lengths / temperature
    return scores


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
    scores = np.zeros((len(query), len(keys)))
    for i in range(len(query)):
        for j in range(len(keys)):
            for row in range(len(w)):
                scores[i, j] += query[i, row] * dot(w[row], keys[j])
    return scores


def location_score(query: Array, w: Array, count: int) -> Array:
    """score_ij = w_j . q_i: from the query alone, one row of W for each place a key may have.

    Parameters:
        query: [Q, Dq].
        w: W, [max_keys, Dq].
        count: K, how many keys there are, at most max_keys; the rows beyond are not used.

    Returns:
        [Q, count] scores.

    Source: Luong, Pham and Manning, 2015, equation 8 (location; there W is W_a).

    >>> location_score(np.array([[2.0]]), np.array([[1.0], [3.0], [5.0]]), 2).tolist()
    [[2.0, 6.0]]
    """
    scores = np.zeros((len(query), count))
    for i in range(len(query)):
        for j in range(count):
            scores[i, j] = dot(w[j], query[i])
    return scores


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
    if scale is None:
        scale = 1 / math.sqrt(query.shape[1])
    scores = np.zeros((len(query), len(keys)))
    for i in range(len(query)):
        for j in range(len(keys)):
            scores[i, j] = scale * dot(query[i], keys[j]) / temperature
    return scores


def uniform_score(query: Array, keys: Array) -> Array:
    """score_ij = 0: queries [Q, Dq] and keys [K, Dk], whatever they are -> [Q, K].

    Source: Wiegreffe and Pinter, 2019, "Attention is not not explanation", section 3.2, where the
    weights are held even: those that softmax makes of equal scores.

    >>> uniform_score(np.array([[1.0, 2.0]]), np.array([[3.0], [4.0]])).tolist()
    [[0.0, 0.0]]
    """
    return np.zeros((len(query), len(keys)))
