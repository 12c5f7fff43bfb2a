"""What users define themselves: a score, a window, an alignment. The core knows no mechanism."""

import ast
import re
from collections.abc import Callable
from math import inf
from pathlib import Path
from typing import Any

import pytest
import torch
from mechanisms import ALIGNS, WINDOWS, A, D, attention_inputs
from torch import Tensor, nn

import regard.attention.attention
from regard.attention import (
    Additive,
    Alignment,
    Attention,
    AttentionPooling,
    Causal,
    ConjunctivePooling,
    Coverage,
    Dot,
    Hard,
    LocalPredictive,
    Memory,
    Monotonic,
    MultiHead,
    Sampled,
    Score,
    SelfAttentionPooling,
    SequentialAlignment,
    View,
    Window,
    masked_softmax,
    sparsemax,
)
from regard.attention.kernels import Reach
from regard.errors import ConfigError


class Distance(Score):
    """score(q, k) = -|q - k|_1, by `compare` alone."""

    def compare(self, query: Tensor, prepared: Tensor) -> Tensor:
        return -(query.unsqueeze(-2) - prepared.unsqueeze(-3)).abs().sum(-1)


class EverySecond(Window):
    """The keys at even positions, and those after the first half less than the others."""

    has_gain = True

    def forward(
        self, query: Tensor, keys: int, *, lengths: Tensor | None = None, position: int = 0
    ) -> View:
        key = torch.arange(keys)
        gain = torch.where(key < keys / 2, 1.0, 0.5).to(query.dtype)
        return View((key % 2 == 0).expand(query.shape[-2], keys), None, gain.unsqueeze(0))


def share_of_positives(scores: Tensor, mask: Tensor | None) -> Tensor:
    """weights = relu(1 + score) / sum of them."""
    parts = torch.relu(1 + scores)
    parts = parts if mask is None else parts.masked_fill(~mask, 0.0)
    return parts / parts.sum(-1, keepdim=True).clamp(min=1e-6)


def by_hand(
    query: Tensor,
    keys: Tensor,
    values: Tensor,
    align: Callable[[Tensor, Tensor | None], Any],
    view: View,
    mask: Tensor,
) -> tuple[Tensor, Tensor]:
    """Context and weights from all distances."""
    scores = -torch.cdist(query, keys, p=1.0)
    scores = scores if view.bias is None else scores + view.bias
    weights = align(scores, mask if view.mask is None else mask & view.mask)
    weights = weights.weights if isinstance(weights, Sampled) else weights
    weights = weights if view.gain is None else weights * view.gain
    if view.renormalise:
        weights = weights / weights.sum(-1, keepdim=True).clamp(min=1e-12)
    return weights @ values, weights


@pytest.mark.parametrize("need_weights", [True, False])
@pytest.mark.parametrize(
    ("window", "align"),
    [
        (window, align)
        for window in WINDOWS
        for align in ("softmax", "sparsemax", "hard by reinforce")
        if not (window.startswith("local-p") and align.startswith("hard"))
    ],
)
def test_a_score_of_compare_alone(window: str, align: str, need_weights: bool) -> None:
    torch.manual_seed(0)
    seen, aligned = WINDOWS[window]().double(), ALIGNS[align]()
    if isinstance(aligned, nn.Module):
        aligned.eval()
    query, keys, values, mask = attention_inputs(torch.float64)
    attention = Attention(Distance(), window=seen, align=aligned)
    found = attention(query, keys, values, mask, need_weights=need_weights, position=1)
    lengths = (mask * torch.arange(1, keys.shape[1] + 1)).amax(-1)
    view = seen(query, keys.shape[1], lengths=lengths, position=1)
    context, weights = by_hand(query, keys, values, aligned, view, mask)
    torch.testing.assert_close(found.context, context)
    if need_weights:
        torch.testing.assert_close(found.weights, weights)
    else:
        assert found.weights is None


def test_a_score_of_compare_alone_on_many_keys() -> None:
    """Where other scores take kernels for bands and narrow windows."""
    torch.manual_seed(0)
    query, keys = torch.randn(1, 5, D).double(), torch.randn(1, 2500, D).double()
    allowed = torch.rand(1, 5, 2500) < 0.7
    window = LocalPredictive(9, query_dim=D, hidden_dim=A).double()
    found = Attention(Distance(), window=window)(query, keys, mask=allowed, need_weights=False)
    lengths = (allowed * torch.arange(1, 2501)).amax(-1)
    view = window(query, 2500, lengths=lengths)
    expected, _ = by_hand(query, keys, keys, masked_softmax, view, allowed)
    torch.testing.assert_close(found.context, expected)


