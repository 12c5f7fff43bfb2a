"""Every mechanism in single, double and brain floating point: same dtype out, near the double."""

from functools import partial
from itertools import product
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
    B,
    D,
    K,
    Q,
    attention_inputs,
    pooling_inputs,
    tensors_of,
)
from torch import nn

from regard.attention import Attention, LocalPredictive

DTYPES = [torch.float32, torch.float64, torch.bfloat16]
TOLERANCE = {torch.float32: 1e-5, torch.float64: 1e-13, torch.bfloat16: 4e-2}

ATTENTIONS: dict[str, Any] = {
    **{f"{name} score": lambda make=make: Attention(make()) for name, make in SCORES.items()},
    **{
        f"{name} window": lambda make=make: Attention(SCORES["additive"](), window=make())
        for name, make in WINDOWS.items()
    },
    **{
        f"{name} align": lambda make=make: Attention(SCORES["general"](), align=make())
        for name, make in ALIGNS.items()
    },
    "local-p of sparsemax": lambda: Attention(
        SCORES["dot"](), window=WINDOWS["local-p, renormalised"](), align=ALIGNS["sparsemax"]()
    ),
    "coverage by gumbel": lambda: Attention(SCORES["coverage"](), align=ALIGNS["hard by gumbel"]()),
    "location-sensitive by reinforce": lambda: Attention(
        SCORES["location-sensitive"](), align=ALIGNS["hard by reinforce"]()
    ),
    **{f"{name} heads": make for name, make in {**HEADS, **RECURRENT_HEADS}.items()},
}
of_every_attention = pytest.mark.parametrize("name", ATTENTIONS)
of_every_pooling = pytest.mark.parametrize("name", POOLINGS)
in_every_dtype = pytest.mark.parametrize("dtype", DTYPES, ids=str)


def _made(make: Any, dtype: torch.dtype, *, seed: int = 0) -> nn.Module:
    """With random parameters that bfloat16 can hold, the same whatever they start from."""
    module: nn.Module = make()
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator) / 2)
            if parameter.dim() == 0:  # a temperature, or the offset of Monotonic: let it find keys
                parameter.fill_(3.0)
    return module.bfloat16().to(dtype)


def _assert_near(actual: Any, exact: Any, dtype: torch.dtype) -> None:
    found, expected = tensors_of(actual), tensors_of(exact)
    assert list(found) == list(expected)
    for place, tensor in found.items():
        assert tensor.dtype == dtype, place
        torch.testing.assert_close(
            tensor.double(),
            expected[place],
            rtol=TOLERANCE[dtype],
            atol=TOLERANCE[dtype],
            msg=partial("{}: {}".format, place),
        )


@of_every_attention
@in_every_dtype
def test_an_attention_keeps_the_dtype(name: str, dtype: torch.dtype) -> None:
    for keys in (1, K):
        found, exact = [
            _made(ATTENTIONS[name], each).eval()(*attention_inputs(each, keys=keys))
            for each in (dtype, torch.float64)
        ]
        assert found.weights.shape[-2:] == (Q, keys)
        _assert_near(found, exact, dtype)


@of_every_pooling
@in_every_dtype
def test_a_pooling_keeps_the_dtype(name: str, dtype: torch.dtype) -> None:
    for keys in (1, K):
        found, exact = [
            _made(POOLINGS[name], each)(*pooling_inputs(each, keys=keys))
            for each in (dtype, torch.float64)
        ]
        _assert_near(found, exact, dtype)


@of_every_attention
@in_every_dtype
def test_a_row_that_is_all_masked_is_zero_and_learns_nothing(name: str, dtype: torch.dtype) -> None:
    for training, keys in product((True, False), (1, K)):
        _check_masked_row(name, dtype, training, keys)


def _check_masked_row(name: str, dtype: torch.dtype, training: bool, keys: int) -> None:
    module = _made(ATTENTIONS[name], dtype, seed=2).train(training)
    query, key, values, mask = attention_inputs(dtype, keys=keys)
    inputs = [each.requires_grad_() for each in (query, key, values)]
    attended = module(*inputs, mask)
    for place, tensor in tensors_of(attended).items():
        assert tensor.isfinite().all(), place
        assert tensor.dtype == dtype, place
    assert (attended.context[1, 1] == 0).all()
    assert (attended.weights[1, ..., 1, :] == 0).all()
    assert (attended.weights[0] != 0).any()
    loss = attended.context.square().sum()
    if attended.log_prob is not None:
        assert (attended.log_prob[1, ..., 1] == 0).all()
        assert (attended.entropy[1, ..., 1] == 0).all()
        loss = loss + attended.log_prob.sum() + attended.entropy.sum()
    wanted = [*inputs, *module.parameters()]
    gradients = torch.autograd.grad(loss, wanted, allow_unused=True)
    for gradient in gradients:
        assert gradient is None or gradient.isfinite().all()
    if gradients[0] is not None:
        assert (gradients[0][1, 1] == 0).all()
    assert gradients[2] is not None
    allowed = mask[1].any(0)
    assert (gradients[2][1, ~allowed] == 0).all()


