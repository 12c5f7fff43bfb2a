"""Words that are written from a vocabulary or copied from the source, one at a time."""

import numpy as np

from regard.reference.alignments import softmax
from regard.reference.elements import Array, sigmoid

__all__ = ["copied_shares", "pointer_generator"]


def pointer_generator(
    logits: Array, gate: float, weights: Array, source: Array, tokens: int
) -> Array:
    """p(y) = g softmax(logits)[y] + (1 - g) sum over s with x_s = y of a_s, g = sigmoid(gate).

    Parameters:
        logits: [V].
        gate: logit of g.
        weights: a, [S], which sum to one.
        source: x, [S] tokens, from V on for words that the vocabulary lacks.
        tokens: V and the number of these words.

    Returns:
        [tokens].

    Source: See, Liu and Manning, 2017, "Get to the point: summarization with pointer-generator
    networks", equation 9.

    >>> source = np.array([2, 0, 2])
    >>> pointer_generator(np.zeros(2), 0.0, np.array([0.5, 0.2, 0.3]), source, 3).round(2).tolist()
    [0.35, 0.25, 0.4]
    """
    written = softmax(logits[None])[0]
    g = sigmoid(gate)
    probabilities = [g * float(written[y]) if y < len(logits) else 0.0 for y in range(tokens)]
    for s, token in enumerate(source):
        probabilities[int(token)] += (1 - g) * float(weights[s])
    return np.array(probabilities)


def copied_shares(gate: float, weights: Array, source: Array, token: int, whole: float) -> Array:
    """(1 - g) a_s / p(y) where x_s = y, otherwise 0: what each position gave to p(y).

    Parameters:
        gate, weights, source: as of `pointer_generator`.
        token: y.
        whole: p(y).

    Returns:
        [S].

    >>> copied_shares(0.0, np.array([0.5, 0.5]), np.array([1, 0]), 1, 0.5).tolist()
    [0.5, 0.0]
    """
    g = sigmoid(gate)
    return np.array(
        [
            (1 - g) * float(weights[s]) / whole if int(own) == token else 0.0
            for s, own in enumerate(source)
        ]
    )