@pytest.mark.parametrize("training", [True, False])
def test_a_score_of_compare_alone_aligned_monotonically(training: bool) -> None:
    """As scores that are dot products with a one-hot vector give."""
    query, keys, values, mask = attention_inputs(torch.float64)
    align = Monotonic(noise=0.0).double().train(training)
    align.offset.data.fill_(3.0)
    attention = Attention(Distance(), align=align).train(training)
    table = -torch.cdist(query, keys, p=1.0)
    places = torch.eye(keys.shape[1], dtype=torch.float64).expand(len(keys), -1, -1)
    same = Attention(Dot(), align=align).train(training)(table, places, values, mask)
    found = attention(query, keys, values, mask)
    torch.testing.assert_close(found.weights, same.weights)
    torch.testing.assert_close(found.context, same.context)
    assert found.weights is not None
    assert found.weights.any()


@pytest.mark.parametrize("shared", [True, False])
def test_a_score_of_compare_alone_in_heads_and_poolings(shared: bool) -> None:
    torch.manual_seed(0)
    head = Attention(Distance(), window=Causal())
    heads = [head] * 3 if shared else [head, Attention(Distance(), window=Causal()), head]
    module = MultiHead(heads, 6)
    words = torch.randn(2, 5, 6)
    context, weights = module(words, words)
    assert (context.shape, weights.shape) == ((2, 5, 6), (2, 3, 5, 5))
    query, keys = module.query_projection(words), module.key_projection(words)
    for h in range(3):
        part = slice(2 * h, 2 * h + 2)
        scores = -torch.cdist(query[..., part], keys[..., part], p=1.0)
        causal = torch.ones(5, 5, dtype=torch.bool).tril()
        torch.testing.assert_close(weights[:, h], masked_softmax(scores, causal))
    torch.testing.assert_close(module(words, module.prepare(words)).context, context)
    for pool in (
        AttentionPooling([Attention(Distance())], 6),
        SelfAttentionPooling([Attention(Distance())]),
    ):
        torch.testing.assert_close(pool(words).weights.sum(1), torch.ones(2))
    assert ConjunctivePooling([Distance()], 6, 6, 3)(words).logits.shape == (2, 3)


def test_a_score_says_nothing_more_by_itself() -> None:
    score, keys = Distance(), torch.zeros(2, 3, 5)
    assert score.query_width(keys) is None
    assert not score.compares_bands
    memory = Memory(keys, keys, None)
    how: dict[str, Any] = {"position": 0, "need_weights": False}
    assert score.attend(keys, memory, reach=Reach(), **how) is None
    assert score.attend_view(keys, memory, View(), dropout=0.0) is None


@pytest.mark.parametrize("score", [Distance, lambda: Additive(D, D, A), Dot])
@pytest.mark.parametrize("window", [None, EverySecond()])
@pytest.mark.parametrize("align", [masked_softmax, sparsemax, share_of_positives])
@pytest.mark.parametrize("need_weights", [True, False])
def test_a_window_and_an_alignment_of_ones_own(
    score: Callable[[], Score], window: Window | None, align: Any, need_weights: bool
) -> None:
    torch.manual_seed(0)
    query, keys, values, mask = attention_inputs()
    attention = Attention(score(), window=window, align=align)
    found = attention(query, keys, values, mask, need_weights=need_weights)
    scores = attention.score(query, keys)
    if window is None:
        weights = align(scores, mask)
    else:
        even = torch.tensor([True, False, True, False, True, False, True])
        weights = align(scores, mask & even) * torch.tensor([1, 1, 1, 1, 0.5, 0.5, 0.5])
    torch.testing.assert_close(found.context, weights @ values)
    assert need_weights == (found.weights is not None)
    if found.weights is not None:
        torch.testing.assert_close(found.weights, weights)


