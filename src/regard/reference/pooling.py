"""Pooling of a sequence of states to one vector."""

from collections.abc import Callable, Sequence

import numpy as np

from regard.reference.alignments import softmax
from regard.reference.attention import Align, attend
from regard.reference.elements import Array, Mask, allowed_keys, dot, sigmoid

__all__ = [
    "Pool",
    "attention_pooling",
    "conjunctive_pooling",
    "hierarchical_pooling",
    "last_state_pooling",
    "self_attention_pooling",
    "stacked_pooling",
]

Pool = Callable[[Array], tuple[Array, Array]]


def attention_pooling(
    states: Array, scores: Array | Callable[[Array], Array], allowed: Mask | None = None
) -> tuple[Array, Array]:
    """context = sum over s of weights_s states_s, weights = softmax(scores).

    Parameters:
        states: [S, D].
        scores: [S], or a function of the states that returns them.
        allowed: boolean [S], True means may be attended. None allows all.

    Returns:
        (context [D], weights [S]).

    Source: Yang et al., 2016, "Hierarchical attention networks for document classification",
    equations 5 to 7, where score_s = u_w . tanh(W_w h_s + b_w).

    >>> context, weights = attention_pooling(np.array([[1.0], [3.0]]), np.zeros(2))
    >>> context.tolist(), weights.tolist()
    ([2.0], [0.5, 0.5])
    """
    row = (scores(states) if callable(scores) else scores)[np.newaxis]
    contexts, weights = attend(row, states, None if allowed is None else allowed[np.newaxis])
    return contexts[0], weights[0]


def conjunctive_pooling(
    class_scores: Array, scores: Array, allowed: Mask | None = None
) -> tuple[Array, Array]:
    """logits = mean over the allowed s of sigmoid(score_s) class_scores_s.

    Parameters:
        class_scores: [S, N], the logits of each position.
        scores: [S].
        allowed: boolean [S], True means may be attended. None allows all.

    Returns:
        (logits [N], gates [S]); both zero where nothing is allowed.

    Source: Early et al., 2024, "Inherently interpretable time series classification via multiple
    instance learning", equation 6.

    >>> logits, gates = conjunctive_pooling(np.array([[1.0, 2.0], [3.0, 4.0]]), np.zeros(2))
    >>> logits.tolist(), gates.tolist()
    ([1.0, 1.5], [0.5, 0.5])
    """
    S, N = class_scores.shape
    counted = [s for s in range(S) if allowed is None or allowed[s]]
    gates, logits = np.zeros(S), np.zeros(N)
    for s in counted:
        gates[s] = sigmoid(float(scores[s]))
        for n in range(N):
            logits[n] += gates[s] * class_scores[s, n] / len(counted)
    return logits, gates


def hierarchical_pooling(
    document: Sequence[Array],
    pool_words: Pool,
    pool_sentences: Pool,
    encode_words: Callable[[Array], Array] | None = None,
    encode_sentences: Callable[[Array], Array] | None = None,
) -> tuple[Array, list[Array], Array]:
    """vector = pool_sentences([pool_words(sentence_1); ...; pool_words(sentence_L)]).

    Parameters:
        document: sentences, each [words, D], of any number of words.
        pool_words: states [words, D'] -> (sentence vector, weights [words]).
        pool_sentences: states [sentences, D''] -> (document vector, weights [sentences]).
        encode_words: [words, D] -> [words, D'] before pooling; None is the identity.
        encode_sentences: the same for the sentence vectors.

    Returns:
        (document vector, the word weights of each sentence, sentence weights [sentences]).

    Source: Yang et al., 2016, section 2.2, equations 5 to 10.

    >>> def mean(states):
    ...     return attention_pooling(states, np.zeros(len(states)))
    >>> vector, words, sentences = hierarchical_pooling(
    ...     [np.array([[1.0], [3.0]]), np.array([[6.0]])], mean, mean
    ... )
    >>> vector.tolist(), [weights.tolist() for weights in words], sentences.tolist()
    ([4.0], [[0.5, 0.5], [1.0]], [0.5, 0.5])
    """
    encoded = [encode_words(sentence) if encode_words else sentence for sentence in document]
    vectors, word_weights = zip(*(pool_words(states) for states in encoded), strict=True)
    sentences = encode_sentences(np.array(vectors)) if encode_sentences else np.array(vectors)
    vector, sentence_weights = pool_sentences(sentences)
    return vector, list(word_weights), sentence_weights


