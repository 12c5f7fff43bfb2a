"""Products with a band of the keys, and local-p over long sequences by way of them."""

import importlib
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.autograd import gradcheck, gradgradcheck

from regard.attention import (
    Additive,
    Attention,
    General,
    LocalPredictive,
    MultiHead,
    ScaledDot,
    Score,
    entmax15,
    masked_softmax,
    sparsemax,
)
from regard.attention.kernels import Band, band_dot, band_weighted_sum

N, Q, K, D, W = 3, 7, 11, 17, 5


@pytest.fixture(params=[1 << 22, 100], ids=["one block", "several blocks"])
def _blocks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    band = importlib.import_module("regard.attention.kernels._band")
    monkeypatch.setattr(band, "_BLOCK", request.param)


def numbers(*shape: int, dtype: torch.dtype = torch.float64) -> Tensor:
    drawn = torch.randn(shape, generator=torch.Generator().manual_seed(sum(shape)))
    return drawn.to(dtype).requires_grad_()


def firsts() -> Tensor:
    """Also bands that begin before the keys, end behind them, or lie wholly outside."""
    drawn = torch.randint(-3, K, (N, Q), generator=torch.Generator().manual_seed(0))
    drawn[0, 0], drawn[0, 1] = -W, K
    return drawn


def each(first: Tensor) -> list[tuple[int, int, int, int]]:
    """Case, row, column and key of all that is inside."""
    return [
        (n, i, w, int(first[n, i]) + w)
        for n in range(N)
        for i in range(Q)
        for w in range(W)
        if 0 <= int(first[n, i]) + w < K
    ]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.usefixtures("_blocks")
def test_products_one_by_one(dtype: torch.dtype) -> None:
    first = firsts()
    query, keys, weights = (
        numbers(*shape, dtype=dtype) for shape in ((N, Q, D), (N, K, D), (N, Q, W))
    )
    scores, sums = torch.zeros(N, Q, W), torch.zeros(N, Q, D, dtype=torch.float64)
    for n, i, w, j in each(first):
        scores[n, i, w] = query[n, i].detach() @ keys[n, j].detach()
        sums[n, i] += (weights[n, i, w] * keys[n, j]).detach()
    torch.testing.assert_close(band_dot(query, keys, first, W).detach(), scores.to(dtype))
    found = band_weighted_sum(weights, keys, first)
    torch.testing.assert_close(found.detach(), sums.to(dtype))


@pytest.mark.usefixtures("_blocks")
def test_gradients_and_theirs() -> None:
    first = firsts()
    for function, sides in (
        (lambda q, k: band_dot(q, k, first, W), (numbers(N, Q, 2), numbers(N, K, 2))),
        (lambda p, v: band_weighted_sum(p, v, first), (numbers(N, Q, W), numbers(N, K, 2))),
    ):
        assert gradcheck(function, sides)
        assert gradgradcheck(function, sides)


def test_compiled_gradients_are_those_of_double() -> None:
    first = firsts()
    cases: list[tuple[Callable[..., Tensor], list[tuple[int, ...]]]] = [
        (lambda q, k: band_dot(q, k, first, W), [(N, Q, D), (N, K, D)]),
        (lambda p, v: band_weighted_sum(p, v, first), [(N, Q, W), (N, K, D)]),
    ]
    for function, shapes in cases:
        found = []
        for dtype in (torch.float32, torch.float64):
            sides = [numbers(*shape, dtype=dtype) for shape in shapes]
            found.append(torch.autograd.grad(function(*sides).square().sum(), sides))
        for one, other in zip(*found, strict=True):
            torch.testing.assert_close(one.double(), other, rtol=1e-5, atol=1e-5)


def test_operators_keep_torchs_rules() -> None:
    first, query, keys = firsts(), numbers(N, Q, D), numbers(N, K, D)
    for dtype in (torch.float32, torch.float64):
        sides = [side.detach().to(dtype).requires_grad_() for side in (query, keys)]
        torch.library.opcheck(band_dot, (*sides, first, W))
        weights = numbers(N, Q, W, dtype=dtype)
        torch.library.opcheck(band_weighted_sum, (weights, sides[1], first))


def test_places() -> None:
    assert Band(torch.tensor([[-1, 4]]), 3).places().tolist() == [[[-1, 0, 1], [4, 5, 6]]]


