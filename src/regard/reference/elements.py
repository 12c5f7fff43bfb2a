"""The array types of this package, and a few sums and functions."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["Array", "Mask", "allowed_keys", "dot", "linear", "sigmoid", "through_tanh"]

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]


def allowed_keys(allowed: Mask | None, i: int, K: int) -> list[int]:
    """The keys j of 0 .. K - 1 that query i may attend to.

    Parameters:
        allowed: boolean [Q, K], True means may be attended. None allows all.
        i: the query.
        K: number of keys.

    >>> allowed_keys(np.array([[True, False, True]]), 0, 3)
    [0, 2]
    """
    return [j for j in range(K) if allowed is None or allowed[i, j]]


def dot(a: Array, b: Array) -> float:
    """a . b = sum over d of a_d b_d, for two vectors [D].

    >>> dot(np.array([1.0, 2.0]), np.array([3.0, 4.0]))
    11.0
    """
    return sum((float(x) * float(y) for x, y in zip(a, b, strict=True)), start=0.0)


def linear(x: Array, w: Array, bias: Array | None = None) -> Array:
    """y_l = W x_l + b for every row x_l.

    Parameters:
        x: [L, inputs].
        w: [outputs, inputs].
        bias: [outputs], or None.

    Returns:
        [L, outputs].

    >>> linear(np.array([[1.0, 2.0]]), np.array([[3.0, 4.0]]), np.array([5.0])).tolist()
    [[16.0]]
    """
    rows = [[dot(output, vector) for output in w] for vector in x]
    y = np.array(rows, dtype=np.float64).reshape(len(x), len(w))
    return y if bias is None else y + bias


def sigmoid(z: float) -> float:
    """sigmoid(z) = 1 / (1 + exp(-z)), for any z without overflow.

    >>> sigmoid(0.0)
    0.5
    """
    if z >= 0:
        return 1 / (1 + math.exp(-z))
    return math.exp(z) / (1 + math.exp(z))


def through_tanh(inside: Sequence[float], v: Array, bias: Array | None) -> float:
    """v . tanh(inside + b) = sum over a of v_a tanh(inside_a + b_a).

    >>> through_tanh([-99.0], np.array([2.0]), None)
    -2.0
    """
    offsets = np.zeros(len(v)) if bias is None else bias
    return sum(float(v[a]) * math.tanh(inside[a] + float(offsets[a])) for a in range(len(v)))
