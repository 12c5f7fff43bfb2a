"""Location-sensitive and coverage scores against torch's convolution, and by hand."""

import numpy as np
import pytest
import torch

from regard.reference import coverage_loss, coverage_score, location_sensitive_score

K, Dq, Dk, A, FILTERS = 7, 2, 5, 11, 3
Rng = np.random.Generator


@pytest.mark.parametrize("width", [1, 3, 5, 13])  # also wider than the keys
@pytest.mark.parametrize("with_bias", [False, True])
def test_location_sensitive_with_the_convolution_of_torch(
    rng: Rng, width: int, with_bias: bool
) -> None:
    query, keys, previous = rng.normal(size=Dq), rng.normal(size=(K, Dk)), rng.random(K)
    w_q, w_k, w_f = (rng.normal(size=(A, inputs)) for inputs in (Dq, Dk, FILTERS))
    filters, v = rng.normal(size=(FILTERS, width)), rng.normal(size=A)
    bias = rng.normal(size=A) if with_bias else None
    features = torch.nn.functional.conv1d(
        torch.tensor(previous)[None, None], torch.tensor(filters)[:, None], padding=width // 2
    )[0].numpy()  # [FILTERS, K]
    inside = w_q @ query + keys @ w_k.T + features.T @ w_f.T  # [K, A]
    expected = np.tanh(inside + (0 if bias is None else bias)) @ v
    scores = location_sensitive_score(query, keys, previous, w_q, w_k, w_f, filters, v, bias)
    np.testing.assert_allclose(scores, expected, rtol=1e-12)


def test_a_filter_that_looks_back_moves_the_weights_forward() -> None:
    zero, one = np.zeros((1, 1)), np.ones((1, 1))
    previous = np.array([0.0, 1.0, 0.0, 0.0])
    looks_back = np.array([[1.0, 0.0, 0.0]])
    scores = location_sensitive_score(
        np.zeros(1), np.zeros((4, 1)), previous, zero, zero, one, looks_back, np.ones(1)
    )
    np.testing.assert_allclose(scores, [0.0, 0.0, np.tanh(1.0), 0.0])


@pytest.mark.parametrize("with_bias", [False, True])
def test_coverage_is_the_formula_over_whole_arrays(rng: Rng, with_bias: bool) -> None:
    query, keys, coverage = rng.normal(size=Dq), rng.normal(size=(K, Dk)), rng.random(K)
    w_q, w_k = rng.normal(size=(A, Dq)), rng.normal(size=(A, Dk))
    w_c, v = rng.normal(size=A), rng.normal(size=A)
    bias = rng.normal(size=A) if with_bias else None
    inside = w_q @ query + keys @ w_k.T + np.outer(coverage, w_c)  # [K, A]
    expected = np.tanh(inside + (0 if bias is None else bias)) @ v
    scores = coverage_score(query, keys, coverage, w_q, w_k, w_c, v, bias)
    np.testing.assert_allclose(scores, expected, rtol=1e-12)


def test_coverage_loss_by_hand() -> None:
    weights = np.array([[0.5, 0.5, 0.0], [0.25, 0.0, 0.75], [0.9, 0.1, 0.0]])
    # against (0, 0, 0): 0; against (.5, .5, 0): .25; against (.75, .5, .75): .75 + .1
    assert coverage_loss(weights) == pytest.approx(0.25 + 0.85)


def test_coverage_loss_of_looking_at_each_key_once_is_zero() -> None:
    assert coverage_loss(np.eye(5)) == 0.0


def test_coverage_loss_of_looking_at_one_key_always(rng: Rng) -> None:
    weights = np.zeros((5, 3))
    weights[:, 1] = 1.0
    assert coverage_loss(weights) == 4.0
    uniform = np.full((5, 4), 0.25)
    assert coverage_loss(uniform) == 4.0  # coverage is never below the weights after the first
    weights = rng.dirichlet(np.ones(3), size=5)
    covered = np.vstack((np.zeros(3), np.cumsum(weights, axis=0)[:-1]))
    assert coverage_loss(weights) == pytest.approx(np.minimum(weights, covered).sum())
