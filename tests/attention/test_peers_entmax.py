"""Sparsemax and 1.5-entmax against the package `entmax` of their authors: values and gradients."""

from collections.abc import Callable

import entmax
import pytest
import torch
from torch import Tensor

from regard.attention import entmax15, sparsemax

_Align = Callable[..., Tensor]

PAIRS = [(sparsemax, entmax.sparsemax), (entmax15, entmax.entmax15)]
both = pytest.mark.parametrize(("ours", "theirs"), PAIRS, ids=["sparsemax", "entmax15"])


def _gradient(align: _Align, scores: Tensor, upstream: Tensor) -> tuple[Tensor, Tensor]:
    scores = scores.clone().requires_grad_()
    weights = align(scores)
    (gradient,) = torch.autograd.grad(weights, scores, upstream)
    return weights.detach(), gradient


def _assert_same(ours: _Align, theirs: _Align, scores: Tensor) -> None:
    upstream = torch.randn(
        scores.shape, generator=torch.Generator().manual_seed(1), dtype=scores.dtype
    )
    weights, gradient = _gradient(ours, scores, upstream)
    expected, expected_gradient = _gradient(theirs, scores, upstream)
    torch.testing.assert_close(weights, expected)
    torch.testing.assert_close(gradient, expected_gradient)
    assert ((weights == 0) == (expected == 0)).all()


@both
@pytest.mark.parametrize("keys", [1, 2, 3, 7, 53, 211])
@pytest.mark.parametrize("spread", [0.1, 1.0, 10.0])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_random_scores(
    ours: _Align, theirs: _Align, keys: int, spread: float, dtype: torch.dtype
) -> None:
    generator = torch.Generator().manual_seed(keys)
    scores = torch.randn(5, 11, keys, generator=generator, dtype=dtype) * spread
    _assert_same(ours, theirs, scores)


@both
@pytest.mark.parametrize(
    "scores",
    [
        [0.0, 0.0, 0.0],
        [1.5, 1.5, 1.5, 0.25],
        [2.0, 1.75, 1.75, 1.75, -3.0],
        [0.5, 0.5, 0.25, 0.25, 0.25],
        [-7.0, -7.0],
    ],
    ids=str,
)
def test_ties(ours: _Align, theirs: _Align, scores: list[float]) -> None:
    _assert_same(ours, theirs, torch.tensor(scores, dtype=torch.float64))


@both
@pytest.mark.parametrize("scores", [[1.0, 0.0], [2.0, 0.0], [1.0, 0.0, 0.0], [3.0, 2.0, 1.0, 1.0]])
def test_a_score_just_at_the_threshold(ours: _Align, theirs: _Align, scores: list[float]) -> None:
    """Its weight is zero, and moves nothing."""
    _assert_same(ours, theirs, torch.tensor(scores, dtype=torch.float64))


@both
def test_extreme_scores(ours: _Align, theirs: _Align) -> None:
    generator = torch.Generator().manual_seed(0)
    near = torch.randn(7, 13, generator=generator, dtype=torch.float64)
    for scores in (near * 1e4, near + 1e4, near - 1e4, torch.cat([near, near - 1e4], -1)):
        _assert_same(ours, theirs, scores)


@both
def test_extreme_scores_in_single_precision(ours: _Align, theirs: _Align) -> None:
    """Against the peer in double precision, of the same numbers."""
    generator = torch.Generator().manual_seed(0)
    near = torch.randn(7, 211, generator=generator)
    for scores in (near * 1e4, near + 1e4, torch.cat([near, near - 1e4], -1)):
        expected = theirs(scores.double())
        torch.testing.assert_close(ours(scores).double(), expected, rtol=1e-5, atol=1e-6)


@both
@pytest.mark.parametrize("keys", [2, 7, 53])
def test_a_mask_is_minus_infinity_there(ours: _Align, theirs: _Align, keys: int) -> None:
    generator = torch.Generator().manual_seed(keys)
    scores = torch.randn(11, keys, generator=generator, dtype=torch.float64) * 3
    mask = torch.rand(11, keys, generator=generator) < 0.6
    mask[:, 0] = True
    _assert_same(
        lambda given: ours(given, mask),
        lambda given: theirs(given.masked_fill(~mask, -torch.inf)),
        scores,
    )


@both
def test_a_row_that_is_all_masked_fails_there_and_is_zero_here(
    ours: _Align, theirs: _Align
) -> None:
    scores = torch.randn(3, 5, dtype=torch.float64, requires_grad=True)
    mask = torch.tensor([True, False, True])[:, None].expand(3, 5)
    with pytest.raises(RuntimeError, match="out of bounds"):
        theirs(scores.masked_fill(~mask, -torch.inf))
    weights = ours(scores, mask)
    assert (weights[1] == 0).all()
    (gradient,) = torch.autograd.grad(weights.square().sum(), scores)
    assert (gradient[1] == 0).all()
    assert gradient.isfinite().all()
