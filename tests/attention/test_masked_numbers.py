"""What is masked never shows, in context or gradient, even if it is NaN or infinite."""

from typing import Any

import pytest
import torch
from mechanisms import (
    ALIGNS,
    HEADS,
    POOLINGS,
    RECURRENT_HEADS,
    SCORES,
    WINDOWS,
    A,
    D,
    attention_inputs,
    pooling_inputs,
    tensors_of,
)
from torch import Tensor, nn

from regard.attention import Additive, Attention, Causal, MultiHead, ScaledDot, Sliding
from regard.errors import ConfigError

ATTENTIONS: dict[str, Any] = {
    **{f"{name} score": lambda make=make: Attention(make()) for name, make in SCORES.items()},
    **{
        f"{name} window": lambda make=make: Attention(SCORES["dot"](), window=make())
        for name, make in WINDOWS.items()
    },
    **{
        f"{name} align": lambda make=make: Attention(SCORES["general"](), align=make())
        for name, make in ALIGNS.items()
    },
    **{
        f"additive by {kernel}": lambda kernel=kernel: Attention(Additive(D, D, A, kernel=kernel))
        for kernel in ("plain", "blocked", "numba")
    },
    **{f"{name} heads": make for name, make in {**HEADS, **RECURRENT_HEADS}.items()},
}
NOT_FINITE = pytest.mark.parametrize("number", [torch.nan, torch.inf, -torch.inf])


def _results(module: nn.Module, inputs: list[Tensor], mask: Tensor, **how: Any) -> dict[str, Any]:
    """Outputs, and gradients of inputs and parameters, of the sum of squares of the outputs.

    Weights of queries that are masked themselves are left out.
    """
    module.zero_grad()
    inputs = [side.clone().requires_grad_() for side in inputs]
    torch.manual_seed(3)  # of what samples
    outputs = tensors_of(module(*inputs, mask=mask, **how))
    outputs.pop(".first_weights", None)
    loss = torch.stack([part.square().sum() for part in outputs.values()]).sum()
    if loss.requires_grad:
        torch.autograd.backward(loss)
    gradients = {f"gradient of input {i}": side.grad for i, side in enumerate(inputs)}
    for name, parameter in module.named_parameters():
        gradients[f"gradient of {name}"] = parameter.grad
    return outputs | {name: part for name, part in gradients.items() if part is not None}


def _assert_unchanged(
    module: nn.Module, clean: list[Tensor], spoiled: list[Tensor], *how: Any
) -> None:
    mask, options = how
    wanted = _results(module, clean, mask, **options)
    found = _results(module, spoiled, mask, **options)
    assert list(found) == list(wanted)
    for name, part in wanted.items():
        assert part.isfinite().all(), name
        torch.testing.assert_close(
            found[name],
            part,
            msg=lambda text, name=name: f"{name}: {text}",  # type: ignore[misc]
        )


@NOT_FINITE
@pytest.mark.parametrize("need_weights", [True, False])
@pytest.mark.parametrize("name", ATTENTIONS)
def test_masked_keys_and_values(name: str, need_weights: bool, number: float) -> None:
    query, keys, values, mask = attention_inputs()
    mask = mask[:, 0]  # [B, K]
    zeroed = [side * mask.unsqueeze(-1) for side in (keys, values)]
    spoiled = [side.masked_fill(~mask.unsqueeze(-1), number) for side in (keys, values)]
    module = ATTENTIONS[name]()
    for training in (True, False):
        module.train(training)
        how = {"need_weights": need_weights}
        _assert_unchanged(module, [query, *zeroed], [query, *spoiled], mask, how)


@pytest.mark.parametrize("name", [name for name in ATTENTIONS if "align" not in name])
def test_keys_and_values_masked_for_some_queries(name: str) -> None:
    """Key 1 is seen by the last query alone: the context of the others is as if it were zero."""
    query, keys, values, mask = attention_inputs()
    mask = torch.ones_like(mask)
    mask[:, :-1, 1] = False
    spoiled = [side.clone() for side in (keys, values)]
    for side in spoiled:
        side[:, 1] = torch.nan
    module = ATTENTIONS[name]().eval()
    wanted = module(query, keys, values, mask)
    found = module(query, *spoiled, mask)
    torch.testing.assert_close(found.context[:, :-1], wanted.context[:, :-1])
    torch.testing.assert_close(found.weights[..., :-1, :], wanted.weights[..., :-1, :])


@pytest.mark.parametrize("window", [Causal(), Sliding(2)], ids=["causal", "sliding"])
@pytest.mark.parametrize("need_weights", [True, False])
@pytest.mark.parametrize("score", ["scaled dot", "additive", "coverage"])
def test_nothing_from_behind_a_window(window: Any, need_weights: bool, score: str) -> None:
    _, keys, values, _ = attention_inputs()
    spoiled = keys.clone()
    spoiled[:, 4] = torch.nan
    attention = Attention(SCORES[score](), window=window)
    leaf = spoiled.clone().requires_grad_()
    wanted = attention(keys, keys, values).context
    found = attention(keys, leaf, values, need_weights=need_weights).context
    torch.testing.assert_close(found[:, :4], wanted[:, :4])
    assert found[:, 4].isnan().all()
    found[:, :4].sum().backward()
    assert leaf.grad is not None
    assert leaf.grad.isfinite().all()
    assert all(each.grad is None or each.grad.isfinite().all() for each in attention.parameters())