SCORES: dict[str, Callable[[], Score]] = {
    "additive, blocked": lambda: Additive(D, D, 19, kernel="blocked"),
    "additive, numba": lambda: Additive(D, D, 19, kernel="numba"),
    "additive": lambda: Additive(D, D, 19),
    "scaled dot": ScaledDot,
    "general": lambda: General(D, D),
}


def _short(monkeypatch: pytest.MonkeyPatch, keys: int) -> None:
    """Sequences count as short up to so many keys, where all weights are computed."""
    reach = importlib.import_module("regard.attention.kernels._reach")
    monkeypatch.setattr(reach, "_SHORT", keys)


def _both_ways(
    attention: Any, monkeypatch: pytest.MonkeyPatch, masked: str | None, dtype: torch.dtype
) -> list[list[Tensor]]:
    length = 41
    masks = {
        None: None,
        "padding": torch.arange(length) < torch.tensor([length, 5, 30])[:, None],
        "of each query": torch.rand(N, Q, length, generator=torch.Generator().manual_seed(0)) > 0.4,
    }
    sides = [numbers(N, Q, D, dtype=dtype), *(numbers(N, length, D, dtype=dtype) for _ in "kv")]
    parameters = [*sides, *attention.parameters()]
    found = []
    for short in (10**9, 0):
        _short(monkeypatch, short)
        context, weights = attention(*sides, mask=masks[masked])
        alone = attention(*sides, mask=masks[masked], need_weights=False).context
        torch.testing.assert_close(alone, context, rtol=1e-4, atol=1e-5)
        loss = context.square().sum() + weights.square().sum()
        found.append([context, weights, *torch.autograd.grad(loss, parameters)])
    return found


@pytest.mark.parametrize("score", SCORES)
@pytest.mark.parametrize("radius", [1, 2.5, 7])
@pytest.mark.parametrize("masked", [None, "padding", "of each query"])
@pytest.mark.parametrize("renormalise", [False, True])
def test_local_p_is_the_same_in_long_sequences(
    score: str,
    radius: float,
    masked: str | None,
    renormalise: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    dtype = torch.float64 if score in ("additive, blocked", "scaled dot") else torch.float32
    torch.manual_seed(0)
    window = LocalPredictive(radius, query_dim=D, hidden_dim=3, renormalise=renormalise)
    attention = Attention(SCORES[score](), window=window).to(dtype)
    near = 1e-10 if dtype == torch.float64 else 3e-4
    for one, other in zip(*_both_ways(attention, monkeypatch, masked, dtype), strict=True):
        torch.testing.assert_close(one, other, rtol=near, atol=near)


@pytest.mark.parametrize("align", [sparsemax, entmax15])
def test_local_p_with_other_alignments(align: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    window = LocalPredictive(3, query_dim=D, hidden_dim=3)
    attention = Attention(General(D, D), window=window, align=align).double()
    for one, other in zip(*_both_ways(attention, monkeypatch, None, torch.float64), strict=True):
        torch.testing.assert_close(one, other)


def test_local_p_of_heads(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    window = LocalPredictive(3, query_dim=4, hidden_dim=3)
    heads = MultiHead([Attention(ScaledDot(), window=window)] * 2, D, head_dim=4).double()
    states = numbers(N, 41, D)
    mask = torch.arange(41) < torch.tensor([41, 5, 30])[:, None]
    found = []
    for short in (10**9, 0):
        _short(monkeypatch, short)
        found.append(heads(states, states, mask=mask))
    torch.testing.assert_close(found[0].context, found[1].context)
    torch.testing.assert_close(found[0].weights, found[1].weights)


def test_nothing_of_all_keys_is_held_for_each_query(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same memory for a query, however many keys there are."""
    _short(monkeypatch, 0)
    attention = Attention(Additive(8, 8, 8), window=LocalPredictive(2, query_dim=8, hidden_dim=3))
    most = []
    for short in (0, 10**9):
        _short(monkeypatch, short)
        states = torch.randn(1, 600, 8, requires_grad=True)
        with torch.profiler.profile(profile_memory=True) as profile:
            attention(states, states, need_weights=False).context.sum().backward()
        most.append(max(event.cpu_memory_usage for event in profile.events()))
    assert most[0] < 600 * 600  # bytes: less than one for each pair
    assert most[1] >= 600 * 600 * 4


def test_masked_softmax_is_the_default_of_bands() -> None:
    assert Attention(ScaledDot()).align is masked_softmax
