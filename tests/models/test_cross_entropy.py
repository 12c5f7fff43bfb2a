"""The cross-entropy of a projection, against torch's of the logits."""

from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from regard.models.cross_entropy import projected_cross_entropy

N, D, V = 521, 7, 13  # more rows than a block
_projected: Any = projected_cross_entropy  # called with three sides in a list
CLOSE: dict[str, Any] = {"rtol": 1e-10, "atol": 1e-12}


def _sides(dtype: torch.dtype = torch.float64, rows: int = N) -> tuple[Any, Tensor]:
    generator = torch.Generator().manual_seed(0)
    shapes = (rows, D), (V, D), (V,)
    sides = [torch.randn(*shape, generator=generator, dtype=dtype) for shape in shapes]
    targets = torch.randint(V, (rows,), generator=generator)
    return [each.requires_grad_() for each in sides], targets


def _by_torch(sides: list[Tensor], targets: Tensor, smoothing: float) -> Tensor:
    states, weight, bias = sides
    logits = states @ weight.T + bias
    return cross_entropy(logits, targets, reduction="none", label_smoothing=smoothing)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_values_are_torchs(smoothing: float) -> None:
    sides, targets = _sides()
    smoothed, plain, right = _projected(*sides, targets, smoothing=smoothing)
    torch.testing.assert_close(smoothed, _by_torch(sides, targets, smoothing), **CLOSE)
    torch.testing.assert_close(plain, _by_torch(sides, targets, 0.0), **CLOSE)
    assert not plain.requires_grad
    states, weight, bias = sides
    assert torch.equal(right, (states @ weight.T + bias).argmax(1) == targets)
    assert 0 < right.sum() < N


def _factors(kind: str) -> Tensor:
    if kind == "mean":
        return torch.full((N,), 1 / N, dtype=torch.float64)
    generator = torch.Generator().manual_seed(1)
    return torch.randn(N, generator=generator, dtype=torch.float64)


@pytest.mark.parametrize("alike", [True, False])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("kind", ["mean", "unequal"])
def test_gradients_are_torchs(kind: str, smoothing: float, alike: bool) -> None:
    sides, targets = _sides()
    factors = _factors(kind)
    losses, _, _ = _projected(*sides, targets, smoothing=smoothing, alike=alike)
    found = torch.autograd.grad(losses @ factors, sides)
    wanted = torch.autograd.grad(_by_torch(sides, targets, smoothing) @ factors, sides)
    for one, other in zip(found, wanted, strict=True):
        torch.testing.assert_close(one, other, **CLOSE)
        assert other.abs().sum() > 0


def test_a_fixed_state_still_trains_the_projection() -> None:
    (states, weight, bias), targets = _sides()
    losses, _, _ = projected_cross_entropy(states.detach(), weight, bias, targets)
    (found,) = torch.autograd.grad(losses.sum(), weight)
    (wanted,) = torch.autograd.grad(_by_torch([states, weight, bias], targets, 0.0).sum(), weight)
    torch.testing.assert_close(found, wanted, **CLOSE)


def test_it_computes_no_gradient_that_nobody_wants(monkeypatch: pytest.MonkeyPatch) -> None:
    from regard.models import cross_entropy as module

    given: list[Any] = []
    inside = module._by_blocks

    def watched(*sides: Any, factors: Any) -> Any:
        given.append(factors)
        return inside(*sides, factors=factors)

    monkeypatch.setattr(module, "_by_blocks", watched)
    sides, targets = _sides()
    with torch.no_grad():
        _projected(*sides, targets)
    assert given == [None]


def test_narrow_products_are_close_and_sums_are_not_narrow() -> None:
    sides, targets = _sides(torch.float32)
    with torch.autocast("cpu", torch.bfloat16):
        narrow, _, _ = _projected(*sides, targets, smoothing=0.1)
    exact = _by_torch(sides, targets, 0.1)
    assert narrow.dtype == torch.float32
    torch.testing.assert_close(narrow, exact, rtol=0.03, atol=0.03)
    found = torch.autograd.grad(narrow.mean(), sides)
    wanted = torch.autograd.grad(exact.mean(), sides)
    for one, other in zip(found, wanted, strict=True):
        assert one.dtype == torch.float32
        assert (one - other).norm() < 0.01 * other.norm()


def test_large_logits_stay_finite() -> None:
    states = torch.tensor([[1e4], [-1e4]], requires_grad=True)
    weight = torch.tensor([[1.0], [0.0]], requires_grad=True)
    targets = torch.tensor([0, 0])
    losses, _, _ = projected_cross_entropy(states, weight, torch.zeros(2), targets)
    [gradient] = torch.autograd.grad(losses.sum(), [states])
    assert losses.tolist() == [0.0, 1e4]
    assert gradient.tolist() == [[0.0], [-1.0]]


def test_no_token_has_no_loss() -> None:
    sides, targets = _sides(rows=0)
    losses, plain, right = _projected(*sides, targets, smoothing=0.1)
    assert losses.shape == plain.shape == right.shape == (0,)
    losses.sum().backward()
    assert not any(each.grad.any() for each in sides if each.grad is not None)
