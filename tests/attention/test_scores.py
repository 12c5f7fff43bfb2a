"""Scores against the papers' formulas, one pair at a time in NumPy."""

import copy
import math
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from regard import reference
from regard.attention import (
    Additive,
    Attention,
    Causal,
    Concat,
    Cosine,
    Coverage,
    Dot,
    General,
    Hard,
    Location,
    LocationSensitive,
    MultiHead,
    ScaledDot,
    Score,
    Uniform,
    coverage_loss,
    entmax15,
    masked_softmax,
    sparsemax,
)

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


def test_concat_and_additive_load_each_others_weights() -> None:
    """Both ways, with and without a bias, and within other modules."""
    query, keys = _inputs(3, D)
    for bias in (False, True):
        additive = Additive(3, D, A, bias=bias).double()
        concat = Concat(3, D, A, bias=bias).double()
        before = additive(query, keys)
        assert not torch.allclose(concat(query, keys), before)
        concat.load_state_dict(additive.state_dict())
        torch.testing.assert_close(concat(query, keys), before)
        again = copy.deepcopy(Additive(3, D, A, bias=bias).double())
        again.load_state_dict(concat.state_dict())
        assert torch.equal(again(query, keys), before)
        outer = nn.Sequential(nn.Identity(), Attention(additive))
        inner = nn.Sequential(nn.Identity(), Attention(Concat(3, D, A, bias=bias).double()))
        inner.load_state_dict(outer.state_dict())
        torch.testing.assert_close(inner[1](query, keys).weights, outer[1](query, keys).weights)
        outer.load_state_dict(inner.state_dict())
    heads = [
        MultiHead([Attention(kind(2, 2, 5)) for _ in range(3)], 6) for kind in (Additive, Concat)
    ]
    heads[1].load_state_dict(heads[0].state_dict())
    words = torch.randn(2, 7, 6)
    torch.testing.assert_close(heads[1](words, words).weights, heads[0](words, words).weights)


@pytest.mark.parametrize(("saves", "loads"), [(Additive, Concat), (Concat, Additive)])
def test_what_is_missing_is_still_an_error(saves: type[Additive], loads: type[Additive]) -> None:
    whole = saves(3, D, A, bias=True).state_dict()
    for name in whole:
        part = {other: value for other, value in whole.items() if other != name}
        with pytest.raises(RuntimeError, match="Missing key"):
            loads(3, D, A, bias=True).load_state_dict(part)
        assert part == {other: value for other, value in whole.items() if other != name}
    with pytest.raises(RuntimeError, match="Unexpected key"):
        loads(3, D, A).load_state_dict(whole)
    with pytest.raises(RuntimeError, match="Missing key"):
        loads(3, D, A, bias=True).load_state_dict(saves(3, D, A).state_dict())
    with pytest.raises(RuntimeError, match="size mismatch"):
        loads(3, D + 1, A, bias=True).load_state_dict(whole)
    with pytest.raises(RuntimeError, match="size mismatch"):
        loads(3, D, A + 1, bias=True).load_state_dict(whole)


def test_a_query_without_a_projection_takes_no_weights_of_concat() -> None:
    with pytest.raises(RuntimeError, match="Unexpected key.*projection.weight"):
        Additive(None, D, A).load_state_dict(Concat(A, D, A).state_dict())


def test_dot_products_by_hand() -> None:
    query, keys = torch.tensor([[[3.0, 4.0]]]), torch.tensor([[[1.0, 0], [0, 2], [-6, -8], [0, 0]]])
    assert Dot()(query, keys).tolist() == [[[3, 8, -50, 0]]]
    torch.testing.assert_close(ScaledDot()(query, keys), Dot()(query, keys) / math.sqrt(2))
    assert ScaledDot(0.5)(query, keys).tolist() == [[[1.5, 4, -25, 0]]]
    cosines = torch.tensor([[[0.6, 0.8, -1.0, 0.0]]])
    torch.testing.assert_close(Cosine()(query, keys), cosines)
    torch.testing.assert_close(Cosine(0.25)(query, keys), 4 * cosines)
    assert (Cosine()(0 * query, keys) == 0).all()
    general = General(2, 3)
    with torch.no_grad():
        general.weight.copy_(torch.tensor([[1.0, 2, 3], [4, 5, 6]]))
    assert general(query, torch.eye(3)[None]).tolist() == [[[19, 26, 33]]]


def test_a_zero_vector_has_a_gradient_of_its_own_size() -> None:
    """Its cosines are zero, and no direction of it is worth a step of many million."""
    query, keys = (tensor.requires_grad_() for tensor in _inputs(D, D))
    with torch.no_grad():
        query[0, 1] = 0
        keys[1, 2] = 0
    scores = Cosine()(query, keys)
    assert (scores[0, 1] == 0).all()
    for gradient in torch.autograd.grad(scores.sum(), (query, keys)):
        assert gradient.abs().max() < 10


def test_a_learned_temperature_starts_where_it_is_said_to() -> None:
    query, keys = _inputs(D, D)
    for fixed, learned in (
        (ScaledDot(), ScaledDot(learnable=True)),
        (ScaledDot(0.3), ScaledDot(0.3, learnable=True)),
        (Cosine(0.25), Cosine(0.25, learnable=True)),
    ):
        assert not list(fixed.parameters())
        torch.testing.assert_close(learned(query, keys), fixed(query, keys), rtol=1e-6, atol=1e-6)
        before = learned(query, keys)
        with torch.no_grad():
            next(learned.parameters()).add_(math.log(2))  # twice as hot, half as sharp
        torch.testing.assert_close(learned(query, keys), before / 2)


