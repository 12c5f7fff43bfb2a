"""Infinite and NaN scores, numbers at the end of half precision, and another default dtype."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from mechanisms import ALIGNS, SCORES, A, B, D, K, Q
from torch import Tensor

from regard.attention import (
    Additive,
    Attention,
    Hard,
    Monotonic,
    MultiHead,
    ScaledDot,
    entmax15,
    masked_softmax,
    sparsemax,
)

ROWS = torch.tensor([[0.0, torch.inf, 1.0], [torch.nan, 0.0, 1.0], [0.0, 1.0, 2.0]])


@pytest.mark.parametrize("align", [masked_softmax, sparsemax, entmax15, Hard("gumbel"), Hard()])
def test_scores_that_are_not_finite_give_nan(align: Callable[..., Any]) -> None:
    """As torch's softmax; the other rows stay as they are."""
    for mask in (None, torch.ones(3, 3, dtype=torch.bool)):
        found = align(ROWS, mask)
        weights = found if isinstance(found, Tensor) else found.weights
        assert weights[:2].isnan().any(-1).all()
        torch.testing.assert_close(weights[2].sum(), torch.tensor(1.0))


@pytest.mark.parametrize("align", [masked_softmax, sparsemax, entmax15, Hard("gumbel"), Hard()])
def test_masked_scores_that_are_not_finite_do_not_count(align: Callable[..., Any]) -> None:
    torch.manual_seed(0)
    mask = ROWS.isfinite()
    found = align(ROWS, mask)
    torch.manual_seed(0)
    wanted = align(ROWS.masked_fill(~mask, -7.0), mask)
    if not isinstance(found, Tensor):
        found, wanted = found.weights, wanted.weights
    torch.testing.assert_close(found, wanted)


def test_hard_attention_to_the_highest_of_nan() -> None:
    assert Hard().eval()(ROWS).weights.isnan().all(-1).tolist() == [False, True, False]


def test_monotonic_attention_does_not_scan_past_nan() -> None:
    attention = Attention(SCORES["dot"](), align=Monotonic()).eval()
    weights = attention(torch.full((1, 1, 1), torch.nan), torch.ones(1, 3, 1)).weights
    assert weights.isnan().any()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("need_weights", [True, False])
@pytest.mark.parametrize("name", SCORES)
def test_numbers_of_ten_thousand_in_half_precision(
    name: str, need_weights: bool, dtype: torch.dtype
) -> None:
    """A product of two of them is beyond float16, and weights are not."""
    generator = torch.Generator().manual_seed(0)
    query, keys = (
        (1e4 * torch.randn(B, length, D, generator=generator)).to(dtype) for length in (Q, K)
    )
    values = torch.randn(B, K, D, generator=generator).to(dtype)
    torch.manual_seed(1)
    attention = Attention(SCORES[name]()).to(dtype)
    context, weights = attention(query, keys, values, need_weights=need_weights)
    assert context.dtype == dtype
    wanted = attention.double()(query.double(), keys.double(), values.double())
    torch.testing.assert_close(context.double(), wanted.context, rtol=0.02, atol=0.02)
    if need_weights:
        assert weights.dtype == dtype
        torch.testing.assert_close(weights.double(), wanted.weights, rtol=0.02, atol=0.02)


@pytest.mark.parametrize("name", ALIGNS)
def test_alignments_of_large_scores_in_half_precision(name: str) -> None:
    query, keys = torch.full((1, 1, 4), 1e4).half(), torch.zeros(1, 3, 4).half()
    keys[0, 1] = 1e4
    attention = Attention(ScaledDot(), align=ALIGNS[name]()).eval()
    assert attention(query, keys).weights.tolist() == [[[0.0, 1.0, 0.0]]]


@pytest.mark.parametrize("kernel", ["plain", "blocked", "numba"])
def test_float32_where_the_default_is_float64(kernel: str) -> None:
    """The default dtype is that of new modules, and changes no numbers of others."""
    torch.manual_seed(0)
    attention = Attention(Additive(D, D, A, kernel=kernel))
    sides = [torch.randn(B, 40, D), torch.randn(B, 50, D)]

    def results() -> list[Tensor]:
        context, weights = attention(*sides)
        gradients = torch.autograd.grad(context.square().sum(), [*attention.parameters()])
        return [context, weights, *gradients]

    wanted = results()
    torch.set_default_dtype(torch.float64)
    try:
        found = results()
        double = MultiHead([Attention(Additive(3, 3, A, kernel="blocked"))] * 2, 6)
        assert double(torch.zeros(1, 2, 6), torch.zeros(1, 3, 6)).context.dtype == torch.float64
    finally:
        torch.set_default_dtype(torch.float32)
    for one, other in zip(found, wanted, strict=True):
        assert one.dtype == torch.float32
        assert torch.equal(one, other)
