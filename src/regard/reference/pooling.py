"""Pooling: a sequence of states becomes one vector."""

from collections.abc import Callable, Sequence

import numpy as np

from regard.reference.attention import attend
from regard.reference.elements import Array, Mask, sigmoid

__all__ = ["Pool", "attention_pooling", "conjunctive_pooling", "hierarchical_pooling"]

Pool = Callable[[Array], tuple[Array, Array]]


def attention_pooling(
    states: Array, scores: Array | Callable[[Array], Array], allowed: Mask | None = None
) -> tuple[Array, Array]:
    """context = sum over s of weights_s states_s, weights = softmax(scores).

    Parameters:
        states: [S, D].
        scores: [S], or the function that makes them of the states.
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
        class_scores: [S, N], every position classified by itself.
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
    """vector = pool_sentences of the vectors that pool_words makes of every sentence.

    Parameters:
        document: sentences, each [words, D], of any number of words.
        pool_words: states [words, D'] -> (sentence vector, weights [words]).
        pool_sentences: states [sentences, D''] -> (document vector, weights [sentences]).
        encode_words: [words, D] -> [words, D'] before pooling; None leaves them as they are.
        encode_sentences: the same for the sentence vectors, one below the other.

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
    vectors, word_weights = [], []
    for sentence in document:
        vector, weights = pool_words(encode_words(sentence) if encode_words else sentence)
        vectors.append(vector)
        word_weights.append(weights)
    sentences = np.array(vectors)
    vector, sentence_weights = pool_sentences(
        encode_sentences(sentences) if encode_sentences else sentences
    )
    return vector, word_weights, sentence_weights
