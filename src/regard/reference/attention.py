"""Attention over any score and alignment: align the scores, and average the values."""

from collections.abc import Callable
from typing import TypeVar

import numpy as np

from regard.reference.alignments import softmax
from regard.reference.elements import Array, Mask, allowed_keys

__all__ = ["Align", "attend", "attend_step_by_step"]

Align = Callable[[Array, Mask | None], Array]

_State = TypeVar("_State")


def attend(
    scores: Array,
    values: Array,
    allowed: Mask | None = None,
    align: Align = softmax,
    bias: Array | None = None,
    gaussian: Array | None = None,
    renormalise: bool = False,
) -> tuple[Array, Array]:
    """weights = align(scores + bias) * gaussian; context_i = sum over j of weights_ij values_j.

    Parameters:
        scores: [Q, K].
        values: [K, Dv]; those that are not allowed are never read.
        allowed: boolean [Q, K], True means may be attended. None allows all.
        align: `align(scores [Q, K], allowed) -> weights [Q, K]`.
        bias: [Q, K], added to the scores, see `alibi`; or None.
        gaussian: [Q, K], multiplied with the weights, see `local_predictive`; or None.
        renormalise: whether to divide each row by its sum after that, if it is above zero.

    Returns:
        (context [Q, Dv], weights [Q, K]).

    Source: Bahdanau, Cho and Bengio, 2015, equations 5 and 6.

    >>> context, weights = attend(np.zeros((1, 2)), np.array([[1.0], [3.0]]))
    >>> context.tolist(), weights.tolist()
    ([[2.0]], [[0.5, 0.5]])
    """
    Q, K = scores.shape
    weights = align(scores if bias is None else scores + bias, allowed).copy()
    if gaussian is not None:
        weights = weights * gaussian
    context = np.zeros((Q, values.shape[1]))
    for i in range(Q):
        total = sum(float(weight) for weight in weights[i])
        for j in allowed_keys(allowed, i, K):
            if renormalise and total > 0:
                weights[i, j] = weights[i, j] / total
            for d in range(values.shape[1]):
                context[i, d] += weights[i, j] * values[j, d]
    return context, weights


def attend_step_by_step(
    score_step: Callable[[int, _State], Array],
    update: Callable[[_State, Array], _State],
    state: _State,
    Q: int,
    values: Array,
    allowed: Mask | None = None,
    align: Align = softmax,
    bias: Array | None = None,
    gaussian: Array | None = None,
    renormalise: bool = False,
) -> tuple[Array, Array, _State]:
    """For i = 0 .. Q - 1: attend with score_step(i, state), then state = update(state, weights_i).

    For scores that depend on previous weights: with `location_sensitive_score` the state is the
    previous weights, `update=lambda state, weights: weights`; with `coverage_score` it is their
    sum, `update=lambda state, weights: state + weights`.

    Parameters:
        score_step: (i, state) -> the scores [K] of query i.
        update: (state, weights [K]) -> the next state; the weights are those after any gaussian.
        state: before the first query.
        Q: number of queries.
        others: as for `attend`; `align` gets one query at a time.

    Returns:
        (context [Q, Dv], weights [Q, K], the state after the last query).

    Source: Chorowski et al., 2015, equations 1 and 2.

    >>> context, weights, coverage = attend_step_by_step(
    ...     lambda i, state: -99 * state, lambda state, weights: state + weights,
    ...     np.array([1.0, 0.0, 1.0]), 1, np.array([[1.0], [2.0], [3.0]]),
    ... )
    >>> context.round(6).tolist(), coverage.round(6).tolist()
    ([[2.0]], [1.0, 1.0, 1.0])
    """
    context = np.zeros((Q, values.shape[1]))
    weights = np.zeros((Q, len(values)))
    for i in range(Q):
        step = slice(i, i + 1)
        scores, here = score_step(i, state)[np.newaxis], None if allowed is None else allowed[step]
        extra, gain = (None if part is None else part[step] for part in (bias, gaussian))
        contexts, rows = attend(scores, values, here, align, extra, gain, renormalise)
        context[i], weights[i] = contexts[0], rows[0]
        state = update(state, weights[i].copy())
    return context, weights, state
