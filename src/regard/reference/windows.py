"""Windows: which keys a query may see, and how strongly before looking.

Query i of Q stands at place position + i of its sequence; places count from 0.
"""

import math

import numpy as np

from regard.reference.elements import Array, Mask, dot, sigmoid

__all__ = [
    "alibi",
    "alibi_slopes",
    "causal",
    "local_monotonic",
    "local_predictive",
    "local_predictive_centres",
    "sliding",
]


def alibi(Q: int, K: int, slope: float, position: int = 0) -> Array:
    """bias_ij = -slope |position + i - j|, to be added to the scores.

    The paper is causal; keys after the query, which it never sees, are here as far as those before.

    Parameters:
        Q: how many queries.
        K: how many keys.
        slope: that of one head, see `alibi_slopes`.
        position: the place of query 0.

    Returns:
        [Q, K] biases, none above zero.

    Source: Press, Smith and Lewis, 2022, "Train short, test long: attention with linear biases
    enables input length extrapolation", section 3 (there the slope is m).

    >>> alibi(1, 3, 0.5, position=2).tolist()
    [[-1.0, -0.5, 0.0]]
    """
    bias = np.zeros((Q, K))
    for i in range(Q):
        for j in range(K):
            distance = abs(position + i - j)
            bias[i, j] = -slope * distance if distance else 0.0
    return bias


def alibi_slopes(heads: int) -> Array:
    """slope_h = 2^(-8 h / H) for h = 1 .. H, where H is a power of two.

    For other H, the rule of the code released with the paper: all slopes of the next lower power
    of two, then the first, third, fifth ... slope of twice that power, until there are H.

    Parameters:
        heads: H.

    Returns:
        [H] slopes.

    Source: Press, Smith and Lewis, 2022, section 3.

    >>> alibi_slopes(2).tolist(), alibi_slopes(3).tolist()
    ([0.0625, 0.00390625], [0.0625, 0.00390625, 0.25])
    """
    power = 1
    while 2 * power <= heads:
        power = 2 * power
    slopes = [2 ** (-8 * h / power) for h in range(1, power + 1)]
    h = 1
    while len(slopes) < heads:
        slopes.append(2 ** (-8 * h / (2 * power)))
        h += 2
    return np.array(slopes)


def causal(Q: int, K: int, position: int = 0) -> Mask:
    """allowed_ij = j <= position + i: nothing that comes after the query.

    Parameters:
        Q: how many queries.
        K: how many keys.
        position: the place of query 0.

    Returns:
        boolean [Q, K].

    Source: Vaswani et al., 2017, "Attention is all you need", section 3.2.3.

    >>> causal(2, 3).tolist()
    [[True, False, False], [True, True, False]]
    """
    allowed = np.zeros((Q, K), dtype=bool)
    for i in range(Q):
        for j in range(K):
            allowed[i, j] = j <= position + i
    return allowed


def local_monotonic(Q: int, K: int, radius: int, position: int = 0) -> Mask:
    """allowed_ij = |j - p_i| <= radius, where p_i = position + i: the query's own surroundings.

    Parameters:
        Q: how many queries.
        K: how many keys.
        radius: how many keys to either side; the paper's D.
        position: the place of query 0.

    Returns:
        boolean [Q, K].

    Source: Luong, Pham and Manning, 2015, "Effective approaches to attention-based neural machine
    translation", section 3.2 (local-m).

    >>> local_monotonic(1, 4, 1, position=1).tolist()
    [[True, True, True, False]]
    """
    allowed = np.zeros((Q, K), dtype=bool)
    for i in range(Q):
        for j in range(K):
            allowed[i, j] = abs(j - (position + i)) <= radius
    return allowed


def local_predictive(centres: Array, K: int, radius: float) -> tuple[Mask, Array]:
    """allowed_ij = |j - p_i| <= radius; gaussian_ij = exp(-(j - p_i)^2 / (2 sigma^2)).

    sigma = radius / 2. The paper multiplies the weights by the gaussian after the softmax over the
    allowed keys and does not renormalise, so that they sum to less than one.

    Parameters:
        centres: p, [Q], as `local_predictive_centres` gives them, not rounded.
        K: how many keys.
        radius: above zero; the paper's D.

    Returns:
        (allowed, boolean [Q, K]; gaussian [Q, K], also where not allowed).

    Source: Luong, Pham and Manning, 2015, equation 10 (local-p).

    >>> allowed, gaussian = local_predictive(np.array([1.5]), 5, 2)
    >>> allowed.tolist(), gaussian.round(3).tolist()
    ([[True, True, True, True, False]], [[0.325, 0.882, 0.882, 0.325, 0.044]])
    """
    sigma = radius / 2
    allowed = np.zeros((len(centres), K), dtype=bool)
    gaussian = np.zeros((len(centres), K))
    for i in range(len(centres)):
        for j in range(K):
            distance = j - float(centres[i])
            allowed[i, j] = abs(distance) <= radius
            gaussian[i, j] = math.exp(-(distance**2) / (2 * sigma**2))
    return allowed, gaussian


def local_predictive_centres(query: Array, length: float, w_p: Array, v_p: Array) -> Array:
    """p_i = S sigmoid(v_p . tanh(W_p q_i)): where each query would look.

    Parameters:
        query: [Q, Dq].
        length: S, the true number of keys, without padding.
        w_p: W_p, [A, Dq].
        v_p: [A].

    Returns:
        [Q] centres, between 0 and S.

    Source: Luong, Pham and Manning, 2015, equation 9.

    >>> local_predictive_centres(np.zeros((1, 2)), 7, np.ones((3, 2)), np.ones(3)).tolist()
    [3.5]
    """
    centres = np.zeros(len(query))
    for i in range(len(query)):
        inside = 0.0
        for a in range(len(v_p)):
            inside += float(v_p[a]) * math.tanh(dot(w_p[a], query[i]))
        centres[i] = length * sigmoid(inside)
    return centres


def sliding(Q: int, K: int, size: int, position: int = 0) -> Mask:
    """allowed_ij = p_i - size < j <= p_i, where p_i = position + i: the latest `size` keys.

    Parameters:
        Q: how many queries.
        K: how many keys.
        size: how many keys, the one at the query's own place included.
        position: the place of query 0.

    Returns:
        boolean [Q, K].

    Source: Jiang et al., 2023, "Mistral 7B", section 2; Beltagy, Peters and Cohan, 2020,
    "Longformer: the long-document transformer", section 3.1, whose window lies on both sides.

    >>> sliding(1, 5, 2, position=3).tolist()
    [[False, False, True, True, False]]
    """
    allowed = np.zeros((Q, K), dtype=bool)
    for i in range(Q):
        for j in range(K):
            allowed[i, j] = position + i - size < j <= position + i
    return allowed
