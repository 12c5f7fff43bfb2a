"""Additive attention that returns its weights, computed block by block, against float64."""

import importlib
from itertools import product

import pytest
import torch
from torch import Tensor

from regard.attention import Additive, Attention, Causal, Sliding, masked_softmax
from regard.attention.kernels import Reach, additive_attention_and_weights

N, Q, K, A, DV = 5, 11, 13, 17, 3

each_kernel = pytest.mark.parametrize("kernel", ["plain", "blocked", "numba"])


@pytest.fixture(params=[1 << 19, 2 * Q * K + 1, 3 * K + 1], ids=["all", "two cases", "three rows"])
def _blocks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    stream = importlib.import_module("regard.attention.kernels._stream")
    monkeypatch.setattr(stream, "_BLOCK", request.param)
    monkeypatch.setattr(stream, "_ROWS", 3)


def numbers(*shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(sum(shape)))


def given(dtype: torch.dtype = torch.float32) -> list[Tensor]:
    shapes = [(N, Q, A), (N, K, A), (N, K, DV), (A,)]
    return [numbers(*shape).to(dtype).requires_grad_() for shape in shapes]


def oracle(sides: list[Tensor], mask: Tensor | None, reach: Reach) -> tuple[Tensor, Tensor]:
    query, keys, values, vector = sides
    distance = torch.arange(K) - torch.arange(Q)[:, None]
    seen = torch.ones(Q, K, dtype=torch.bool)
    if reach.before is not None:
        seen &= distance >= -reach.before
    if reach.after is not None:
        seen &= distance <= reach.after
    seen = seen if mask is None else seen & mask
    scores = torch.tanh(query[:, :, None] + keys[:, None]) @ vector
    # the lowest of numbers and not -inf, of which softmax has the gradient nan where all are
    weights = scores.masked_fill(~seen, -1e300).softmax(-1) * seen
    return weights @ values, weights


def close(found: Tensor, expected: Tensor, tolerance: float = 3e-6) -> None:
    assert found.isfinite().all()
    scale = max(1e-2, float(expected.abs().max()))
    assert float((found - expected).abs().max()) <= tolerance * scale


MASKS = {
    "none": None,
    "padding": torch.arange(K) < torch.tensor([K, 2, 7, 1, 9])[:, None, None],
    "of each query": numbers(N, Q, K) > 0.5,
    "nothing for the second case": torch.arange(N)[:, None, None].expand(N, 1, K) != 1,
}


@each_kernel
@pytest.mark.usefixtures("_blocks")
@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("reach", [Reach(), Reach(None, 0), Reach(2, 1)], ids=str)
def test_context_weights_and_gradients(kernel: str, mask: str, reach: Reach) -> None:
    sides = given()
    wide = [side.detach().double().requires_grad_() for side in sides]
    query, keys, values, vector = sides
    found = additive_attention_and_weights(
        query, keys, values, vector, MASKS[mask], reach=reach, kernel=kernel
    )
    expected = oracle(wide, MASKS[mask], reach)
    for one, other in zip(found, expected, strict=True):
        close(one.detach(), other.detach(), 1e-6)
    grads = [numbers(N, Q, DV), numbers(N, Q, K)]
    for picked in ((0,), (1,), (0, 1)):  # what a loss is made of
        mine = torch.autograd.grad(
            [found[i] for i in picked],
            sides,
            [grads[i] for i in picked],
            retain_graph=True,
            allow_unused=True,
        )
        true = torch.autograd.grad(
            [expected[i] for i in picked],
            wide,
            [grads[i].double() for i in picked],
            retain_graph=True,
            allow_unused=True,
        )
        for one, other in zip(mine, true, strict=True):
            close(
                torch.zeros(()) if one is None else one,
                torch.zeros((), dtype=torch.float64) if other is None else other,
            )


@each_kernel
def test_differentiated_twice(kernel: str) -> None:
    found = []
    for sides in (given(), given(torch.float64)):
        query, keys, values, vector = sides
        if query.dtype == torch.float64:
            context, weights = oracle(sides, MASKS["padding"], Reach())
        else:
            context, weights = additive_attention_and_weights(
                query, keys, values, vector, MASKS["padding"], kernel=kernel
            )
        loss = context.square().sum() + (weights * numbers(N, Q, K)).sum()
        first = torch.autograd.grad(loss, sides, create_graph=True)
        squares = torch.stack([each.square().sum() for each in first]).sum()
        found.append([*first, *torch.autograd.grad(squares, sides)])
    for one, other in zip(*found, strict=True):
        close(one.detach(), other.detach(), 1e-4)


@pytest.mark.parametrize("kernel", ["blocked", "numba"])
def test_half_precision(kernel: str) -> None:
    sides = given(torch.bfloat16)
    found = additive_attention_and_weights(*sides, kernel=kernel)
    expected = oracle([side.detach().double() for side in sides], None, Reach())
    for one, other in zip(found, expected, strict=True):
        assert one.dtype == torch.bfloat16
        close(one.detach(), other, 1e-2)


@pytest.mark.parametrize(
    ("kernel", "window"), list(product(["blocked", "numba"], [None, "causal", 3]))
)
def test_attention_takes_it(kernel: str, window: str | int | None) -> None:
    """And returns what scores, softmax and product do one after the other."""
    shown = {None: None, "causal": Causal(), 3: Sliding(3)}[window]
    torch.manual_seed(0)
    attention = Attention(Additive(5, 7, A, kernel=kernel), window=shown)
    query, keys = numbers(N, Q, 5), numbers(N, K, 7)
    mask = torch.arange(K) < torch.tensor([K, 2, 7, 1, 9])[:, None]
    attended = attention(query, keys, mask=mask)
    score = attention.score
    scores = score(query, keys)
    allowed = mask.unsqueeze(1)
    seen = attention.window(query, K).mask
    weights = masked_softmax(scores, allowed if seen is None else allowed & seen)
    assert attended.weights is not None
    close(attended.weights.detach(), weights.detach())
    close(attended.context.detach(), (weights @ keys).detach())


def test_nothing_there() -> None:
    for rows, keys in ((0, 3), (3, 0)):
        context, weights = additive_attention_and_weights(
            numbers(2, rows, A), numbers(2, keys, A), numbers(2, keys, DV), numbers(A)
        )
        assert context.shape == (2, rows, DV)
        assert weights.shape == (2, rows, keys)
        assert (context == 0).all()
