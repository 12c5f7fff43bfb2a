"""Gradients against finite differences, and none at all where nothing may be attended."""

from collections.abc import Callable
from dataclasses import fields
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.autograd import gradcheck
from torch.func import functional_call

from regard.attention import (
    Additive,
    ALiBi,
    Attended,
    Attention,
    AttentionPooling,
    Causal,
    Concat,
    ConjunctivePooling,
    Cosine,
    Coverage,
    Dot,
    General,
    HierarchicalPooling,
    LastStatePooling,
    LocalPredictive,
    Location,
    LocationSensitive,
    Monotonic,
    MultiHead,
    Pooled,
    Relative,
    Rotary,
    ScaledDot,
    Score,
    SelfAttentionPooling,
    StackedPooling,
    Window,
    Windows,
    coverage_loss,
    entmax15,
    masked_log_softmax,
    masked_softmax,
    monotonic_step,
    rotate,
    sample_one,
    sparsemax,
)

B, Q, K, D, DV, A = 2, 3, 5, 4, 2, 3

SCORES: dict[str, Callable[[], Score]] = {
    "additive": lambda: Additive(D, D, A, bias=True),
    "additive of the query itself": lambda: Additive(None, D, D),
    "concat": lambda: Concat(D, D, A, bias=True),
    "dot": Dot,
    "scaled dot": lambda: ScaledDot(learnable=True),
    "general": lambda: General(D, D),
    "cosine": lambda: Cosine(0.5, learnable=True),
    "location": lambda: Location(D, 11),
    "location-sensitive": lambda: LocationSensitive(D, D, A, filters=2, width=3),
    "coverage": lambda: Coverage(D, D, A),
}
WINDOWS: dict[str, Callable[[], Window]] = {
    "local-p": lambda: LocalPredictive(1.7, query_dim=D, hidden_dim=A),
    "local-p, renormalised": lambda: LocalPredictive(
        1.7, query_dim=D, hidden_dim=A, renormalise=True
    ),
    "causal alibi": lambda: Windows(Causal(), ALiBi(0.25)),
    "relative": lambda: Relative(D, distance=2),
}
ALIGNS: dict[str, Callable[[], Any]] = {
    "softmax": lambda: masked_softmax,
    "sparsemax": lambda: sparsemax,
    "entmax15": lambda: entmax15,
    "monotonic": lambda: Monotonic(noise=0),
}
HEADS: dict[str, Callable[[], MultiHead]] = {
    "shared": lambda: MultiHead([Attention(Additive(2, 2, A))] * 2, D, value_dim=DV),
    "of their own": lambda: MultiHead(
        [Attention(Cosine(learnable=True), align=entmax15), Attention(General(2, 2))],
        D,
        value_dim=DV,
    ),
    "grouped": lambda: MultiHead(4, D, value_dim=DV, kv_heads=2),
    "rotary": lambda: MultiHead(2, D, value_dim=DV, rotary=Rotary()),
}
POOLINGS: dict[str, Callable[[], nn.Module]] = {
    "attention": lambda: AttentionPooling(
        [Attention(Additive(None, D, A)), Attention(Additive(None, D, A))], A
    ),
    "self-attention": lambda: SelfAttentionPooling(
        [Attention(Coverage(D, D, A)), Attention(Dot(), window=Causal())]
    ),
    "last state": lambda: LastStatePooling(
        [Attention(Additive(D, D, A)), Attention(Dot(), align=sparsemax)]
    ),
    "conjunctive": lambda: ConjunctivePooling([Dot(), Dot()], D, D, 2),
    "stacked": lambda: StackedPooling(
        Attention(General(D, D)),
        lambda states, mask: states.cumsum(1),
        SelfAttentionPooling([Attention(Dot())]),
    ),
}


def _inputs(*shapes: tuple[int, ...]) -> list[Tensor]:
    generator = torch.Generator().manual_seed(0)
    return [
        torch.randn(shape, generator=generator, dtype=torch.float64).requires_grad_()
        for shape in shapes
    ]


def _some_mask() -> Tensor:
    mask = torch.rand(B, Q, K, generator=torch.Generator().manual_seed(1)) < 0.7
    mask[1, 2] = False  # a query that may attend to nothing
    return mask


def _tensors(result: Any) -> list[Tensor]:
    if isinstance(result, Attended | Pooled):
        return _tensors([getattr(result, field.name) for field in fields(result)])
    if isinstance(result, tuple | list):
        return [tensor for part in result for tensor in _tensors(part)]
    return [] if result is None else [result]


def _check(module: nn.Module, inputs: list[Tensor], *constants: Tensor) -> None:
    """The gradients of all that comes out, by all that goes in and all that is learned."""
    torch.manual_seed(0)
    for parameter in module.parameters():
        nn.init.normal_(parameter)
    names = [name for name, _ in module.double().named_parameters()]

    def call(*tensors: Tensor) -> tuple[Tensor, ...]:
        learned = dict(zip(names, tensors[len(inputs) :], strict=True))
        results = functional_call(module, learned, (*tensors[: len(inputs)], *constants))
        outputs = _tensors(results)
        assert all(tensor.requires_grad for tensor in outputs)
        return tuple(outputs)

    assert gradcheck(call, (*inputs, *module.parameters()))


