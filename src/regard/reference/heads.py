"""Multi-head attention and rotary position embedding."""

import math
from collections.abc import Callable

import numpy as np

from regard.reference.attention import attend
from regard.reference.elements import Array, linear
from regard.reference.scores import scaled_dot_score

__all__ = ["Head", "multi_head", "rotary"]

Head = Callable[[int, Array, Array, Array], tuple[Array, Array]]


def multi_head(
    query: Array,
    keys: Array,
    values: Array,
    heads: int,
    w_q: Array,
    w_k: Array,
    w_v: Array,
    w_o: Array,
    b_q: Array | None = None,
    b_k: Array | None = None,
    b_v: Array | None = None,
    b_o: Array | None = None,
    *,
    head: Head | None = None,
    kv_heads: int | None = None,
    rotary_base: float | None = None,
    position: int = 0,
) -> tuple[Array, Array]:
    """output = W_o [context_1; ...; context_H] + b_o, where each head has its own columns.

    Head h has columns h d .. (h + 1) d - 1 of the projected queries, and those of key and value
    head h // (H // kv_heads): H / kv_heads consecutive query heads share one.

    Parameters:
        query: [Q, Dq].
        keys: [K, Dk].
        values: [K, Dv].
        heads: H.
        w_q: [H d, Dq], with bias b_q [H d].
        w_k: [kv_heads d, Dk], with bias b_k [kv_heads d].
        w_v: [kv_heads dv, Dv], with bias b_v [kv_heads dv].
        w_o: [outputs, H dv], with bias b_o [outputs]; each bias may be None.
        head: `head(h, queries [Q, d], keys [K, d], values [K, dv]) -> (context [Q, dv], weights
            [Q, K])` of head h; None is softmax(q . k / sqrt(d)) over all keys.
        kv_heads: number of key and value heads, a divisor of H; None is H.
        rotary_base: base of the rotation of each head's projected queries and keys, or None.
        position: of query 0, for the rotation; key 0 is at position 0.

    Returns:
        (output [Q, outputs], weights [H, Q, K]).

    Source: Vaswani et al., 2017, "Attention is all you need", section 3.2.2; Ainslie et al., 2023,
    "GQA: training generalized multi-query transformer models from multi-head checkpoints",
    section 2.2, for kv_heads below H.

    >>> identity, x = np.eye(2), np.array([[0.0, 4.0]])
    >>> output, weights = multi_head(x, x, x, 2, identity, identity, identity, identity)
    >>> output.tolist(), weights.tolist()
    ([[0.0, 4.0]], [[[1.0]], [[1.0]]])
    """
    kv_heads = heads if kv_heads is None else kv_heads
    q, k, v = linear(query, w_q, b_q), linear(keys, w_k, b_k), linear(values, w_v, b_v)
    contexts, weights = [], []
    for h in range(heads):
        group = h // (heads // kv_heads)
        q_h = np.split(q, heads, axis=1)[h]
        k_h, v_h = (np.split(side, kv_heads, axis=1)[group] for side in (k, v))
        if rotary_base is not None:
            q_h, k_h = rotary(q_h, position, rotary_base), rotary(k_h, 0, rotary_base)
        attended = head(h, q_h, k_h, v_h) if head else attend(scaled_dot_score(q_h, k_h), v_h)
        contexts.append(attended[0])
        weights.append(attended[1])
    return linear(np.concatenate(contexts, axis=1), w_o, b_o), np.array(weights)


def rotary(x: Array, position: int = 0, base: float = 10000.0) -> Array:
    """Rotate columns (2i, 2i + 1) of row l by the angle (position + l) base^(-2i / D), in radians.

    The product of a rotated query and a rotated key depends on their distance alone.

    Parameters:
        x: [L, D], D even.
        position: of row 0.
        base: of the angles.

    Returns:
        [L, D].

    Source: Su et al., 2021, "RoFormer: enhanced transformer with rotary position embedding",
    equation 34, with angles as in equation 15, where i counts from 1.

    >>> rotary(np.array([[1.0, 0.0]]), position=1).round(4).tolist()      # cos 1, sin 1
    [[0.5403, 0.8415]]
    """
    L, D = x.shape
    rotated = np.zeros((L, D))
    for row in range(L):
        for i in range(D // 2):
            angle = (position + row) * base ** (-2 * i / D)
            a, b = x[row, 2 * i], x[row, 2 * i + 1]
            rotated[row, 2 * i] = a * math.cos(angle) - b * math.sin(angle)
            rotated[row, 2 * i + 1] = b * math.cos(angle) + a * math.sin(angle)
    return rotated
