"""Transformer layers: attention and a feed-forward network, with residuals and normalisation."""

import math
from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np

from regard.reference.elements import Array, linear

__all__ = ["Order", "Sublayer", "decoder_layer", "encoder_layer", "feed_forward", "layer_norm"]

Order = Literal["pre", "post"]
Sublayer = Callable[[Array], Array]


def decoder_layer(
    x: Array,
    memory: Array,
    self_attention: Sublayer,
    cross_attention: Callable[[Array, Array], Array],
    feed_forward: Sublayer,
    norms: Sequence[Sublayer],
    order: Order = "post",
) -> Array:
    """x = sublayer(x) for self-attention, attention to the memory, and the feed-forward network.

    Order "post" is norm(x + f(x)), as in the first paper; "pre" is x + f(norm(x)), and a stack of
    such layers ends with another normalisation. The memory is not normalised here.

    Parameters:
        x: [L, D].
        memory: [S, Dm], the output of the encoder.
        self_attention: [L, D] -> [L, D].
        cross_attention: ([L, D], memory) -> [L, D].
        feed_forward: [L, D] -> [L, D].
        norms: three normalisations, in the order of use.
        order: "pre" or "post".

    Returns:
        [L, D].

    Source: Vaswani et al., 2017, "Attention is all you need", section 3.1 (post); Xiong et al.,
    2020, "On layer normalization in the transformer architecture", table 1 (pre).

    >>> def same(x): return x
    >>> x, memory = np.array([[1.0]]), np.array([[9.0]])
    >>> decoder_layer(x, memory, same, lambda x, memory: memory, same, [same] * 3).tolist()
    [[22.0]]
    """
    x = _with_residual(x, self_attention, norms[0], order)
    x = _with_residual(x, lambda y: cross_attention(y, memory), norms[1], order)
    return _with_residual(x, feed_forward, norms[2], order)


def encoder_layer(
    x: Array,
    self_attention: Sublayer,
    feed_forward: Sublayer,
    norms: Sequence[Sublayer],
    order: Order = "post",
) -> Array:
    """x = sublayer(x) for self-attention and for the feed-forward network.

    Parameters and returns: as for `decoder_layer`, with two normalisations.

    Source: Vaswani et al., 2017, section 3.1 (post); Xiong et al., 2020, table 1 (pre).

    >>> def same(x): return x
    >>> encoder_layer(np.array([[1.0]]), same, same, [same, same]).tolist()
    [[4.0]]
    """
    x = _with_residual(x, self_attention, norms[0], order)
    return _with_residual(x, feed_forward, norms[1], order)


def feed_forward(
    x: Array,
    w_1: Array,
    b_1: Array,
    w_2: Array,
    b_2: Array,
    activation: Literal["relu", "gelu"] = "relu",
) -> Array:
    """y_l = W_2 activation(W_1 x_l + b_1) + b_2 for every row x_l.

    relu(z) = max(z, 0), as in the paper; gelu(z) = z Phi(z), Phi the normal distribution function.

    Parameters:
        x: [L, D].
        w_1: W_1, [hidden, D], with bias b_1 [hidden].
        w_2: W_2, [D, hidden], with bias b_2 [D].
        activation: "relu" or "gelu".

    Returns:
        [L, D].

    Source: Vaswani et al., 2017, equation 2; Hendrycks and Gimpel, 2016, "Gaussian error linear
    units", section 2.

    >>> w, b = np.ones((1, 1)), np.zeros(1)
    >>> feed_forward(np.array([[-1.0], [2.0]]), w, b, 3 * w, b + 1).tolist()
    [[1.0], [7.0]]
    """
    if activation not in ("relu", "gelu"):
        raise ValueError(f"activation: expected 'relu' or 'gelu', got {activation!r}")
    hidden = linear(x, w_1, b_1)
    for row in range(hidden.shape[0]):
        for unit in range(hidden.shape[1]):
            z = float(hidden[row, unit])
            gate = float(z > 0) if activation == "relu" else (1 + math.erf(z / math.sqrt(2))) / 2
            hidden[row, unit] = z * gate
    return linear(hidden, w_2, b_2)


def layer_norm(x: Array, weight: Array, bias: Array, eps: float = 1e-5) -> Array:
    """y_ld = weight_d (x_ld - mean_l) / sqrt(variance_l + eps) + bias_d, over the columns d.

    The variance is the mean of the squared deviations, over D, not D - 1.

    Parameters:
        x: [L, D].
        weight: [D].
        bias: [D].
        eps: added to the variance.

    Returns:
        [L, D].

    Source: Ba, Kiros and Hinton, 2016, "Layer normalization", equations 3 and 4, which have no eps.

    >>> layer_norm(np.array([[1.0, 5.0]]), np.ones(2), np.zeros(2), eps=0.0).tolist()
    [[-1.0, 1.0]]
    """
    L, D = x.shape
    y = np.zeros((L, D))
    for row in range(L):
        mean = sum(float(x[row, d]) for d in range(D)) / D
        variance = sum((float(x[row, d]) - mean) ** 2 for d in range(D)) / D
        for d in range(D):
            y[row, d] = weight[d] * (x[row, d] - mean) / math.sqrt(variance + eps) + bias[d]
    return y


def _with_residual(x: Array, sublayer: Sublayer, norm: Sublayer, order: Order) -> Array:
    if order == "pre":
        return x + sublayer(norm(x))
    if order == "post":
        return norm(x + sublayer(x))
    raise ValueError(f"order: expected 'pre' or 'post', got {order!r}")