@of_every_pooling
@in_every_dtype
def test_a_case_that_is_all_masked_is_zero_and_learns_nothing(
    name: str, dtype: torch.dtype
) -> None:
    module = _made(POOLINGS[name], dtype)
    states, mask = pooling_inputs(dtype)
    states.requires_grad_()
    pooled = module(states, mask)
    for place, tensor in tensors_of(pooled).items():
        assert tensor.isfinite().all(), place
        assert (tensor[0] != 0).any(), place
        if place != ".first_weights":  # there every state asks, also of others
            assert (tensor[1] == 0).all(), place
    first = next(iter(tensors_of(pooled).values()))
    gradients = torch.autograd.grad(
        first.square().sum(), [states, *module.parameters()], allow_unused=True
    )
    for gradient in gradients:
        assert gradient is None or gradient.isfinite().all()
    assert gradients[0] is not None
    assert (gradients[0][1] == 0).all()
    assert (gradients[0][0, ~mask[0]] == 0).all()


@pytest.mark.parametrize(
    "window", ["global", "causal", "sliding", "alibi", "causal and alibi", "relative"]
)
@pytest.mark.parametrize("score", ["dot", "scaled dot, learned", "general", "cosine, learned"])
@in_every_dtype
def test_without_weights_too(window: str, score: str, dtype: torch.dtype) -> None:
    attention = _made(lambda: Attention(SCORES[score](), window=WINDOWS[window]()), dtype)
    query, keys, values, mask = attention_inputs(dtype)
    inputs = [each.requires_grad_() for each in (query, keys, values)]
    context = attention(*inputs, mask, need_weights=False).context
    exact = _made(lambda: Attention(SCORES[score](), window=WINDOWS[window]()), torch.float64)
    _assert_near(context, exact(*attention_inputs(torch.float64)).context, dtype)
    assert (context[1, 1] == 0).all()
    gradients = torch.autograd.grad(context.square().sum(), [*inputs, *attention.parameters()])
    for gradient in gradients:
        assert gradient.isfinite().all()
    assert (gradients[0][1, 1] == 0).all()


@pytest.mark.parametrize("heads", HEADS)
def test_heads_with_biases_answer_nothing_with_the_output_bias(heads: str) -> None:
    module = HEADS[heads]()
    module.output_projection.bias = nn.Parameter(torch.randn(17))
    context = module(*attention_inputs()).context
    torch.testing.assert_close(context[1, 1], module.output_projection.bias)


@in_every_dtype
@pytest.mark.parametrize("radius", [1, 1.5, 3, 7, 101])
def test_windows_need_no_divisible_lengths(dtype: torch.dtype, radius: float) -> None:
    """Keys before the first and behind the last are not missed."""
    for keys in (1, 2, 7, 13):
        window = _made(lambda: LocalPredictive(radius, query_dim=D, hidden_dim=A), dtype)
        query, key, values, _ = attention_inputs(dtype, keys=keys)
        attended = Attention(SCORES["dot"](), window=window)(query, key, values)  # type: ignore[arg-type]
        assert attended.weights is not None
        assert attended.weights.shape == (B, Q, keys)
        assert attended.weights.isfinite().all()


def test_the_place_that_is_predicted_far_out_is_as_exact_as_the_weights() -> None:
    """Whole numbers above 256 are not all in bfloat16: places must not be counted in it."""
    query = attention_inputs(torch.bfloat16)[0]
    weights = []
    for dtype in (torch.bfloat16, torch.float64):
        window = _made(lambda: LocalPredictive(5, query_dim=D, hidden_dim=A), dtype)
        same = torch.zeros(B, 1009, D, dtype=dtype)  # all scores alike: only the window tells
        attended = Attention(SCORES["dot"](), window=window)(query.to(dtype), same)  # type: ignore[arg-type]
        assert attended.weights is not None
        weights.append(attended.weights.double())
    torch.testing.assert_close(*weights, rtol=2e-2, atol=1e-3)


def test_the_places_of_rotary_heads_far_out_are_exact() -> None:
    results = []
    for dtype in (torch.bfloat16, torch.float64):
        heads = _made(HEADS["rotary"], dtype)
        query, keys, values, mask = attention_inputs(dtype)
        memory = heads.prepare(keys, values, mask, position=1009)  # type: ignore[operator]
        far = heads(query, memory, position=1009)
        near = heads(query, keys, values, mask)
        results.append(tensors_of(far))
        for place, tensor in tensors_of(near).items():
            tolerance = TOLERANCE[dtype] if dtype == torch.bfloat16 else 1e-9
            torch.testing.assert_close(
                tensors_of(far)[place], tensor, rtol=tolerance, atol=tolerance
            )
    for place, tensor in results[0].items():
        torch.testing.assert_close(tensor.double(), results[1][place], rtol=0.04, atol=0.04)
