"""Attention without its weights against softmax in float64: windows, masks, blocks, memory."""

import importlib
from collections.abc import Callable
from functools import partial
from typing import Any
from unittest.mock import Mock

import pytest
import torch
from torch import Tensor, nn
from torch.autograd import gradcheck, gradgradcheck

from regard.attention import (
    Additive,
    Attention,
    Causal,
    Concat,
    Global,
    LocalMonotonic,
    MultiHead,
    ScaledDot,
    Score,
    Sliding,
    Window,
    Windows,
)
from regard.attention.kernels import (
    Reach,
    additive_attention,
    additive_score,
    dot_attention,
    exponentials,
    is_narrow,
)

N, Q, K, A, DV = 5, 11, 13, 17, 3

EVERYTHING = Reach()
REACHES = {
    "everything": EVERYTHING,
    "its own place": Reach(0, 0),
    "two before": Reach(2, 0),
    "one before, three after": Reach(1, 3),
    "all before": Reach(None, 0),
    "all after": Reach(0, None),
    "all but what is far ahead": Reach(None, 4),
    "more than there is": Reach(100, 100),
}

each_kernel = pytest.mark.parametrize("kernel", ["plain", "blocked", "numba", "dot"])
each_fast = pytest.mark.parametrize("kernel", ["blocked", "numba", "dot"])
each_reach = pytest.mark.parametrize("name", REACHES)

Inputs = tuple[Tensor, ...]  # query, keys, values and, of additive attention, the vector


@pytest.fixture(params=["one block", "several blocks"])
def _blocks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "several blocks":  # three queries of two cases
        small_blocks(monkeypatch)


def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = importlib.import_module("regard.attention.kernels._stream")
    monkeypatch.setattr(stream, "_BLOCK", 2 * 3 * K + 1)
    monkeypatch.setattr(stream, "_ROWS", 3)


def numbers(*shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(sum(shape)))


def inputs(kernel: str, *, queries: int = Q, keys: int = K) -> Inputs:
    sides = (numbers(N, queries, A), numbers(N, keys, A), numbers(N, keys, DV))
    return sides if kernel == "dot" else (*sides, numbers(A))


def streamed(
    kernel: str, given: Inputs, mask: Tensor | None = None, reach: Reach = EVERYTHING, **how: Any
) -> Tensor:
    if kernel == "dot":
        query, keys, values = given
        return dot_attention(query, keys, values, mask, reach=reach, **how)
    query, keys, values, vector = given
    return additive_attention(query, keys, values, vector, mask, reach=reach, kernel=kernel, **how)


def allowed(
    queries: int, keys: int, mask: Tensor | None, reach: Reach, position: int = 0
) -> Tensor:
    """Boolean [..., Q, K], by counting."""
    seen = torch.ones(queries, keys, dtype=torch.bool)
    for i in range(queries):
        for j in range(keys):
            if reach.before is not None and j < i + position - reach.before:
                seen[i, j] = False
            if reach.after is not None and j > i + position + reach.after:
                seen[i, j] = False
    return seen if mask is None else seen & mask


def oracle(
    given: Inputs, mask: Tensor | None = None, reach: Reach = EVERYTHING, position: int = 0
) -> Tensor:
    query, keys, values, *vector = given
    if vector:
        sums = torch.tanh(query[..., :, None, :] + keys[..., None, :, :])
        scores = (sums * vector[0]).sum(-1)
    else:
        scores = (query[..., :, None, :] * keys[..., None, :, :]).sum(-1)
    seen = allowed(query.shape[-2], keys.shape[-2], mask, reach, position)
    odds = torch.where(seen, torch.exp(scores), 0.0)
    total = odds.sum(-1, keepdim=True)
    return odds / torch.where(total > 0, total, 1.0) @ values


def close(found: Tensor, wanted: Tensor, tolerance: float = 2e-6) -> None:
    """Differences of at most so much of the largest magnitude, or of one."""
    assert found.shape == wanted.shape
    error = float((found.double() - wanted).abs().max())
    assert error <= tolerance * max(1, float(wanted.abs().max()))


def with_gradients(
    attend: Callable[[Inputs], Tensor], given: Inputs, grad: Tensor
) -> tuple[Tensor, ...]:
    """The context, and the gradients of the inputs."""
    leaves = tuple(side.detach().requires_grad_() for side in given)
    context = attend(leaves)
    return (context.detach(), *torch.autograd.grad(context, leaves, grad))


