"""Windows: which keys a query may attend to, and a bias or gain for each.

Query i of Q is at position p_i = position + i of its sequence; positions count from 0.
"""

import math
from collections.abc import Callable

import numpy as np

from regard.reference.elements import Array, Mask, dot, sigmoid, through_tanh

__all__ = [
    "alibi",
    "alibi_slopes",
    "causal",
    "local_monotonic",
    "local_predictive",
    "local_predictive_centres",
    "relative_positions",
    "sliding",
]


def alibi(Q: int, K: int, slope: float, position: int = 0) -> Array:
    """bias_ij = -slope |p_i - j|, to be added to the scores.

    The paper is causal. Here keys after the query count by their distance, too.

    Parameters:
        Q: number of queries.
        K: number of keys.
        slope: of one head, see `alibi_slopes`.
        position: of query 0.

    Returns:
        [Q, K] biases, none above zero.

    Source: Press, Smith and Lewis, 2022, "Train short, test long: attention with linear biases
    enables input length extrapolation", section 3 (there the slope is m).

    >>> alibi(1, 3, 0.5, position=2).tolist()
    [[-1.0, -0.5, 0.0]]
    """
    distances = [[abs(position + i - j) for j in range(K)] for i in range(Q)]
    biases = [[-slope * distance if distance else 0.0 for distance in row] for row in distances]
    return np.array(biases, dtype=np.float64).reshape(Q, K)


def alibi_slopes(heads: int) -> Array:
    """slope_h = 2^(-8 h / H) for h = 1 .. H, where H is a power of two.

    For other H, as in the code released with the paper: all slopes of the next lower power of two,
    then the first, third, fifth ... slope of twice that power, until there are H.

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
    between = [2 ** (-8 * h / (2 * power)) for h in range(1, 2 * power, 2)]
    return np.array(slopes + between[: heads - power])


def causal(Q: int, K: int, position: int = 0) -> Mask:
    """allowed_ij = j <= p_i: no key after the query.

    Parameters:
        Q: number of queries.
        K: number of keys.
        position: of query 0.

    Returns:
        boolean [Q, K].

    Source: Vaswani et al., 2017, "Attention is all you need", section 3.2.3.

    >>> causal(2, 3).tolist()
    [[True, False, False], [True, True, False]]
    """
    return _mask(Q, K, position, lambda p, j: j <= p)


def local_monotonic(Q: int, K: int, radius: int, position: int = 0) -> Mask:
    """allowed_ij = |j - p_i| <= radius: the keys around the query.

    Parameters and returns: as for `causal`; radius is the number of keys on each side, the paper's
    D.

    Source: Luong, Pham and Manning, 2015, "Effective approaches to attention-based neural machine
    translation", section 3.2 (local-m).

    >>> local_monotonic(1, 4, 1, position=1).tolist()
    [[True, True, True, False]]
    """
    return _mask(Q, K, position, lambda p, j: abs(j - p) <= radius)


def local_predictive(centres: Array, K: int, radius: float) -> tuple[Mask, Array]:
    """allowed_ij = |j - p_i| <= radius; gaussian_ij = exp(-(j - p_i)^2 / (2 sigma^2)).

    sigma = radius / 2. The paper multiplies the weights by the gaussian after the softmax over the
    allowed keys and does not renormalise, so that they sum to less than one.

    Parameters:
        centres: p, [Q], by `local_predictive_centres`, not rounded.
        K: number of keys.
        radius: above zero; the paper's D.

    Returns:
        (allowed, boolean [Q, K]; gaussian [Q, K], which is not zero where not allowed).

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
    """p_i = S sigmoid(v_p . tanh(W_p q_i)): the position that each query predicts.

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
    inside = [through_tanh([dot(row, q) for row in w_p], v_p, None) for q in query]
    return np.array([length * sigmoid(number) for number in inside])


def relative_positions(query: Array, K: int, vectors: Array, position: int = 0) -> Array:
    """bias_ij = q_i . r_d / sqrt(Dq), d = j - p_i clipped to -m .. m, to be added to the scores.

    Parameters:
        query: [Q, Dq].
        K: number of keys.
        vectors: [2 m + 1, Dq], r of the distances -m .. m.
        position: of query 0.

    Returns:
        [Q, K] biases.

    Source: Shaw, Uszkoreit and Vaswani, 2018, "Self-attention with relative position
    representations", equations 4 and 5, the part with a^K.

    >>> relative_positions(np.ones((1, 1)), 3, np.array([[-1.0], [0.0], [1.0]])).tolist()
    [[0.0, 1.0, 1.0]]
    """
    Q, width = query.shape
    most = (len(vectors) - 1) // 2
    biases = np.zeros((Q, K))
    for i in range(Q):
        for j in range(K):
            distance = max(-most, min(most, j - (position + i)))
            biases[i, j] = dot(query[i], vectors[distance + most]) / math.sqrt(width)
    return biases


def sliding(Q: int, K: int, size: int, position: int = 0) -> Mask:
    """allowed_ij = p_i - size < j <= p_i: the latest `size` keys, the query's own included.

    Parameters and returns: as for `causal`.

    Source: Jiang et al., 2023, "Mistral 7B", section 2; Beltagy, Peters and Cohan, 2020,
    "Longformer: the long-document transformer", section 3.1, whose window is symmetric.

    >>> sliding(1, 5, 2, position=3).tolist()
    [[False, False, True, True, False]]
    """
    return _mask(Q, K, position, lambda p, j: p - size < j <= p)


def _mask(Q: int, K: int, position: int, allows: Callable[[int, int], bool]) -> Mask:
    """[Q, K], whether the query at position p may attend to key j."""
    rows = [[allows(position + i, j) for j in range(K)] for i in range(Q)]
    return np.array(rows, dtype=bool).reshape(Q, K)