def last_state_pooling(
    states: Array,
    score: Callable[[Array, Array], Array],
    allowed: Mask | None = None,
    align: Align = softmax,
) -> tuple[Array, Array]:
    """vector = [c; h_last], c = sum over s of weights_s h_s, weights = align(score(h_last, h_s)).

    Parameters:
        states: [S, D].
        score: `score(query [1, D], keys [S, D]) -> scores [1, S]`.
        allowed: boolean [S], True means may be attended. None allows all. h_last is the last
            allowed state; zeros if none is allowed.
        align: as for `attend`.

    Returns:
        (vector [2 D], weights [S]).

    Source: Luong, Pham and Manning, 2015, equation 5, which concatenates context and query; there,
    and in Bahdanau, Cho and Bengio, 2015, the query is the state of a decoder.

    >>> vector, weights = last_state_pooling(
    ...     np.array([[1.0], [3.0]]), lambda query, keys: np.zeros((1, len(keys)))
    ... )
    >>> vector.tolist(), weights.tolist()
    ([2.0, 3.0], [0.5, 0.5])
    """
    S, D = states.shape
    row = np.ones((1, S), dtype=bool) if allowed is None else allowed[np.newaxis]
    last = np.zeros((1, D))
    for s in allowed_keys(row, 0, S):
        last = states[s : s + 1]
    contexts, weights = attend(score(last, states), states, row, align)
    return np.concatenate((contexts[0], last[0])), weights[0]


def self_attention_pooling(
    states: Array, scores: Array, allowed: Mask | None = None, align: Align = softmax
) -> tuple[Array, Array]:
    """vector = mean over the allowed i of sum over s of weights_is h_s, weights = align(scores).

    Parameters:
        states: [S, D].
        scores: [S, S], of every state as a query with every state as a key.
        allowed: boolean [S], True means may attend and be attended. None allows all.
        align: as for `attend`.

    Returns:
        (vector [D], weights [S], the mean of the allowed rows); zeros if none is allowed.

    Source: Vaswani et al., 2017, "Attention is all you need", section 3.2.3, then a mean.

    >>> vector, weights = self_attention_pooling(np.array([[1.0], [3.0]]), np.zeros((2, 2)))
    >>> vector.tolist(), weights.tolist()
    ([2.0], [0.5, 0.5])
    """
    S, D = states.shape
    pairs = None if allowed is None else np.array([allowed] * S)
    contexts, rows = attend(scores, states, pairs, align)
    vector, weights = np.zeros(D), np.zeros(S)
    counted = allowed_keys(pairs, 0, S)
    for i in counted:
        vector += contexts[i] / len(counted)
        weights += rows[i] / len(counted)
    return vector, weights


def stacked_pooling(
    states: Array,
    attend_first: Callable[[Array], tuple[Array, Array]],
    encode: Callable[[Array], Array],
    pool: Pool,
) -> tuple[Array, Array, Array, Array]:
    """vector = pool(encode(contexts)), of the contexts of self-attention.

    Parameters:
        states: [S, D].
        attend_first: states [S, D] -> (contexts [S, D'], weights [S, S]).
        encode: contexts [S, D'] -> [S, D''].
        pool: [S, D''] -> (vector, weights [S]).

    Returns:
        (vector, input weights [S], first weights [S, S], second weights [S]): the input weight of
        state j is the sum over i of second_i first_ij.

    Source: after Yang et al., 2016, section 2.2, for sequences without sentences.

    >>> def mean(states):
    ...     return attention_pooling(states, np.zeros(len(states)))
    >>> first = np.array([[1.0, 0.0], [0.5, 0.5]])
    >>> vector, weights, _, _ = stacked_pooling(
    ...     np.array([[1.0], [3.0]]), lambda states: (first @ states, first), lambda x: 2 * x, mean
    ... )
    >>> vector.tolist(), weights.tolist()
    ([3.0], [0.75, 0.25])
    """
    contexts, first = attend_first(states)
    vector, second = pool(encode(contexts))
    weights = np.array([dot(second, first[:, j]) for j in range(len(states))])
    return vector, weights, first, second
