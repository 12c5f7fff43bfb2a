"""The memory network: a question that attends to the sentences of a story in several hops."""

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np

from regard.reference.attention import attend
from regard.reference.elements import Array, sigmoid

__all__ = ["memory_network", "position_encoding"]


def position_encoding(words: Sequence[int], embedding: Array) -> Array:
    """sum over j of l_j * embedding[word_j], l_jd = (1 - j / J) - (d / D) (1 - 2 j / J).

    Parameters:
        words: J numbers of words; j counts from 1.
        embedding: [V, D]; d counts from 1.

    Returns:
        [D].

    Source: Sukhbaatar et al., 2015, "End-to-end memory networks", section 4.1.

    >>> position_encoding([1, 0], np.array([[1.0, 10.0], [2.0, 20.0]])).tolist()
    [1.5, 20.0]
    """
    J, D = len(words), embedding.shape[1]
    vector = np.zeros(D)
    for j, word in enumerate(words, start=1):
        for d in range(1, D + 1):
            weight = (1 - j / J) - (d / D) * (1 - 2 * j / J)
            vector[d - 1] += weight * embedding[word, d - 1]
    return vector


def memory_network(
    story: Sequence[Sequence[int]],
    question: Sequence[int],
    *,
    embeddings: Sequence[Array],
    times: Sequence[Array],
    score: Callable[[Array, Array], Array],
    gates: Sequence[tuple[Array, Array]] = (),
) -> tuple[Array, Array]:
    """u_1 = C_1 q, u_(k+1) = u_k + sum over s of a_ks (C_(k+1) s + T_(k+1) s), hop by hop.

    a_k = softmax over s of score(u_k, C_k s + T_k s). Embeddings are tied from hop to hop
    (adjacent): the values of one are the keys of the next.

    Parameters:
        story: S sentences, each of numbers of words.
        question: numbers of words.
        embeddings: C_1 ... C_(K+1), each [V, D].
        times: T_1 ... T_(K+1), each [longest, D]; row t is for a sentence that t others follow.
        score: of a query [1, D] and keys [S, D] -> [1, S].
        gates: of each hop G [D, D] and e [D], by which what is found is multiplied:
            2 sigmoid(G u_k + e); empty is without.

    Returns:
        (u_(K+1) [D], weights [K, S]).

    Source: Sukhbaatar et al., 2015, "End-to-end memory networks", equations 1 to 4; Liu and Perez,
    2017, "Gated end-to-end memory networks", equation 11, for a gate.

    >>> from regard.reference import dot_score
    >>> zeros = [np.zeros((5, 2))] * 3
    >>> memory_network([[1], [2]], [3], embeddings=zeros, times=zeros, score=dot_score)[1].tolist()
    [[0.5, 0.5], [0.5, 0.5]]
    """
    memories = [
        np.stack(
            [position_encoding(words, C) + T[len(story) - 1 - s] for s, words in enumerate(story)]
        )
        for C, T in zip(embeddings, times, strict=True)
    ]
    u = position_encoding(question, embeddings[0])
    weights = []
    for hop, (keys, values) in enumerate(pairwise(memories)):
        contexts, looked = attend(score(u[np.newaxis], keys), values)
        gate = np.ones(len(u))
        if gates:
            weight, bias = gates[hop]
            gate = np.array([2 * sigmoid(float(z)) for z in weight @ u + bias])
        u = u + gate * contexts[0]
        weights.append(looked[0])
    return u, np.stack(weights)