def test_location_by_hand() -> None:
    score = Location(2, 3)
    with torch.no_grad():
        score.weight.copy_(torch.tensor([[1.0, 0], [0, 1], [5, 5]]))
    query = torch.tensor([[[3.0, 4.0]]])
    assert score(query, torch.zeros(1, 3, 9)).tolist() == [[[3, 4, 35]]]
    assert score(query, torch.ones(1, 2, 1)).tolist() == [[[3, 4]]]  # fewer keys: the first rows


def test_location_sensitive_by_hand() -> None:
    """A filter that looks one key to the left, and one at the key itself, of the weights before."""
    score = LocationSensitive(1, 1, 2, filters=2, width=3)
    with torch.no_grad():
        for parameter in score.parameters():
            parameter.zero_()
        score.filters.copy_(torch.tensor([[[1.0, 0, 0]], [[0, 1, 0]]]))
        score.feature_projection.weight.copy_(torch.eye(2))
        score.additive.vector.copy_(torch.tensor([1.0, 10.0]))
    keys = score.prepare(torch.zeros(1, 4, 1))
    looked = torch.tensor([[0.5, 0.0, 0.25, 0.0]])
    scores = score.compare(torch.zeros(1, 1, 1), keys, looked)[0, 0].detach().numpy()
    np.testing.assert_allclose(
        scores, np.tanh([0, 0.5, 0, 0.25]) + 10 * np.tanh([0.5, 0, 0.25, 0]), rtol=1e-6
    )
    assert not score(torch.zeros(1, 1, 1), torch.zeros(1, 4, 1)).any()  # first, zeros are read
    assert torch.equal(score.update(looked, 2 * looked), 2 * looked)


def test_coverage_by_hand() -> None:
    score = Coverage(1, 1, 1)
    with torch.no_grad():
        for parameter in score.parameters():
            parameter.fill_(1.0)
    keys = score.prepare(torch.tensor([[[0.5], [-0.25]]]))
    covered = torch.tensor([[0.0, 1.5]])
    scores = score.compare(torch.tensor([[[2.0]]]), keys, covered)[0, 0].detach().numpy()
    # query, key, coverage and bias
    np.testing.assert_allclose(scores, np.tanh([2 + 0.5 + 0 + 1, 2 - 0.25 + 1.5 + 1]), rtol=1e-6)
    assert score.update(covered, torch.tensor([[0.25, 0.75]])).tolist() == [[0.25, 2.25]]
    assert score.start(keys).tolist() == [[0.0, 0.0]]


def test_coverage_loss() -> None:
    weights = torch.rand(B, Q, K, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    weights = weights / weights.sum(-1, keepdim=True)
    expected = [reference.coverage_loss(_array(rows)) for rows in weights]
    np.testing.assert_allclose(_array(coverage_loss(weights)), expected)
    once = torch.eye(5)[None, :3]
    assert coverage_loss(once).tolist() == [0.0]
    assert coverage_loss(torch.cat([once, once], 1)).tolist() == [3.0]


@pytest.mark.parametrize("align", [masked_softmax, sparsemax, entmax15])
def test_uniform_weighs_all_that_may_be_attended_alike(align: Any) -> None:
    query, keys = _inputs(3, 13)
    mask = torch.ones(B, Q, K, dtype=torch.bool)
    mask[0, 1, 2:] = False
    mask[1, 0] = False
    context, weights = Attention(Uniform(), align=align)(query, keys, mask=mask)
    assert weights is not None
    assert weights[0, 1].tolist() == pytest.approx([0.5, 0.5, 0, 0, 0])
    torch.testing.assert_close(context[0, 1], keys[0, :2].mean(0))
    assert weights[1, 0].tolist() == [0.0] * K
    torch.testing.assert_close(weights[0, 0], torch.full((K,), 1 / K, dtype=torch.float64))
    causal = Attention(Uniform(), window=Causal(), align=align)(keys, keys).context
    means = torch.stack([keys[:, : i + 1].mean(1) for i in range(K)], 1)
    torch.testing.assert_close(causal, means)


def test_uniform_has_nothing_to_learn_and_takes_any_query() -> None:
    score = Uniform()
    assert not list(score.parameters())
    for width in (0, 3):
        query = torch.zeros(B, Q, width, requires_grad=True)
        scores = score(query, torch.full((B, K, D), torch.nan))
        assert scores.shape == (B, Q, K)
        assert (scores == 0).all()
        assert not scores.requires_grad


def test_hard_attention_under_uniform_draws_evenly() -> None:
    torch.manual_seed(0)
    mask = torch.tensor([True, False, True, True, False])
    hard = Attention(Uniform(), align=Hard()).train()
    drawn = hard(torch.zeros(1, 30_000, 2), torch.zeros(1, K, D), mask=mask[None])
    assert drawn.weights is not None
    shares = drawn.weights[0].mean(0)
    assert (shares[~mask] == 0).all()
    # three standard deviations of a share of a third
    np.testing.assert_allclose(shares[mask], 1 / 3, atol=3 * math.sqrt(2 / 9 / 30_000))
    torch.testing.assert_close(drawn.entropy, torch.full((1, 30_000), math.log(3)))