def check(
    kernel: str,
    given: Inputs,
    mask: Tensor | None = None,
    reach: Reach = EVERYTHING,
    position: int = 0,
    *,
    tolerance: float = 2e-6,
    **how: Any,
) -> None:
    """Context and gradients against the oracle's, of the same numbers in float64."""
    grad = numbers(*given[0].shape[:-1], given[2].shape[-1]).to(given[0].dtype)
    found = with_gradients(
        lambda sides: streamed(kernel, sides, mask, reach, position=position, **how), given, grad
    )
    wanted = with_gradients(
        lambda sides: oracle(sides, mask, reach, position),
        tuple(side.double() for side in given),
        grad.double(),
    )
    for one, other in zip(found, wanted, strict=True):
        close(one, other, tolerance)


# Values and gradients


@each_kernel
@each_reach
@pytest.mark.usefixtures("_blocks")
def test_every_reach(kernel: str, name: str) -> None:
    for position in (0, 4):
        check(kernel, inputs(kernel), None, REACHES[name], position)


@each_kernel
@each_reach
@pytest.mark.usefixtures("_blocks")
def test_more_queries_than_keys(kernel: str, name: str) -> None:
    # Queries at the end, or all of them, are at places that no key is near.
    for position in (0, 2, 40):
        check(kernel, inputs(kernel, queries=19, keys=7), None, REACHES[name], position)


@each_kernel
@pytest.mark.usefixtures("_blocks")
def test_many_keys_for_few_queries(kernel: str) -> None:
    for name in ("everything", "two before", "all before", "all after"):
        check(kernel, inputs(kernel, queries=2, keys=61), None, REACHES[name], 30)


def _masks() -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(0)
    some = torch.rand(N, Q, K, generator=generator) < 0.6
    row, case = some.clone(), some.clone()
    row[1, 2] = False
    case[1] = False
    padding = torch.arange(K) < torch.tensor([K, 1, 5, 0, 7])[:, None, None]
    return {
        "padding": padding,
        "full": some,
        "a row of nothing": row,
        "a case of nothing": case,
        "nothing": torch.zeros(N, 1, K, dtype=torch.bool),
        "everything": torch.ones(N, Q, K, dtype=torch.bool),
        "expanded": padding.expand(N, Q, K),
        "the same in every case": some[:1].expand(N, Q, K),
        "without cases": some[0],
        "transposed": some.mT.contiguous().mT,
        "every second": (torch.rand(N, Q, 2 * K, generator=generator) < 0.6)[..., ::2],
    }


MASKS = tuple(_masks())


@each_kernel
@pytest.mark.parametrize("name", MASKS)
@pytest.mark.usefixtures("_blocks")
def test_masks(kernel: str, name: str) -> None:
    mask = _masks()[name]
    for reach in (Reach(), Reach(3, 1), Reach(None, 0)):
        check(kernel, inputs(kernel), mask, reach, 1)


@each_kernel
@pytest.mark.usefixtures("_blocks")
def test_zeros_where_nothing_may_be_attended(kernel: str) -> None:
    given, grad, position = inputs(kernel), numbers(N, Q, DV), 6
    mask = _masks()["a row of nothing"].clone()
    mask[3] = False
    mask[..., 4] = False
    for reach in (Reach(), Reach(2, 0), Reach(0, 2)):
        seen = allowed(Q, K, mask, reach, position)
        assert not seen.any(-1).all()
        attend = partial(streamed, kernel, mask=mask, reach=reach, position=position)
        found = with_gradients(attend, given, grad)
        context, of_query, of_keys, of_values, *_ = found
        assert all(part.isfinite().all() for part in found)
        assert (context[~seen.any(-1)] == 0).all()
        assert (of_query[~seen.any(-1)] == 0).all()
        assert (of_keys[~seen.any(-2)] == 0).all()
        assert (of_values[~seen.any(-2)] == 0).all()


@each_kernel
@pytest.mark.usefixtures("_blocks")
def test_scores_of_hundreds(kernel: str) -> None:
    query, keys, values, *vector = inputs(kernel)
    if kernel == "dot":
        query = query * 10
    else:
        vector = [vector[0] * 30]
    given = (query, keys, values, *vector)
    # The oracle's exp of some hundreds is within float64. A score of 300 is known to 2e-5.
    check(kernel, given, _masks()["full"], Reach(4, 2), tolerance=1e-4)


