"""The answer pointer: attention whose weights say where an answer starts, and where it ends."""

from collections.abc import Callable, Sequence

import numpy as np

from regard.reference.attention import attend
from regard.reference.elements import Array
from regard.reference.recurrent import gru_cell

__all__ = ["answer_pointer", "best_span"]


def answer_pointer(
    states: Array,
    asked: Array,
    *,
    scores: Sequence[Callable[[Array, Array], Array]],
    cell: tuple[Array, Array, Array, Array],
) -> Array:
    """a_k = softmax over s of score_k(u_k, h_s), u_(k+1) = GRU(sum over s of a_ks h_s, u_k).

    Parameters:
        states: h, [S, D].
        asked: u_1, [D], of the question.
        scores: of each look, the last two those of the start and of the end: a query [1, D] and
            keys [S, D] -> [1, S].
        cell: weights and biases of the GRU, as `gru_cell` takes them.

    Returns:
        Weights [looks, S].

    Source: Wang and Jiang, 2017, "Machine comprehension using match-LSTM and answer pointer",
    equations 7 to 9, there with an LSTM.
    """
    u, weights = asked, []
    for score in scores:
        contexts, looked = attend(score(u[np.newaxis], states), states)
        weights.append(looked[0])
        u = gru_cell(contexts[0], u, *cell)
    return np.stack(weights)


def best_span(start: Array, end: Array, longest: int) -> tuple[int, int]:
    """The first i and j of the highest start_i * end_j among all i <= j < i + longest.

    Parameters:
        start, end: [S] probabilities.
        longest: positions of a span at most.

    >>> best_span(np.array([0.1, 0.2, 0.7]), np.array([0.6, 0.3, 0.1]), 2)
    (2, 2)
    """
    best, found = -1.0, (0, 0)
    for i in range(len(start)):
        for j in range(i, min(i + longest, len(end))):
            if start[i] * end[j] > best:
                best, found = float(start[i] * end[j]), (i, j)
    return found