def test_an_alignment_refuses_what_it_does_not_go_with() -> None:
    class Picky(Alignment):
        def check(self, score: Score, window: Window) -> None:
            if window.has_gain:
                raise ConfigError("Picky takes no gain")

        def forward(self, scores: Tensor, mask: Tensor | None = None) -> Tensor:
            return masked_softmax(scores, mask)

    with pytest.raises(ConfigError, match="Picky takes no gain"):
        Attention(Distance(), window=EverySecond(), align=Picky())
    query, keys, values, mask = attention_inputs()
    found = Attention(Distance(), align=Picky())(query, keys, values, mask)
    torch.testing.assert_close(
        found.context, Attention(Distance())(query, keys, values, mask).context
    )
    message = "Hard attends to one position, and the gain of EverySecond would only scale"
    with pytest.raises(ConfigError, match=re.escape(message)):
        Attention(Distance(), window=EverySecond(), align=Hard())


class Onward(SequentialAlignment):
    """The best key after that of the previous query; none after the last."""

    def start(self, prepared: Tensor) -> Tensor:
        return prepared.new_zeros(prepared.shape[:-1])

    def align(
        self, score: Score, query: Tensor, prepared: Tensor, mask: Tensor | None, state: Tensor
    ) -> Tensor:
        rows = []
        for i in range(query.shape[-2]):
            open_now = state.cumsum(-1).roll(1, -1)
            open_now[..., 0] = 0
            after = open_now.bool() | (state.sum(-1, keepdim=True) == 0)
            allowed = after if mask is None else after & mask[..., i, :]
            scores = score.compare_where(query[..., i : i + 1, :], prepared, None).squeeze(-2)
            best = scores.masked_fill(~allowed, -inf).argmax(-1, keepdim=True)
            state = torch.zeros_like(state).scatter(-1, best, 1.0) * allowed
            rows.append(state)
        return torch.stack(rows, -2)


@pytest.mark.parametrize("score", [Distance, Dot])
def test_a_sequential_alignment_of_ones_own(score: type[Score]) -> None:
    query, keys, values, _ = attention_inputs(torch.float64)
    mask = torch.ones(2, 3, 7, dtype=torch.bool)
    mask[0, 1, 3:] = False
    attention = Attention(score(), align=Onward())
    both = attention(query, keys, values, mask)
    assert both.weights is not None
    stopped, places = both.weights.any(-1), both.weights.argmax(-1)
    later = places.diff(dim=-1)[stopped[:, 1:] & stopped[:, :-1]]
    assert len(later) > 0
    assert (later > 0).all()
    first = attention(query[:, :1], keys, values, mask[:, :1])
    rest = attention(query[:, 1:], keys, values, mask[:, 1:], state=first.state)
    torch.testing.assert_close(torch.cat([first.context, rest.context], 1), both.context)
    torch.testing.assert_close(rest.state, both.state)
    with pytest.raises(ConfigError, match="Onward cannot be combined with the window Causal"):
        Attention(score(), window=Causal(), align=Onward())
    with pytest.raises(ConfigError, match="Onward computes one score at a time, and Coverage"):
        Attention(Coverage(D, D, A), align=Onward())


# What the core may import of the package: base classes, softmax as the default, and helpers.
CONTRACTS = {"alignment", "checks", "kernels", "memory", "score", "softmax", "window"}


def test_the_core_imports_no_mechanism() -> None:
    tree = ast.parse(Path(regard.attention.attention.__file__).read_text(encoding="utf-8"))
    modules: set[str] = set()
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            modules.add(f"{'.' * node.level}{node.module or ''}")
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.Import):
            modules |= {alias.name for alias in node.names}
    ours = {module for module in modules if module.startswith(("regard", "."))}
    assert ours - {f"regard.attention.{name}" for name in CONTRACTS} == {"regard.errors"}
    mechanisms = {"Global", "entmax15", "masked_softmax", "sparsemax"}
    assert names & mechanisms == {"Global", "masked_softmax"}  # the defaults


def test_the_core_asks_for_contracts_alone() -> None:
    tree = ast.parse(Path(regard.attention.attention.__file__).read_text(encoding="utf-8"))
    asked = {
        name.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "isinstance"
        for name in ast.walk(node.args[1])
        if isinstance(name, ast.Name)
    }
    contracts = {"Alignment", "RecurrentScore", "Sampled", "Score", "SequentialAlignment"}
    assert asked == contracts | {"Window"}