@pytest.mark.parametrize("kernel", ["plain", "blocked", "numba"])
def test_extreme_queries_and_keys(kernel: str) -> None:
    query, keys, values, vector = inputs(kernel)
    query[1, 2], keys[1, 3] = 100.0, -100.25
    query[2, :, 4], keys[2, 5, 4] = 1e30, -1e30
    for exp in (None, exponentials(keys)):
        check(kernel, (query, keys, values, vector), _masks()["full"], Reach(4, 2), keys_exp=exp)


@each_kernel
def test_a_later_token_changes_no_earlier_output(
    kernel: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_blocks(monkeypatch)
    given = inputs(kernel, queries=K)
    for reach in (Reach(None, 0), Reach(4, 0)):
        context = streamed(kernel, given, None, reach)
        for place in range(K):
            query, keys, values, *vector = (side.clone() for side in given)
            query[:, place] += 1
            keys[:, place] = 50.0
            values[:, place] = 1000.0
            changed = streamed(kernel, (query, keys, values, *vector), None, reach)
            if place:
                close(changed[:, :place], context[:, :place].double())
            assert not torch.allclose(changed[:, place], context[:, place])


@each_kernel
def test_more_dimensions(kernel: str, monkeypatch: pytest.MonkeyPatch) -> None:
    small_blocks(monkeypatch)
    given: Inputs = (numbers(2, 3, Q, A), numbers(2, 3, K, A), numbers(2, 3, K, DV))
    given = given if kernel == "dot" else (*given, numbers(A))
    for reach in (Reach(), Reach(3, 1)):
        check(kernel, given, None, reach)
        check(kernel, given, numbers(2, 1, 1, K) > 0, reach)
        check(kernel, given, numbers(2, 3, Q, K) > 0, reach)
        check(kernel, tuple(side[0, 0] if side.dim() == 4 else side for side in given), None, reach)


@each_kernel
@pytest.mark.usefixtures("_blocks")
def test_strides(kernel: str) -> None:
    query, keys, values, *vector = inputs(kernel)
    query = query.mT.contiguous().mT
    keys, values = (
        keys.transpose(0, 1).contiguous().transpose(0, 1),
        values.repeat(1, 1, 2)[..., ::2],
    )
    check(kernel, (query, keys, values, *vector), None, Reach(3, 1))
    query, keys, values = query[:, :1].expand(-1, Q, -1), keys[:1].expand(N, -1, -1), values[:, :1]
    given = (query, keys, values.expand(-1, K, -1), *vector)
    # All values are one, and most gradients what remains of a difference that should be none.
    check(kernel, given, _masks()["full"], tolerance=1e-5)


@each_kernel
@pytest.mark.usefixtures("_blocks")
def test_strides_of_the_incoming_gradient(kernel: str) -> None:
    given, reach = inputs(kernel), Reach(3, 1)
    exact = tuple(side.double() for side in given)
    for grad in (
        numbers(N, DV, Q).mT,
        numbers(Q, N, DV).transpose(0, 1),
        torch.ones(()).expand(N, Q, DV),
        numbers(N, 1, DV).expand(N, Q, DV),
    ):
        found = with_gradients(partial(streamed, kernel, reach=reach), given, grad)
        wanted = with_gradients(partial(oracle, reach=reach), exact, grad.double())
        for one, other in zip(found, wanted, strict=True):
            close(one, other, 5e-6)


@each_kernel
@pytest.mark.parametrize("sizes", [(0, 5, 7), (2, 0, 7), (2, 5, 0), (0, 0, 0)])
@pytest.mark.parametrize("masked", [False, True])
def test_nothing(kernel: str, sizes: tuple[int, int, int], masked: bool) -> None:
    cases, queries, keys = sizes
    given: Inputs = (
        torch.randn(cases, queries, A),
        torch.randn(cases, keys, A),
        torch.randn(cases, keys, DV),
    )
    given = given if kernel == "dot" else (*given, torch.randn(A))
    mask = torch.ones(cases, 1, keys, dtype=torch.bool) if masked else None
    context, *found = with_gradients(
        lambda sides: streamed(kernel, sides, mask, Reach(2, 0)),
        given,
        torch.ones(cases, queries, DV),
    )
    assert context.shape == (cases, queries, DV)
    assert (context == 0).all()
    for part, side in zip(found, given, strict=True):
        assert part.shape == side.shape
        assert (part == 0).all()


@each_kernel
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_narrow_numbers(kernel: str, dtype: torch.dtype) -> None:
    given = tuple(side.to(dtype) for side in inputs(kernel))
    grad = numbers(N, Q, DV).to(dtype)
    mask, reach = _masks()["full"], Reach(4, 2)
    found = with_gradients(lambda sides: streamed(kernel, sides, mask, reach), given, grad)
    wanted = with_gradients(
        lambda sides: oracle(sides, mask, reach),
        tuple(side.double() for side in given),
        grad.double(),
    )
    # What is rounded once at the end, or, in the plain formula, at every step.
    tolerance = torch.finfo(dtype).eps * (16 if kernel == "plain" else 1)
    for one, other in zip(found, wanted, strict=True):
        assert one.dtype == dtype
        close(one, other, tolerance)


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_values_of_another_dtype(dtype: torch.dtype, monkeypatch: pytest.MonkeyPatch) -> None:
    choice = importlib.import_module("regard.attention.kernels._choice")
    monkeypatch.setattr(choice, "_SMALL", 0)
    query, keys, values, vector = inputs("numba")
    for other in (values.to(dtype), values):
        given = (query, keys, other, vector)
        context = additive_attention(*given)
        assert context.dtype == other.dtype
        wanted = oracle(tuple(side.double() for side in given))
        close(context, wanted, 2e-6 if other.dtype != torch.bfloat16 else 2**-8)


@pytest.mark.parametrize("kernel", ["plain", "blocked", "dot"])
def test_double_precision(kernel: str, monkeypatch: pytest.MonkeyPatch) -> None:
    small_blocks(monkeypatch)
    given = tuple(side.double() for side in inputs(kernel))
    for reach in (Reach(), Reach(3, 1)):
        check(kernel, given, _masks()["a row of nothing"], reach, tolerance=1e-12)


@pytest.mark.parametrize("kernel", ["plain", "blocked", "dot"])
def test_finite_differences(kernel: str, monkeypatch: pytest.MonkeyPatch) -> None:
    small_blocks(monkeypatch)
    sides = (numbers(2, 5, 3), numbers(2, 7, 3), numbers(2, 7, 2), numbers(3))
    leaves = [side.double().requires_grad_() for side in sides[: 3 if kernel == "dot" else 4]]
    mask = numbers(2, 5, 7) > -0.5
    mask[1, 3] = False

    def attend(*given: Tensor) -> Tensor:
        return streamed(kernel, given, mask, Reach(3, 1), position=1)

    assert gradcheck(attend, leaves)
    assert gradgradcheck(attend, leaves)


@each_kernel
@pytest.mark.usefixtures("_blocks")
def test_gradients_of_gradients(kernel: str) -> None:
    mask, reach = _masks()["a row of nothing"], Reach(4, 2)

    def twice(attend: Callable[[Inputs], Tensor], given: Inputs) -> tuple[Tensor, ...]:
        leaves = tuple(side.detach().requires_grad_() for side in given)
        grad = numbers(N, Q, DV).to(given[0].dtype)
        first = torch.autograd.grad(attend(leaves), leaves, grad, create_graph=True)
        total = torch.stack([(part * part).sum() for part in first]).sum()
        return (total.detach(), *torch.autograd.grad(total, leaves))

    given = inputs(kernel)
    found = twice(lambda sides: streamed(kernel, sides, mask, reach), given)
    exact = tuple(side.double() for side in given)
    wanted = twice(lambda sides: oracle(sides, mask, reach), exact)
    for one, other in zip(found, wanted, strict=True):
        close(one, other, 5e-6)


@each_kernel
@pytest.mark.parametrize("which", [(0,), (1,), (2,), (0, 2)])
def test_gradients_of_some_of_the_inputs(kernel: str, which: tuple[int, ...]) -> None:
    given, grad = inputs(kernel), numbers(N, Q, DV)
    every = with_gradients(lambda sides: streamed(kernel, sides), given, grad)[1:]
    for once_more in (False, True):
        leaves = [side.clone() for side in given]
        chosen = [leaves[i].requires_grad_() for i in which]
        found = torch.autograd.grad(
            streamed(kernel, tuple(leaves)), chosen, grad, create_graph=once_more
        )
        for i, part in zip(which, found, strict=True):
            close(part.detach(), every[i].double())


@pytest.mark.parametrize("kernel", ["plain", "blocked", "numba"])
@pytest.mark.usefixtures("_blocks")
def test_exponentials_made_before(kernel: str) -> None:
    given = inputs(kernel)
    exp = exponentials(given[1])
    for reach in (Reach(), Reach(3, 1)):
        check(kernel, given, _masks()["full"], reach, keys_exp=exp)


@each_fast
@pytest.mark.parametrize("masked", [True, False])
def test_operator_keeps_torchs_rules(
    kernel: str, masked: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = tuple(side[:2].requires_grad_() for side in inputs(kernel)[:3])
    vector = () if kernel == "dot" else (numbers(A).requires_grad_(),)
    mask = _masks()["full"][:2] if masked else None
    module = importlib.import_module("regard.attention.kernels._attend")
    operator = Mock(wraps=module._attention)
    monkeypatch.setattr(module, "_attention", operator)
    how: dict[str, Any] = {"keys_exp": exponentials(given[1])} if vector else {}
    streamed(kernel, (*given, *vector), mask, Reach(3, None), position=1, **how)
    torch.library.opcheck(torch.ops.regard.attention.default, operator.call_args.args)


# Attention(..., need_weights=False)


SCORES: dict[str, Callable[[], Score]] = {
    "additive": lambda: Additive(5, 7, 11, bias=True),
    "concat": lambda: Concat(5, 7, 11),
    "scaled dot": ScaledDot,
}
WINDOWS: dict[str, Callable[[], Window]] = {
    "global": Global,
    "causal": Causal,
    "sliding": lambda: Sliding(5),
    "local-m": lambda: LocalMonotonic(3),
    "causal and sliding": lambda: Windows(Causal(), Sliding(5)),
}


@pytest.fixture(params=["small", "large"])
def size(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """On which side of the thresholds the inputs are."""
    side: str = request.param
    large = side == "large"
    choice = importlib.import_module("regard.attention.kernels._choice")
    reach = importlib.import_module("regard.attention.kernels._reach")
    monkeypatch.setattr(choice, "_SMALL", 0 if large else 1 << 40)
    monkeypatch.setattr(reach, "_SHORT", 0 if large else 1 << 40)
    small_blocks(monkeypatch)
    return side


def _given(score: str) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    width = 5 if score == "scaled dot" else 7
    mask = torch.arange(17) < torch.tensor([17, 7, 0])[:, None]
    return numbers(3, 19, 5), numbers(3, 17, width), numbers(3, 17, 2), mask


def _everything(
    module: nn.Module, *given: Any, need_weights: bool, **how: Any
) -> tuple[Tensor, ...]:
    """The context, and the gradients of the first three inputs and of the parameters."""
    leaves = [each.clone().requires_grad_() for each in given[:3]]
    context = module(*leaves, *given[3:], need_weights=need_weights, **how).context
    wanted = [*leaves, *module.parameters()]
    return (context.detach(), *torch.autograd.grad(context.square().sum(), wanted))


@pytest.mark.parametrize("score", SCORES)
@pytest.mark.parametrize("window", WINDOWS)
def test_without_weights_the_context_is_the_same(
    score: str, window: str, size: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(0)
    module = importlib.import_module("regard.attention.kernels._attend")
    attention = Attention(SCORES[score](), window=WINDOWS[window]())
    query, keys, values, padding = _given(score)
    full = numbers(3, 19, 17) > 0
    for mask in (None, padding, full & padding[:, None]):
        for position in (0, 2):
            given, how = (query, keys, values, mask), {"position": position}
            wanted = _everything(attention, *given, need_weights=True, **how)
            with monkeypatch.context() as patch:
                operator = Mock(wraps=module._attention)
                patch.setattr(module, "_attention", operator)
                found = _everything(attention, *given, need_weights=False, **how)
            narrow = window in ("sliding", "local-m", "causal and sliding")
            ours = size == "large" and (score != "scaled dot" or narrow)
            assert operator.call_count == (1 if ours else 0)
            for one, other in zip(found, wanted, strict=True):
                close(one, other.double(), 5e-6)


def test_without_weights_there_are_none(size: str) -> None:
    query, keys, values, _ = _given("additive")
    attended = Attention(SCORES["additive"]())(query, keys, values, need_weights=False)
    assert attended.weights is None


def test_dropout_is_not_left_out(size: str) -> None:
    torch.manual_seed(0)
    attention = Attention(SCORES["additive"](), window=Sliding(5), dropout=0.5)
    query, keys, values, _ = _given("additive")
    torch.manual_seed(1)
    wanted = attention(query, keys, values).context
    torch.manual_seed(1)
    found = attention(query, keys, values, need_weights=False).context
    close(found.detach(), wanted.detach().double())
    rested = attention.eval()(query, keys, values, need_weights=False).context
    assert not torch.allclose(found, rested)


def test_heads_without_weights(size: str) -> None:
    torch.manual_seed(0)
    heads = [Attention(Additive(6, 6, 5), window=Sliding(5)) for _ in range(2)]
    for module in (MultiHead(heads, 12), MultiHead([heads[0]] * 2, 12)):
        given = (numbers(3, 19, 12), numbers(3, 17, 12), numbers(3, 17, 12), _given("additive")[3])
        wanted = _everything(module, *given, need_weights=True)
        for one, other in zip(_everything(module, *given, need_weights=False), wanted, strict=True):
            close(one, other.double(), 5e-6)


def test_narrow_is_what_shows_less_than_half_of_many_keys() -> None:
    assert is_narrow(5, 1025)
    assert not is_narrow(5, 1024)
    assert is_narrow(1000, 2001)
    assert not is_narrow(1000, 2000)


def test_how_many_keys_are_in_reach() -> None:
    assert Reach(4, 0).width == 5
    assert Reach(3, 3).width == 7
    assert [reach.width for reach in (Reach(), Reach(None, 0), Reach(0, None))] == [None] * 3


# Memory


def largest_allocation(run: Callable[[], object]) -> int:
    """Bytes of the largest piece of memory that torch asks for on the CPU."""
    with torch.profiler.profile(
        activities=[torch.profiler.ProfilerActivity.CPU], profile_memory=True, acc_events=True
    ) as profile:
        run()
    assert profile.profiler is not None
    results = profile.profiler.kineto_results
    assert results is not None
    # Single pieces: what `profile.events()` says of an operator is the sum of what it asks for.
    pieces: list[int] = [event.nbytes() for event in results.events() if event.name() == "[memory]"]
    return max(pieces)


def _forward_and_backward(score: Callable[..., Tensor], *sides: Tensor) -> None:
    leaves = [side.requires_grad_() for side in sides]
    out = score(*leaves)
    torch.autograd.grad(out, leaves, torch.ones_like(out))


@pytest.mark.parametrize("kernel", ["blocked", "numba"])
@pytest.mark.parametrize("reach", [Reach(), Reach(None, 0)])
def test_nothing_as_large_as_the_weights_is_ever_held(kernel: str, reach: Reach) -> None:
    length, width = 809, 31
    sides = (*(numbers(1, length, width) for _ in range(3)), numbers(width))
    largest = largest_allocation(
        lambda: _forward_and_backward(lambda *given: streamed(kernel, given, None, reach), *sides)
    )
    assert 0 < largest < length * length * 4


@pytest.mark.parametrize("kernel", ["blocked", "numba"])
def test_scores_hold_nothing_larger_than_themselves(kernel: str) -> None:
    length, width = 499, 31
    sides = (numbers(1, length, width), numbers(1, length, width), numbers(width))
    largest = largest_allocation(
        lambda: _forward_and_backward(lambda *given: additive_score(*given, kernel=kernel), *sides)
    )
    assert length * length * 4 <= largest < 3 * length * length * 4


def test_the_plain_formula_would_be_seen_to_hold_more() -> None:
    length, width = 499, 31
    sides = (numbers(1, length, width), numbers(1, length, width), numbers(width))
    largest = largest_allocation(
        lambda: _forward_and_backward(lambda *given: additive_score(*given, kernel="plain"), *sides)
    )
    assert largest >= length * length * width * 4


@pytest.mark.parametrize("kernel", ["numba", "dot"])
def test_through_a_window_memory_is_linear_in_the_length(kernel: str) -> None:
    length, width = 7001, 3
    sides = tuple(numbers(1, length, width) for _ in range(3))
    sides = sides if kernel == "dot" else (*sides, numbers(width))
    largest = largest_allocation(
        lambda: _forward_and_backward(
            lambda *given: streamed(kernel, given, None, Reach(30, 30)), *sides
        )
    )
    assert largest < length * 61 * 4
