"""What users do with attention beside calling it: self-attention, torch.func, in-place masks."""

import importlib
from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.autograd import forward_ad

from regard.attention import (
    Additive,
    Attention,
    Causal,
    LocalPredictive,
    Memory,
    ScaledDot,
    Sliding,
)
from regard.attention.kernels import additive_score

N, T, D, A = 2, 23, 5, 7


@pytest.fixture(autouse=True)
def _small_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernels for large inputs, at small sizes."""
    monkeypatch.setattr(importlib.import_module("regard.attention.kernels._choice"), "_SMALL", 0)
    monkeypatch.setattr(importlib.import_module("regard.attention.kernels._reach"), "_SHORT", 0)


def states(dtype: torch.dtype = torch.float64) -> Tensor:
    return torch.randn(N, T, D, generator=torch.Generator().manual_seed(0)).to(dtype)


def made(name: str) -> Attention:
    torch.manual_seed(0)
    predictive = LocalPredictive(2, query_dim=D, hidden_dim=3)
    return {
        "additive": lambda: Attention(Additive(D, D, A)),
        "additive, sliding": lambda: Attention(Additive(D, D, A), window=Sliding(3)),
        "additive, local-p": lambda: Attention(Additive(D, D, A), window=predictive),
        "dot, sliding": lambda: Attention(ScaledDot(), window=Sliding(3)),
        "dot, local-p": lambda: Attention(ScaledDot(), window=predictive),
    }[name]()


def plainly(name: str, monkeypatch: pytest.MonkeyPatch) -> Attention:
    """The same attention, by the plain formula and a mask."""
    monkeypatch.setattr(
        importlib.import_module("regard.attention.kernels._choice"), "_SMALL", 1 << 60
    )
    monkeypatch.setattr(
        importlib.import_module("regard.attention.kernels._reach"), "_SHORT", 1 << 60
    )
    return made(name).double()


NAMES = ["additive", "additive, sliding", "additive, local-p", "dot, sliding", "dot, local-p"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("need_weights", [True, False])
def test_self_attention_differentiated_twice(
    name: str, need_weights: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Query, keys and values come from the same states: every path counts once."""

    def twice(attention: Attention, need_weights: bool = True) -> list[Tensor]:
        x = states().requires_grad_()
        context = attention(x, x, need_weights=need_weights).context
        (first,) = torch.autograd.grad(context.square().sum(), x, create_graph=True)
        return [first.detach(), *torch.autograd.grad(first.square().sum(), x)]

    found = twice(made(name).double(), need_weights)
    for one, other in zip(found, twice(plainly(name, monkeypatch)), strict=True):
        torch.testing.assert_close(one, other)


def test_scores_of_one_tensor_twice() -> None:
    x = states().requires_grad_()
    vector = torch.randn(D, generator=torch.Generator().manual_seed(1)).double()
    found = []
    for kernel in ("plain", "blocked"):
        loss = additive_score(x, x, vector, kernel=kernel).square().sum()
        (first,) = torch.autograd.grad(loss, x, create_graph=True)
        found.append([first, *torch.autograd.grad(first.square().sum(), x)])
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other)


# torch compiles some formulas of its own for forward-mode derivatives, in a way it has deprecated
@pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated:DeprecationWarning")
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("need_weights", [True, False])
def test_transforms_of_torch_func(
    name: str, need_weights: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    x, along = states(), torch.randn_like(states())

    def context(attention: Attention, need_weights: bool = True) -> Callable[[Tensor], Tensor]:
        return lambda x: attention(x, x, need_weights=need_weights).context

    def all_of(function: Callable[[Tensor], Tensor]) -> list[Tensor]:
        tangent: Tensor = torch.func.jvp(function, (x,), (along,))[1]
        gradient = torch.func.grad(lambda x: function(x).square().sum())(x)
        with forward_ad.dual_level():
            dual = function(forward_ad.make_dual(x, along))  # type: ignore[no-untyped-call]
            again = forward_ad.unpack_dual(dual).tangent  # type: ignore[no-untyped-call]
        assert again is not None
        return [tangent, gradient, again]

    found = all_of(context(made(name).double(), need_weights))
    for one, other in zip(found, all_of(context(plainly(name, monkeypatch))), strict=True):
        torch.testing.assert_close(one, other)
    assert found[0].abs().max() > 0.01


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("name", ["additive", "additive, sliding"])
@pytest.mark.parametrize("need_weights", [True, False])
def test_half_precision_is_trained(name: str, dtype: torch.dtype, need_weights: bool) -> None:
    x = states(dtype).requires_grad_()
    context = made(name).to(dtype)(x, x, need_weights=need_weights).context
    assert context.dtype == dtype
    (gradient,) = torch.autograd.grad(context.float().square().sum(), x)
    wide = states(dtype).double().requires_grad_()
    true = made(name).to(dtype).double()(wide, wide, need_weights=need_weights).context
    (expected,) = torch.autograd.grad(true.square().sum(), wide)
    assert (gradient - expected).abs().max() <= 0.05 * expected.abs().max()


@pytest.mark.parametrize("kernel", ["plain", "blocked", "numba"])
def test_scores_may_be_masked_in_place(kernel: str) -> None:
    x = states(torch.float32).requires_grad_()
    mask = torch.arange(T) < 9
    scores = additive_score(x, x, torch.ones(D), kernel=kernel)
    weights = scores.masked_fill_(~mask, -1e9).softmax(-1)
    assert (weights[..., 9:] == 0).all()
    (gradient,) = torch.autograd.grad((weights @ x).sum(), x)
    assert gradient.isfinite().all()


@pytest.mark.parametrize("kernel", ["plain", "blocked", "numba"])
@pytest.mark.parametrize("need_weights", [True, False])
@pytest.mark.parametrize("broken", ["query", "vector"])
def test_what_is_no_number_stays_so(kernel: str, need_weights: bool, broken: str) -> None:
    attention = Attention(Additive(D, D, A, kernel=kernel))
    x = states(torch.float32)
    mask = torch.ones(N, T, dtype=torch.bool)
    mask[1] = False
    with torch.no_grad():
        part = attention.score.get_parameter(
            "vector" if broken == "vector" else "query_projection.weight"
        )
        part.fill_(torch.nan)
    context = attention(x, x, mask=mask, need_weights=need_weights).context
    assert context[0].isnan().all()


@pytest.mark.parametrize("heads", [1, 3])
def test_causal_dot_products_are_those_of_a_mask(heads: int) -> None:
    x = torch.randn(N, heads, T, D) if heads > 1 else torch.randn(N, T, D)
    attention = Attention(ScaledDot(), window=Causal())
    memory = Memory(x, x, None)
    alone = attention(x, memory, need_weights=False).context
    torch.testing.assert_close(alone, attention(x, memory).context)