def test_memory_of_steps_keeps_what_is_broken() -> None:
    _, keys, values, _ = attention_inputs()
    values[:, 4] = torch.inf
    for attention in (
        Attention(ScaledDot(), window=Causal()),
        MultiHead([Attention(ScaledDot(), window=Causal())] * 5, D, value_dim=values.shape[2]),
    ):
        whole = attention.prepare(keys, values)
        parts = attention.prepare(keys[:, :3], values[:, :3])
        parts = parts.extend(attention.prepare(keys[:, 3:], values[:, 3:]))
        for i in (3, 4):
            step = keys[:, i : i + 1]
            one = attention(step, whole, position=i).context
            other = attention(step, parts, position=i).context
            torch.testing.assert_close(one, other, equal_nan=True)
            assert one.isfinite().all() == (i == 3)


@NOT_FINITE
@pytest.mark.parametrize("name", POOLINGS)
def test_masked_states(name: str, number: float) -> None:
    states, mask = pooling_inputs()
    masked = ~mask.unsqueeze(-1)
    given = [states.masked_fill(masked, 0.0)], [states.masked_fill(masked, number)]
    _assert_unchanged(POOLINGS[name](), *given, mask, {})


def test_an_infinite_value_that_may_be_attended_is_seen() -> None:
    query, keys, values, mask = attention_inputs()
    values[0, 0, 0] = torch.inf
    for given in (None, mask):
        context = Attention(ScaledDot())(query, keys, values, given).context
        assert not context[0].isfinite().all(-1).any()


@pytest.mark.parametrize("kernel", ["plain", "blocked", "numba"])
@pytest.mark.parametrize("need_weights", [True, False])
def test_widths_of_zero(kernel: str, need_weights: bool) -> None:
    """No columns: scores are zero, so that weights are even; no values: an empty context."""
    torch.full((997,), 5.0)  # what lies in memory that is handed out again
    attention = Attention(Additive(D, D, A, kernel=kernel))
    for sizes in ((2, 3, 7, 0), (0, 3, 7, 5), (2, 0, 7, 5), (2, 3, 0, 5)):
        B, Q, K, Dv = sizes
        query, keys, values = torch.randn(B, Q, D), torch.randn(B, K, D), torch.randn(B, K, Dv)
        query.requires_grad_()
        context, weights = attention(query, keys, values, need_weights=need_weights)
        assert context.shape == (B, Q, Dv)
        assert not context.any() or K
        if need_weights:
            assert weights.shape == (B, Q, K)
            torch.testing.assert_close(weights.sum(-1), torch.full((B, Q), float(K > 0)))
        (gradient,) = torch.autograd.grad(context.sum(), query)
        assert gradient.shape == query.shape
        assert gradient.isfinite().all()


@pytest.mark.parametrize("kernel", ["plain", "blocked", "numba"])
@pytest.mark.parametrize("need_weights", [True, False])
def test_kernels_with_nothing_to_compare(kernel: str, need_weights: bool) -> None:
    from regard.attention.kernels import additive_attention, additive_attention_and_weights

    query, keys, vector = torch.zeros(2, 3, 0), torch.zeros(2, 7, 0), torch.zeros(0)
    values = torch.randn(2, 7, 5, requires_grad=True)
    sides = (query, keys, values, vector)
    if need_weights:
        context, weights = additive_attention_and_weights(*sides, kernel=kernel)
        torch.testing.assert_close(weights, torch.full((2, 3, 7), 1 / 7))
    else:
        context = additive_attention(*sides, kernel=kernel)
    torch.testing.assert_close(context, values.mean(1, keepdim=True).expand(2, 3, 5))
    (gradient,) = torch.autograd.grad(context.sum(), values)
    torch.testing.assert_close(gradient, torch.full((2, 7, 5), 3 / 7))


def test_dot_products_of_nothing() -> None:
    """The dot product of no columns is zero."""
    query, keys, values = torch.zeros(2, 3, 0), torch.zeros(2, 7, 0), torch.randn(2, 7, 5)
    for name in ("dot", "scaled dot", "cosine"):
        for need_weights in (True, False):
            context = Attention(SCORES[name]())(
                query, keys, values, need_weights=need_weights
            ).context
            torch.testing.assert_close(context, values.mean(1, keepdim=True).expand(2, 3, 5))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Additive(3, 5, 0), "hidden_dim must be at least 1, not 0"),
        (lambda: Additive(0, 5, 2), "query_dim must be at least 1, not 0"),
        (lambda: MultiHead(1, 0), "query_dim must be at least 1, not 0"),
    ],
)
def test_modules_without_width_are_refused(make: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        make()
