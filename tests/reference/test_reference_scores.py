"""Scores against matrix products over whole arrays, and by hand. Sizes are different primes."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from regard.reference import (
    additive_score,
    concat_score,
    cosine_score,
    dot_score,
    general_score,
    location_score,
    scaled_dot_score,
)

Q, K, Dq, Dk, A = 3, 5, 2, 7, 11
Rng = np.random.Generator


@pytest.mark.parametrize("with_bias", [False, True])
def test_additive_is_the_formula_over_whole_arrays(rng: Rng, with_bias: bool) -> None:
    query, keys = rng.normal(size=(Q, Dq)), rng.normal(size=(K, Dk))
    w_q, w_k, v = rng.normal(size=(A, Dq)), rng.normal(size=(A, Dk)), rng.normal(size=A)
    bias = rng.normal(size=A) if with_bias else None
    inside = (query @ w_q.T)[:, None, :] + (keys @ w_k.T)[None, :, :]  # [Q, K, A]
    expected = np.tanh(inside + (0 if bias is None else bias)) @ v
    scores = additive_score(query, keys, w_q, w_k, v, bias)
    np.testing.assert_allclose(scores, expected, rtol=1e-12)


@pytest.mark.parametrize("with_bias", [False, True])
def test_concat_is_additive_with_the_two_halves_of_its_matrix(rng: Rng, with_bias: bool) -> None:
    query, keys = rng.normal(size=(Q, Dq)), rng.normal(size=(K, Dk))
    w, v = rng.normal(size=(A, Dq + Dk)), rng.normal(size=A)
    bias = rng.normal(size=A) if with_bias else None
    pairs = np.concatenate((np.repeat(query, K, 0), np.tile(keys, (Q, 1))), axis=1)  # [Q K, Dq+Dk]
    expected = (np.tanh(pairs @ w.T + (0 if bias is None else bias)) @ v).reshape(Q, K)
    scores = concat_score(query, keys, w, v, bias)
    np.testing.assert_allclose(scores, expected, rtol=1e-12)
    halves = additive_score(query, keys, w[:, :Dq], w[:, Dq:], v, bias)
    np.testing.assert_allclose(scores, halves, rtol=1e-12)


def test_dot_products_are_matrix_products(rng: Rng) -> None:
    query, keys = rng.normal(size=(Q, Dk)), rng.normal(size=(K, Dk))
    np.testing.assert_allclose(dot_score(query, keys), query @ keys.T)
    np.testing.assert_allclose(scaled_dot_score(query, keys), query @ keys.T / np.sqrt(Dk))
    np.testing.assert_allclose(
        scaled_dot_score(query, keys, scale=3.0, temperature=4.0), query @ keys.T * 0.75
    )


def test_general_is_bilinear(rng: Rng) -> None:
    query, keys = rng.normal(size=(Q, Dq)), rng.normal(size=(K, Dk))
    w = rng.normal(size=(Dq, Dk))
    np.testing.assert_allclose(general_score(query, keys, w), query @ w @ keys.T)
    np.testing.assert_allclose(
        general_score(query, query, np.eye(Dq)), dot_score(query, query), rtol=1e-12
    )


def test_cosine_is_that_of_scipy_over_the_temperature(rng: Rng) -> None:
    query, keys = rng.normal(size=(Q, Dk)), rng.normal(size=(K, Dk))
    expected = 1 - cdist(query, keys, "cosine")
    np.testing.assert_allclose(cosine_score(query, keys), expected, rtol=1e-12)
    np.testing.assert_allclose(cosine_score(query, keys, 0.25), 4 * expected, rtol=1e-12)
    np.testing.assert_allclose(cosine_score(9 * query, keys / 7), expected, rtol=1e-12)


def test_cosine_of_a_zero_vector_is_zero() -> None:
    zero, one = np.zeros((1, 2)), np.ones((1, 2))
    assert cosine_score(zero, one).tolist() == [[0.0]]
    assert cosine_score(one, zero).tolist() == [[0.0]]
    assert cosine_score(zero, zero).tolist() == [[0.0]]


def test_location_reads_the_query_alone(rng: Rng) -> None:
    query, w = rng.normal(size=(Q, Dq)), rng.normal(size=(13, Dq))
    np.testing.assert_allclose(location_score(query, w, K), (query @ w.T)[:, :K])
    with pytest.raises(IndexError):
        location_score(query, w, 14)
