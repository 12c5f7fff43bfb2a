"""The whole contract: a worked example, and scipy's softmax over whole arrays."""

import numpy as np
import pytest
from scipy.special import softmax as scipy_softmax

from regard.reference import (
    Array,
    attend,
    attend_step_by_step,
    coverage_score,
    dot_score,
    hard_argmax,
    local_predictive,
    location_sensitive_score,
    scaled_dot_score,
    sparsemax,
)

Q, K, Dv = 3, 5, 7
Rng = np.random.Generator


def test_the_worked_example_of_four_words() -> None:
    words = np.array([[1.0, 0, 0], [0, 1, 0], [1, 1, 0], [0, 0, 1]])
    query = words @ np.array([[2, 0, 2], [2, 0, 0], [2, 1, 2]])
    keys = words @ np.array([[2, 2, 2], [0, 2, 1], [0, 1, 1]])
    values = words @ np.array([[1, 1, 0], [0, 1, 1], [0, 0, 0]])
    np.testing.assert_array_equal(
        dot_score(query, keys), [[8, 2, 10, 2], [4, 0, 4, 0], [12, 2, 14, 2], [10, 4, 14, 3]]
    )
    context, weights = attend(scaled_dot_score(query, keys), values)
    expected = [
        [0.98522025, 1.74174051, 0.75652026],
        [0.90965265, 1.40965265, 0.5],
        [0.99851226, 1.75849334, 0.75998108],
        [0.99560386, 1.90407309, 0.90846923],
    ]
    np.testing.assert_allclose(context, expected, atol=5e-9)
    np.testing.assert_allclose(weights.sum(1), 1)


def test_bias_before_and_gaussian_after_the_softmax(rng: Rng) -> None:
    scores, bias = rng.normal(size=(Q, K)), rng.normal(size=(Q, K))
    gaussian, values = rng.random((Q, K)), rng.normal(size=(K, Dv))
    expected = scipy_softmax(scores + bias, axis=1) * gaussian
    context, weights = attend(scores, values, bias=bias, gaussian=gaussian)
    np.testing.assert_allclose(weights, expected, rtol=1e-12)
    np.testing.assert_allclose(context, expected @ values, rtol=1e-12)
    expected = expected / expected.sum(1, keepdims=True)
    context, weights = attend(scores, values, bias=bias, gaussian=gaussian, renormalise=True)
    np.testing.assert_allclose(weights, expected, rtol=1e-12)
    np.testing.assert_allclose(context, expected @ values, rtol=1e-12)


@pytest.mark.parametrize("renormalise", [False, True])
def test_what_is_not_allowed_is_never_read(rng: Rng, renormalise: bool) -> None:
    scores, values = rng.normal(size=(Q, K)), rng.normal(size=(K, Dv))
    allowed = np.array([[True, True, False, True, False], [False] * 5, [False, True] + [False] * 3])
    scores[~allowed], values[[2, 4]] = np.nan, np.nan
    context, weights = attend(scores, values, allowed, renormalise=renormalise)
    seen = [0, 1, 3]
    np.testing.assert_allclose(context[0], scipy_softmax(scores[0, seen]) @ values[seen])
    np.testing.assert_allclose(context[2], values[1])
    assert not context[1].any()
    assert not weights[1].any()


def test_attend_leaves_its_arguments_as_they_were(rng: Rng) -> None:
    scores, values = rng.normal(size=(Q, K)), rng.normal(size=(K, Dv))
    kept: Array = scores.copy()
    attend(scores, values, align=lambda scores, allowed: scores, renormalise=True)
    np.testing.assert_array_equal(scores, kept)


def test_steps_without_a_state_are_attend(rng: Rng) -> None:
    scores, values = rng.normal(size=(Q, K)), rng.normal(size=(K, Dv))
    allowed, bias = rng.random((Q, K)) < 0.7, rng.normal(size=(Q, K))
    _, gaussian = local_predictive(np.array([0.5, 1.5, 4.0]), K, 2)
    expected = attend(scores, values, allowed, sparsemax, bias, gaussian, renormalise=True)
    context, weights, seen = attend_step_by_step(
        lambda i, seen: scores[i],
        lambda seen, weights: [*seen, weights],
        list[Array](),
        Q,
        values,
        allowed,
        sparsemax,
        bias,
        gaussian,
        renormalise=True,
    )
    np.testing.assert_array_equal(context, expected[0])
    np.testing.assert_array_equal(weights, expected[1])
    np.testing.assert_array_equal(np.array(seen), weights)


def test_coverage_that_repels_visits_every_key_once() -> None:
    one, zero = np.ones((1, 1)), np.zeros((1, 1))
    keys = np.array([[0.3], [0.5], [0.1], [0.4]])
    values = np.eye(4)
    context, weights, coverage = attend_step_by_step(
        lambda i, covered: coverage_score(
            np.zeros(1), keys, covered, zero, one, np.array([-10.0]), np.ones(1)
        ),
        lambda covered, weights: covered + weights,
        np.zeros(4),
        4,
        values,
        align=hard_argmax,
    )
    np.testing.assert_array_equal(weights, np.eye(4)[[1, 3, 0, 2]])
    np.testing.assert_array_equal(context, weights)
    np.testing.assert_array_equal(coverage, np.ones(4))


def test_a_filter_that_looks_back_walks_along_the_keys() -> None:
    one, zero = np.ones((1, 1)), np.zeros((1, 1))
    _, weights, last = attend_step_by_step(
        lambda i, previous: location_sensitive_score(
            np.zeros(1), one.repeat(4, 0), previous, zero, zero, one, np.eye(1, 3), np.ones(1)
        ),
        lambda previous, weights: weights,
        np.eye(4)[0],
        3,
        np.eye(4),
        align=hard_argmax,
    )
    np.testing.assert_array_equal(weights, np.eye(4)[[1, 2, 3]])
    np.testing.assert_array_equal(last, np.eye(4)[3])
