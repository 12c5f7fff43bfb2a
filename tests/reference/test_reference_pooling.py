"""Poolings by hand, and against scipy over whole arrays."""

import numpy as np
from scipy.special import expit
from scipy.special import softmax as scipy_softmax

from regard.reference import (
    Array,
    additive_score,
    attention_pooling,
    conjunctive_pooling,
    hierarchical_pooling,
)

S, D, N, A = 5, 7, 3, 11
Rng = np.random.Generator


def test_pooling_with_the_scores_of_the_paper(rng: Rng) -> None:
    states, w, b, u = (rng.normal(size=size) for size in ((S, D), (A, D), (A,), (A,)))

    def score(states: Array) -> Array:
        row: Array = additive_score(np.zeros((1, 1)), states, np.zeros((A, 1)), w, u, b)[0]
        return row

    expected = scipy_softmax(np.tanh(states @ w.T + b) @ u)
    for scores in (score, score(states)):
        context, weights = attention_pooling(states, scores)
        np.testing.assert_allclose(weights, expected, rtol=1e-12)
        np.testing.assert_allclose(context, expected @ states, rtol=1e-12)


def test_pooling_leaves_out_what_is_not_allowed(rng: Rng) -> None:
    states, scores = rng.normal(size=(S, D)), rng.normal(size=S)
    states[3:], scores[3:] = np.nan, np.nan
    context, weights = attention_pooling(states, scores, np.arange(S) < 3)
    np.testing.assert_allclose(context, scipy_softmax(scores[:3]) @ states[:3], rtol=1e-12)
    assert not weights[3:].any()
    context, weights = attention_pooling(states, scores, np.zeros(S, dtype=bool))
    assert not context.any()
    assert not weights.any()


def test_conjunctive_is_a_gated_mean(rng: Rng) -> None:
    class_scores, scores = rng.normal(size=(S, N)), 9 * rng.normal(size=S)
    logits, gates = conjunctive_pooling(class_scores, scores)
    np.testing.assert_allclose(gates, expit(scores), rtol=1e-12)
    np.testing.assert_allclose(logits, (expit(scores)[:, None] * class_scores).mean(0), rtol=1e-12)


def test_conjunctive_counts_the_allowed_alone(rng: Rng) -> None:
    class_scores, scores = rng.normal(size=(S, N)), rng.normal(size=S)
    class_scores[[0, 4]], scores[[0, 4]] = np.nan, np.nan
    logits, gates = conjunctive_pooling(class_scores, scores, np.isin(np.arange(S), [1, 2, 3]))
    expected, expected_gates = conjunctive_pooling(class_scores[1:4], scores[1:4])
    np.testing.assert_allclose(logits, expected, rtol=1e-12)
    np.testing.assert_array_equal(gates, [0, *expected_gates, 0])
    logits, gates = conjunctive_pooling(class_scores, scores, np.zeros(S, dtype=bool))
    assert logits.tolist() == [0.0] * N
    assert gates.tolist() == [0.0] * S


def _by_sum(states: Array) -> tuple[Array, Array]:
    return attention_pooling(states, states.sum(1))


def test_hierarchical_pools_sentences_of_pooled_words(rng: Rng) -> None:
    document = [rng.normal(size=(words, D)) for words in (3, 1, 5)]
    doubled: list[Array] = [2 * sentence for sentence in document]
    vector, word_weights, sentence_weights = hierarchical_pooling(
        document, _by_sum, _by_sum, lambda words: 2 * words, lambda sentences: sentences + 1
    )
    expected = [scipy_softmax(words.sum(1)) for words in doubled]
    for weights, wanted in zip(word_weights, expected, strict=True):
        np.testing.assert_allclose(weights, wanted, rtol=1e-12)
    sentences = np.array([w @ words for w, words in zip(expected, doubled, strict=True)]) + 1
    np.testing.assert_allclose(sentence_weights, scipy_softmax(sentences.sum(1)), rtol=1e-12)
    np.testing.assert_allclose(vector, scipy_softmax(sentences.sum(1)) @ sentences, rtol=1e-12)


def test_hierarchical_of_one_sentence_is_its_pooling(rng: Rng) -> None:
    sentence = rng.normal(size=(S, D))
    vector, (word_weights,), sentence_weights = hierarchical_pooling([sentence], _by_sum, _by_sum)
    expected, weights = _by_sum(sentence)
    np.testing.assert_allclose(vector, expected, rtol=1e-12)
    np.testing.assert_array_equal(word_weights, weights)
    assert sentence_weights.tolist() == [1.0]
