"""Losses of tokens in parts, against torch's cross-entropy of the whole logits."""

from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, linear

from regard.training import token_losses

n, D, V = 23, 7, 13


def _sides(dtype: torch.dtype = torch.float64) -> tuple[list[Tensor], Tensor]:
    generator = torch.Generator().manual_seed(0)
    shapes = [(n, D), (V, D), (V,)]
    sides = [torch.randn(shape, generator=generator, dtype=dtype) for shape in shapes]
    return [side.requires_grad_() for side in sides], torch.arange(n) * 5 % V


@pytest.fixture(autouse=True, params=[3, 2**21])
def _tokens_at_once(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three tokens at once, so that the last part is smaller, or all."""
    monkeypatch.setattr("regard.training.vocabulary._LOGITS", request.param * V)


@pytest.mark.parametrize("smoothing", [0.0, 0.3])
def test_losses_and_gradients_are_those_of_the_whole_logits(smoothing: float) -> None:
    (states, weight, bias), targets = _sides()
    sides = states, weight, bias
    found = token_losses(*sides, targets, smoothing=smoothing)
    options: dict[str, Any] = {"reduction": "none", "label_smoothing": smoothing}
    wanted = cross_entropy(linear(states, weight, bias), targets, **options)
    torch.testing.assert_close(found, wanted)
    for factors in torch.full((n,), 1 / n), torch.linspace(-1, 2, n):
        sums = [(each * factors.double()).sum() for each in (found, wanted)]
        pairs = [torch.autograd.grad(each, sides, retain_graph=True) for each in sums]
        torch.testing.assert_close(*pairs)


def test_the_gradient_is_that_of_finite_differences() -> None:
    sides, targets = _sides()

    def losses(states: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        return token_losses(states, weight, bias, targets, smoothing=0.1)

    assert torch.autograd.gradcheck(losses, sides)


def test_large_logits_stay_finite() -> None:
    (states, weight, bias), targets = _sides(torch.float32)
    found = token_losses(1000 * states, weight, bias, targets)
    torch.testing.assert_close(
        found, cross_entropy(linear(1000 * states, weight, bias), targets, reduction="none")
    )


def test_under_autocast_the_products_alone_are_rounded() -> None:
    (states, weight, bias), targets = _sides(torch.float32)
    with torch.autocast("cpu", torch.bfloat16):
        found = token_losses(states, weight, bias, targets)
        logits = linear(states, weight, bias)
        low = token_losses(states.bfloat16(), weight, bias, targets)
    torch.testing.assert_close(low, found, rtol=0, atol=0)
    assert found.dtype == torch.float32
    wanted = cross_entropy(logits.float(), targets, reduction="none")
    torch.testing.assert_close(found, wanted)
    pairs = [torch.autograd.grad(each.mean(), (states, weight, bias)) for each in (found, wanted)]
    torch.testing.assert_close(*pairs, rtol=0.02, atol=1e-3)
    exact = token_losses(states, weight, bias, targets)
    assert not torch.allclose(found, exact, rtol=1e-5)


def test_the_weight_may_be_the_embedding_too() -> None:
    (_, weight, bias), targets = _sides()
    found = token_losses(weight[targets], weight, bias, targets).mean()
    wanted = cross_entropy(linear(weight[targets], weight, bias), targets)
    pairs = [torch.autograd.grad(each, (weight,)) for each in (found, wanted)]
    torch.testing.assert_close(*pairs)