# Only a score that reads the weights of the step before meets the alignment in its gradient.
RECURRENT = ("location-sensitive", "coverage")
SCORED = [
    *((score, "softmax") for score in SCORES),
    *((score, align) for score in RECURRENT for align in ("sparsemax", "entmax15")),
    *(("general", align) for align in ALIGNS if align != "softmax"),
]


@pytest.mark.parametrize(("score", "align"), SCORED)
def test_scores_and_alignments(score: str, align: str) -> None:
    inputs = _inputs((B, Q, D), (B, K, D), (B, K, DV))
    _check(Attention(SCORES[score](), align=ALIGNS[align]()), inputs, _some_mask())


@pytest.mark.parametrize("window", WINDOWS)
def test_windows(window: str) -> None:
    inputs = _inputs((B, Q, D), (B, K, D), (B, K, DV))
    _check(Attention(Dot(), window=WINDOWS[window]()), inputs, _some_mask())


@pytest.mark.parametrize("heads", HEADS)
def test_heads(heads: str) -> None:
    inputs = _inputs((B, Q, D), (B, K, D), (B, K, DV))
    _check(HEADS[heads](), inputs, _some_mask())


@pytest.mark.parametrize("pooling", POOLINGS)
def test_poolings(pooling: str) -> None:
    mask = torch.tensor([[True, True, True, False, False], [False] * 5])
    _check(POOLINGS[pooling](), _inputs((B, K, D)), mask)


def test_hierarchical_pooling() -> None:
    pooling = HierarchicalPooling(
        AttentionPooling([Attention(Additive(None, D, A))], A),
        AttentionPooling([Attention(Additive(None, D, 2))], 2),
        encode_words=lambda states, mask: states.cumsum(1),
    )
    mask = torch.tensor(
        [[[True, True, False], [True, False, False], [False] * 3], [[False] * 3] * 3]
    )
    _check(pooling, _inputs((B, 3, 3, D)), mask)


@pytest.mark.parametrize("function", [masked_softmax, masked_log_softmax, sparsemax, entmax15])
def test_alignments_of_scores(function: Callable[[Tensor, Tensor], Tensor]) -> None:
    assert gradcheck(lambda scores: function(3 * scores, _some_mask()), _inputs((B, Q, K)))


def test_what_was_drawn() -> None:
    def draw(scores: Tensor) -> tuple[Tensor, Tensor]:
        sampled = sample_one(scores, _some_mask(), generator=torch.Generator().manual_seed(0))
        assert sampled.log_prob is not None
        assert sampled.entropy is not None
        assert sampled.log_prob.requires_grad
        assert sampled.entropy.requires_grad
        return sampled.log_prob, sampled.entropy

    assert gradcheck(draw, _inputs((B, Q, K)))


def test_functions() -> None:
    assert gradcheck(rotate, _inputs((B, Q, D)))
    stop, previous = (tensor.detach().softmax(-1) for tensor in _inputs((B, K), (B, K)))
    inputs = [tensor.requires_grad_() for tensor in (stop, 1 - stop, previous)]
    assert gradcheck(monotonic_step, inputs)
    assert gradcheck(coverage_loss, _inputs((B, Q, K)))


@pytest.mark.parametrize("align", ALIGNS)
@pytest.mark.parametrize("score", SCORES)
def test_no_gradient_where_nothing_may_be_attended(score: str, align: str) -> None:
    if align == "monotonic" and score in RECURRENT:
        return  # refused
    attention = Attention(SCORES[score](), align=ALIGNS[align]()).double()
    inputs = _inputs((B, Q, D), (B, K, D), (B, K, DV))
    mask = torch.ones(B, Q, K, dtype=torch.bool)
    mask[1, 2] = False
    mask[0, :, 3] = False
    attended = attention(*inputs, mask)
    assert (attended.context[1, 2] == 0).all()
    of_query, of_keys, of_values = _gradients(attended, inputs)
    assert (of_query[1, 2] == 0).all()
    assert (of_keys[0, 3] == 0).all()
    assert (of_values[0, 3] == 0).all()
    for gradient in (of_query, of_values, of_keys)[: 2 if score == "location" else 3]:
        assert (gradient[0] != 0).any()
    attended = attention(*inputs, torch.zeros(B, K, dtype=torch.bool))
    for gradient in _gradients(attended, [*inputs, *attention.parameters()]):
        assert (gradient == 0).all()


def _gradients(attended: Attended, inputs: list[Any]) -> tuple[Tensor, ...]:
    """Those of a sum of squares of what was attended to, that all are finite."""
    loss = attended.context.square().sum() + _tensors(attended.weights)[0].square().sum()
    gradients = torch.autograd.grad(loss, inputs, allow_unused=True, materialize_grads=True)
    assert all(gradient.isfinite().all() for gradient in gradients)
    return gradients
