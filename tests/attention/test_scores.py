"""Scores against the papers' formulas, one pair at a time in NumPy."""

import numpy as np
import pytest
import torch

from regard.attention import Additive, Dot, ScaledDot, Score

B, Q, K, D, A = 2, 3, 5, 7, 11


def _array(tensor: torch.Tensor) -> np.ndarray:
    return tensor.detach().numpy()


def _inputs(query_dim: int, key_dim: int) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    query = torch.randn(B, Q, query_dim, generator=generator, dtype=torch.float64)
    keys = torch.randn(B, K, key_dim, generator=generator, dtype=torch.float64)
    return query, keys


def test_additive_is_bahdanaus_formula() -> None:
    score = Additive(7, 13, A, bias=True).double()
    query, keys = _inputs(7, 13)
    assert isinstance(score.query_projection, torch.nn.Linear)
    w_q, w_k = _array(score.query_projection.weight), _array(score.key_projection.weight)
    bias, vector = _array(score.key_projection.bias), _array(score.vector)
    result = _array(score(query, keys))
    assert result.shape == (B, Q, K)
    for b, i, j in np.ndindex(B, Q, K):
        hidden = np.tanh(w_q @ _array(query)[b, i] + w_k @ _array(keys)[b, j] + bias)
        assert result[b, i, j] == pytest.approx(vector @ hidden, abs=1e-12)


def test_additive_takes_queries_in_the_comparison_space() -> None:
    score = Additive(None, 13, A).double()
    query, keys = _inputs(A, 13)
    w_k, vector = _array(score.key_projection.weight), _array(score.vector)
    assert sum(p.numel() for p in score.parameters()) == 13 * A + A
    result = _array(score(query, keys))
    expected = vector @ np.tanh(_array(query)[1, 2] + w_k @ _array(keys)[1, 4])
    assert result[1, 2, 4] == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(("score", "factor"), [(Dot(), 1.0), (ScaledDot(), 7**-0.5)])
def test_dot_products(score: Score, factor: float) -> None:
    query, keys = _inputs(D, D)
    result = _array(score(query, keys))
    assert result.shape == (B, Q, K)
    for b, i, j in np.ndindex(B, Q, K):
        expected = factor * np.dot(_array(query)[b, i], _array(keys)[b, j])
        assert result[b, i, j] == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("score", [Additive(D, D, A), Dot(), ScaledDot()])
def test_prepared_keys_give_the_same_scores(score: Score) -> None:
    score = score.double()
    query, keys = _inputs(D, D)
    torch.testing.assert_close(score.compare(query, score.prepare(keys)), score(query, keys))


@pytest.mark.parametrize("score", [Additive(D, D, A), Dot(), ScaledDot()])
def test_gradients(score: Score) -> None:
    score = score.double()
    query, keys = (tensor.requires_grad_() for tensor in _inputs(D, D))
    assert torch.autograd.gradcheck(score, (query, keys))
