"""Poolings by hand, and against scipy over whole arrays."""

import numpy as np
from scipy.special import expit
from scipy.special import softmax as scipy_softmax

from regard.reference import (
    Array,
    additive_score,
    attention_pooling,
    conjunctive_pooling,
    dot_score,
    hierarchical_pooling,
    last_state_pooling,
    self_attention_pooling,
    sparsemax,
    stacked_pooling,
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


def test_the_last_state_asks_and_stands_beside_what_it_found(rng: Rng) -> None:
    states = rng.normal(size=(S, D))
    vector, weights = last_state_pooling(states, dot_score)
    expected = scipy_softmax(states @ states[-1])
    np.testing.assert_allclose(weights, expected, rtol=1e-12)
    np.testing.assert_allclose(vector, [*(expected @ states), *states[-1]], rtol=1e-12)
    allowed = np.array([True, False, True, False, False])
    vector, weights = last_state_pooling(states, dot_score, allowed)
    some, of_some = last_state_pooling(states[[0, 2]], dot_score)
    np.testing.assert_allclose(vector, some, rtol=1e-12)
    np.testing.assert_allclose(weights, [of_some[0], 0, of_some[1], 0, 0], rtol=1e-12)
    vector, weights = last_state_pooling(states, dot_score, np.zeros(S, dtype=bool))
    assert vector.tolist() == [0.0] * (2 * D)
    assert not weights.any()


def test_self_attention_pooling_is_the_mean_of_all_looks(rng: Rng) -> None:
    states, scores = rng.normal(size=(S, D)), rng.normal(size=(S, S))
    vector, weights = self_attention_pooling(states, scores)
    expected = scipy_softmax(scores, axis=1).mean(0)
    np.testing.assert_allclose(weights, expected, rtol=1e-12)
    np.testing.assert_allclose(vector, expected @ states, rtol=1e-12)
    vector, weights = self_attention_pooling(states, 99 * np.eye(S), align=sparsemax)
    np.testing.assert_allclose(vector, states.mean(0), rtol=1e-12)
    vector, weights = self_attention_pooling(states, scores, np.arange(S) < 3)
    some, of_some = self_attention_pooling(states[:3], scores[:3, :3])
    np.testing.assert_allclose(vector, some, rtol=1e-12)
    np.testing.assert_allclose(weights, [*of_some, 0, 0], rtol=1e-12)
    vector, weights = self_attention_pooling(states, scores, np.zeros(S, dtype=bool))
    assert not vector.any()
    assert not weights.any()


def test_where_a_stack_looked_is_one_look_times_the_other(rng: Rng) -> None:
    states, first = rng.normal(size=(S, D)), scipy_softmax(rng.normal(size=(S, S)), axis=1)
    vector, weights, looked, second = stacked_pooling(
        states, lambda given: (first @ given, first), lambda contexts: contexts**3, _by_sum
    )
    encoded = (first @ states) ** 3
    np.testing.assert_array_equal(looked, first)
    np.testing.assert_allclose(second, scipy_softmax(encoded.sum(1)), rtol=1e-12)
    np.testing.assert_allclose(vector, second @ encoded, rtol=1e-12)
    np.testing.assert_allclose(weights, second @ first, rtol=1e-12)
    np.testing.assert_allclose(weights.sum(), 1, rtol=1e-12)
