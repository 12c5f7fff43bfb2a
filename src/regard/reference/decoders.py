"""Recurrent decoders, one target position at a time."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from regard.reference.elements import Array, linear

__all__ = ["bahdanau_decoder", "luong_decoder"]

_Cell = Callable[[Array, Any], tuple[Array, Any]]
_Attend = Callable[[int, Array], tuple[Array, Array]]


def bahdanau_decoder(
    tokens: Array, query: Array, state: Any, cell: _Cell, attend: _Attend, w: Array, bias: Array
) -> tuple[Array, Array]:
    """For every position i: attend with the state before, then step.

        c_i = attention(s_(i-1), h),   s_i = f(s_(i-1), y_(i-1), c_i)
        t_i = tanh(W [s_i; c_i; y_(i-1)] + b)

    The paper's t_i has maxout, max(2 k - 1, 2 k) of twice as many numbers, in place of tanh.

    Parameters:
        tokens: [L, E], the embedded token y_(i-1) before each position.
        query: s_0, [D].
        state: what the cell needs of the steps before, whatever it is made of.
        cell: f: (input [E + Ds], state) -> (s_i [D], the next state); the input is [y; c].
        attend: (i, s_(i-1)) -> (c_i [Ds], weights [S]).
        w: W, [outputs, D + Ds + E].
        bias: b, [outputs].

    Returns:
        (t [L, outputs], weights [L, S]).

    Source: Bahdanau, Cho and Bengio, 2015, "Neural machine translation by jointly learning to align
    and translate", equations 4 and 5 and appendix A.2.2.

    >>> def cell(x, state): return x[:1] + x[1:], None
    >>> def attend(i, query): return 2 * query, np.ones(1)
    >>> tokens, w = np.array([[1.0], [0.0]]), np.array([[1.0, 0.0, 0.0]])
    >>> outputs, _ = bahdanau_decoder(tokens, np.array([3.0]), None, cell, attend, w, np.zeros(1))
    >>> np.arctanh(outputs).round(3).tolist()  # 1 + 2 . 3, then 0 + 2 . 7
    [[7.0], [14.0]]
    """
    outputs, rows = [], []
    for i, token in enumerate(tokens):
        context, weights = attend(i, query)
        query, state = cell(np.concatenate((token, context)), state)
        outputs.append(_tanh(np.concatenate((query, context, token)), w, bias))
        rows.append(weights)
    return np.array(outputs), np.array(rows)


def luong_decoder(
    tokens: Array,
    state: Any,
    cell: _Cell,
    attend: _Attend,
    w: Array,
    bias: Array,
    *,
    feeding: bool = False,
) -> tuple[Array, Array]:
    """For every position t: step, then attend with the state after.

        h_t = f(h_(t-1), y_(t-1)),   c_t = attention(h_t, h_source)
        t_t = tanh(W [h_t; c_t] + b)

    With input feeding the cell reads [y_(t-1); t_(t-1)], where t_0 is zero. The paper has no b.

    Parameters:
        tokens, state, attend, bias: as for `bahdanau_decoder`.
        cell: its input is y, or [y; t] with feeding.
        w: W, [outputs, D + Ds].
        feeding: whether the cell reads the output before, too.

    Returns:
        (t [L, outputs], weights [L, S]).

    Source: Luong, Pham and Manning, 2015, "Effective approaches to attention-based neural machine
    translation", equation 5, and section 3.3 for input feeding.

    >>> def cell(x, state): return x[:1] + 10 * x[1:], None
    >>> def attend(t, query): return 2 * query, np.ones(1)
    >>> tokens, w = np.array([[1.0], [0.0]]), np.array([[0.1, 0.0]])
    >>> outputs, _ = luong_decoder(tokens, None, cell, attend, w, np.zeros(1), feeding=True)
    >>> np.arctanh(outputs).round(6).tolist()  # 0.1 . 1, then 0.1 . 10 tanh(0.1)
    [[0.1], [0.099668]]
    """
    outputs, rows = [], []
    fed = np.zeros(len(w))
    for t, token in enumerate(tokens):
        query, state = cell(np.concatenate((token, fed)) if feeding else token, state)
        context, weights = attend(t, query)
        fed = _tanh(np.concatenate((query, context)), w, bias)
        outputs.append(fed)
        rows.append(weights)
    return np.array(outputs), np.array(rows)


def _tanh(x: Array, w: Array, bias: Array) -> Array:
    """tanh(W x + b) of a vector."""
    return np.array([math.tanh(y) for y in linear(x[np.newaxis], w, bias)[0]])
