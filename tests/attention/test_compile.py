"""Every mechanism under torch.compile, as one graph, and through torch.export: the same numbers."""

import shutil
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
import torch
from mechanisms import (
    ALIGNS,
    HEADS,
    POOLINGS,
    RECURRENT,
    RECURRENT_HEADS,
    SCORES,
    WINDOWS,
    Each,
    assert_same,
    attention_inputs,
    pooling_inputs,
)
from torch import Tensor, nn
from torch.export import Dim

from regard.attention import (
    Attended,
    Attention,
    Causal,
    Memory,
    MultiHead,
    Rotary,
    Score,
    sparsemax,
)

_Inputs = tuple[Tensor, ...]


@pytest.fixture(autouse=True)
def _nothing_compiled_before() -> Iterator[None]:
    torch.compiler.reset()
    torch.manual_seed(0)
    yield
    torch.compiler.reset()


class _Graphs:
    """A backend that runs what it is given as it is, and counts how often it was given any."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, graph: torch.fx.GraphModule, _: list[Tensor]) -> Callable[..., Any]:
        self.count += 1
        return graph.forward


class _Fused(nn.Module):
    """The attention asked for no weights."""

    def __init__(self, attention: nn.Module) -> None:
        super().__init__()
        self.attention = attention

    def forward(self, *inputs: Tensor) -> Any:
        return self.attention(*inputs, need_weights=False)


def _stateless() -> Each:
    """One of each kind that does not take one query after the other, some in one attention."""
    members: dict[str, nn.Module] = {
        f"{score}, {window}, {align}": Attention(
            SCORES[score](), window=WINDOWS[window](), align=ALIGNS[align]()
        )
        for score, window, align in (
            ("additive", "causal", "sparsemax"),
            ("concat", "alibi", "softmax"),
            ("general", "local-p", "entmax15"),
            ("cosine", "global", "softmax"),
            # in evaluation both hard ones are alike
            ("location", "global", "hard by reinforce"),
        )
    }
    return Each(members | {name: HEADS[name]() for name in ("rotary", "grouped")}).eval()


def _poolings() -> Each:
    """One of each class; those left out are parts of the others, or vary them."""
    left_out = ("attention", "attention of two", "mean")
    return Each({name: pooling() for name, pooling in POOLINGS.items() if name not in left_out})


# Of every score and window one; what only varies them is in the other groups.
VARIANTS = ("additive with bias", "scaled dot", "cosine")
CROSSED = ("global", "causal", "local-m", "local-p", "sliding", "alibi", "relative")
# Scores that meet windows in the code of another are crossed with one of each kind: one that goes
# by positions alone, and one that looks at a band and has a gain.
ALIKE = {
    "concat": "additive",
    "dot": "general",
    "scaled dot, learned": "general",
    "cosine, learned": "general",
    "coverage": "location-sensitive",
    "none": "location",
}


def _under(score: Callable[[], Score], windows: Iterable[str]) -> Callable[[], Each]:
    return lambda: Each({at: Attention(score(), window=WINDOWS[at]()) for at in windows})


GROUPS: dict[str, tuple[Callable[[], Each], Callable[..., _Inputs]]] = {
    f"{name} under windows": (
        _under(score, ("causal", "local-p") if name in ALIKE else CROSSED),
        attention_inputs,
    )
    for name, score in SCORES.items()
    if name not in VARIANTS
}
GROUPS["no weights asked for"] = (
    lambda: Each(
        {
            f"{name}, {at}": _Fused(Attention(SCORES[name](), window=WINDOWS[at]()))
            for name in ("scaled dot, learned", "general", "cosine")
            for at in ("global", "causal", "alibi", "causal and alibi")
        }
    ),
    attention_inputs,
)
GROUPS["every align"] = (
    lambda: Each(
        {name: Attention(SCORES["general"](), align=align()) for name, align in ALIGNS.items()}
    ).eval(),
    attention_inputs,
)
GROUPS["heads"] = (lambda: Each({name: make() for name, make in HEADS.items()}), attention_inputs)
GROUPS["heads one query at a time"] = (
    lambda: Each({name: make() for name, make in RECURRENT_HEADS.items()}).eval(),
    attention_inputs,
)
GROUPS["poolings"] = (_poolings, pooling_inputs)


DERIVED = ("every align", "poolings")  # compiled with their gradients


@pytest.mark.parametrize("name", [name for name in GROUPS if name not in DERIVED])
def test_one_graph_gives_the_same(name: str) -> None:
    make, inputs = GROUPS[name]
    module, given = make(), inputs()
    graphs = _Graphs()
    compiled = torch.compile(module, fullgraph=True, backend=graphs)
    assert_same(compiled(*given), module(*given))
    assert graphs.count == 1


# Poolings are exported below. Scores and windows, which are crossed above, are exported once each:
# it is the same code that is traced.
EXPORTED = {
    name: group
    for name, group in GROUPS.items()
    if name != "poolings" and not name.endswith(" under windows")
}
EXPORTED["every score"] = (
    lambda: Each({name: Attention(make()) for name, make in SCORES.items()}),
    attention_inputs,
)
EXPORTED["every window"] = (_under(SCORES["additive"], WINDOWS), attention_inputs)


@pytest.mark.parametrize("name", EXPORTED)
def test_exported_program_gives_the_same(name: str) -> None:
    make, inputs = EXPORTED[name]
    module, given = make(), inputs()
    exported = torch.export.export(module, given).module()
    assert_same(exported(*given), module(*given))
    others = inputs(seed=1)
    assert_same(exported(*others), module(*others))


def _gradients(module: nn.Module, result: Any, inputs: _Inputs) -> dict[str, Tensor | None]:
    """Of the squares of all contexts, or logits, to the inputs and parameters."""
    total = sum(
        (each.context if hasattr(each, "context") else each.logits).square().sum()
        for each in result.values()
    )
    assert isinstance(total, Tensor)
    wanted = {f"input {i}": each for i, each in enumerate(inputs) if each.is_floating_point()}
    wanted |= dict(module.named_parameters())
    found = torch.autograd.grad(total, list(wanted.values()), allow_unused=True)
    return dict(zip(wanted, found, strict=True))


@pytest.mark.parametrize("name", DERIVED)
def test_one_graph_gives_the_same_with_its_gradients(name: str) -> None:
    make, inputs = GROUPS[name]
    module = make()
    given = tuple(
        each.requires_grad_() if each.is_floating_point() else each for each in inputs(seed=2)
    )
    compiled = torch.compile(module, fullgraph=True, backend="aot_eager")
    found, expected = compiled(*given), module(*given)
    assert_same(found, expected)
    assert_same(
        _gradients(module, found, given),
        _gradients(module, expected, given),
        atol=5e-6,  # sums of float32 in another order
    )


@pytest.mark.parametrize("name", ALIGNS)
def test_training_draws_the_same_from_the_same_seed(name: str) -> None:
    module = Attention(SCORES["additive"](), align=ALIGNS[name](), dropout=0.3).train()
    compiled = torch.compile(module, fullgraph=True, backend="eager")
    given = attention_inputs()
    torch.manual_seed(1)
    expected = module(*given)
    torch.manual_seed(1)
    assert_same(compiled(*given), expected)


@pytest.mark.parametrize("name", ["hard by reinforce", "hard by gumbel"])
def test_exported_in_training_draws_one_position(name: str) -> None:
    module = Attention(SCORES["scaled dot"](), align=ALIGNS[name]()).train()
    *given, mask = attention_inputs()
    weights = torch.export.export(module, (*given, mask)).module()(*given, mask).weights
    torch.testing.assert_close(weights.amax(-1), mask.any(-1).float())
    torch.testing.assert_close(weights.sum(-1), mask.any(-1).float())
    assert (weights[~mask] == 0).all()


# Lengths of queries and keys, and cases; neither 0 nor 1, which are always graphs of their own.
SIZES = [(2, 3, 7), (3, 5, 11), (7, 11, 3)]


def _of_sizes(batch: int, queries: int, keys: int) -> _Inputs:
    generator = torch.Generator().manual_seed(batch + queries + keys)
    mask = torch.rand(batch, queries, keys, generator=generator) < 0.7
    mask[1, 1] = False
    return (
        torch.randn(batch, queries, 5, generator=generator),
        torch.randn(batch, keys, 5, generator=generator),
        torch.randn(batch, keys, 11, generator=generator),
        mask,
    )


def test_one_graph_serves_every_length() -> None:
    module, graphs = _stateless(), _Graphs()
    compiled = torch.compile(module, fullgraph=True, backend=graphs, dynamic=True)
    for sizes in SIZES:
        given = _of_sizes(*sizes)
        assert_same(compiled(*given), module(*given))
    assert graphs.count == 1


def test_one_graph_of_poolings_serves_every_length() -> None:
    module, graphs = _poolings(), _Graphs()
    compiled = torch.compile(module, fullgraph=True, backend=graphs, dynamic=True)
    for batch, queries, keys in SIZES:
        _, states, _, mask = _of_sizes(batch, queries, keys)
        assert_same(compiled(states, mask[:, 1]), module(states, mask[:, 1]))
    assert graphs.count == 1


def test_without_being_told_lengths_become_dynamic_at_the_second() -> None:
    module, graphs = Attention(SCORES["additive"](), window=Causal()), _Graphs()
    compiled = torch.compile(module, fullgraph=True, backend=graphs)
    for sizes in SIZES:
        given = _of_sizes(*sizes)
        assert_same(compiled(*given), module(*given))
    assert graphs.count == 2


def test_one_exported_program_serves_every_length() -> None:
    module = _stateless()
    batch, queries, keys = Dim("B"), Dim("Q"), Dim("K", max=17)  # as many as Location was made for
    shapes = ({0: batch, 1: queries}, *({0: batch, 1: keys},) * 2, {0: batch, 1: queries, 2: keys})
    given = _of_sizes(*SIZES[0])
    program = torch.export.export(module, given, dynamic_shapes=(shapes,)).module()
    for sizes in SIZES:
        given = _of_sizes(*sizes)
        assert_same(program(*given), module(*given))


def test_one_exported_program_of_poolings_serves_every_length() -> None:
    module = _poolings().eval()  # in training batch normalisation has two cases or more
    batch, keys = Dim("B"), Dim("K")
    shapes = ({0: batch, 1: keys}, {0: batch, 1: keys})
    program = torch.export.export(module, pooling_inputs(), dynamic_shapes=(shapes,)).module()
    for sizes in SIZES:
        _, states, _, mask = _of_sizes(*sizes)
        assert_same(program(states, mask[:, 1]), module(states, mask[:, 1]))


@torch.no_grad()
def test_a_decoder_with_a_cache_is_not_compiled_anew_at_every_step() -> None:
    causal = [Attention(SCORES["scaled dot"](), window=Causal())] * 2
    module = MultiHead(causal, 12, rotary=Rotary())
    graphs = _Graphs()

    def step(state: Tensor, memory: Memory | None, position: int) -> tuple[Attended, Memory]:
        own = module.prepare(state, position=position)
        memory = own if memory is None else memory.extend(own)
        return module(state, memory, position=position), memory

    compiled = torch.compile(step, fullgraph=True, backend=graphs)
    states = torch.randn(2, 13, 12)
    whole = module(states, states)
    memory = None
    for i in range(13):
        attended, memory = compiled(states[:, i : i + 1], memory, i)
        torch.testing.assert_close(attended.context, whole.context[:, i : i + 1])
    # the first step, the second and then one for all; position 1 and one key are special to it
    assert graphs.count <= 4


@torch.no_grad()
def test_compiled_steps_hand_on_their_state() -> None:
    for name in RECURRENT:
        torch.compiler.reset()
        attention = Attention(SCORES[name]())
        query, keys, values, _ = attention_inputs()
        memory = attention.prepare(keys, values)
        whole = attention(query, memory)
        compiled = torch.compile(attention, fullgraph=True, backend="eager")
        state = None
        for i in range(query.shape[1]):
            attended = compiled(query[:, i : i + 1], memory, state=state)
            state = attended.state
            torch.testing.assert_close(attended.context, whole.context[:, i : i + 1])


@pytest.mark.skipif(shutil.which("g++") is None, reason="inductor needs a C++ compiler, g++")
@pytest.mark.filterwarnings("ignore:`torch.jit.script_method` is deprecated:DeprecationWarning")
@torch.no_grad()
def test_inductor_gives_the_same() -> None:
    module = Attention(SCORES["additive"](), window=Causal(), align=sparsemax)
    given = attention_inputs()
    compiled = torch.compile(module, fullgraph=True, backend="inductor")
    assert_same(compiled(*given), module(*given))
