"""Several heads: together as each alone, caches, groups, rotary positions."""

import copy
from math import cos, sin
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from regard.attention import (
    Additive,
    ALiBi,
    Attention,
    Causal,
    Coverage,
    Dot,
    General,
    Hard,
    LocalMonotonic,
    LocalPredictive,
    Location,
    LocationSensitive,
    Monotonic,
    MultiHead,
    Rotary,
    ScaledDot,
    Windows,
    entmax15,
    rotate,
    sparsemax,
)

B, Q, K, DQ, DK, DV, OUT, H, HEAD = 2, 5, 7, 11, 13, 17, 19, 3, 4

HEADS: dict[str, Any] = {
    "scaled dot": lambda: Attention(ScaledDot(learnable=True)),
    "additive, local-p": lambda: Attention(
        Additive(HEAD, HEAD, 5), window=LocalPredictive(2, query_dim=HEAD, hidden_dim=3)
    ),
    "general, sparsemax, local-m": lambda: Attention(
        General(HEAD, HEAD), window=LocalMonotonic(2), align=sparsemax
    ),
    "location, entmax": lambda: Attention(Location(HEAD, 11), align=entmax15),
    "location-sensitive": lambda: Attention(LocationSensitive(HEAD, HEAD, 5, filters=2, width=3)),
    "coverage, causal alibi": lambda: Attention(
        Coverage(HEAD, HEAD, 5), window=Windows(Causal(), ALiBi(0.5))
    ),
    "monotonic": lambda: Attention(ScaledDot(), align=Monotonic(noise=0)),
}


def _inputs() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    query, keys, values = (
        torch.randn(B, length, width, generator=generator, dtype=torch.float64)
        for length, width in ((Q, DQ), (K, DK), (K, DV))
    )
    mask = torch.rand(B, Q, K, generator=generator) < 0.8
    return query, keys, values, mask


def _multi_head(heads: Any, **how: Any) -> MultiHead:
    torch.manual_seed(0)
    module = MultiHead(heads, DQ, key_dim=DK, value_dim=DV, output_dim=OUT, head_dim=HEAD, **how)
    for parameter in module.parameters():
        nn.init.normal_(parameter, std=0.7)
    return module.double()


def _assert_same(actual: Any, expected: Any) -> None:
    torch.testing.assert_close(actual.context, expected.context)
    torch.testing.assert_close(actual.weights, expected.weights)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("head", HEADS)
def test_heads_at_once_are_heads_one_by_one(head: str, training: bool) -> None:
    shared = _multi_head([HEADS[head]()] * H).train(training)
    query, keys, values, mask = _inputs()
    context, weights = whole = shared(query, keys, values, mask)
    assert context.shape == (B, Q, OUT)
    assert weights.shape == (B, H, Q, K)
    apart = _multi_head([copy.deepcopy(shared.heads[0]) for _ in range(H)]).train(training)
    learned = shared.state_dict()
    for name, value in shared.state_dict().items():
        for h in range(1, H):
            learned[name.replace("heads.0.", f"heads.{h}.")] = value
    apart.load_state_dict(learned)
    assert not apart.shared
    _assert_same(apart(query, keys, values, mask), whole)
    assert len(list(shared.heads[0].parameters())) * H == sum(
        1 for head in apart.heads for _ in head.parameters()
    )


def test_each_head_makes_its_own_part_of_the_context() -> None:
    module = _multi_head(H, bias=False)
    query, keys, values, mask = _inputs()
    context, weights = module(query, keys, values, mask)
    projected = module.value_projection(values)
    parts = [weights[:, h] @ projected[..., HEAD * h : HEAD * (h + 1)] for h in range(H)]
    torch.testing.assert_close(module.output_projection(torch.cat(parts, -1)), context)
    # Turn the heads round, and nothing but the order of the weights changes.
    order = torch.tensor([2, 0, 1])
    columns = (order[:, None] * HEAD + torch.arange(HEAD)).flatten()
    turned = {
        name: weight[:, columns] if name.startswith("output") else weight[columns]
        for name, weight in module.state_dict().items()
    }
    module.load_state_dict(turned)
    moved, moved_weights = module(query, keys, values, mask)
    torch.testing.assert_close(moved, context)
    torch.testing.assert_close(moved_weights, weights[:, order])


@pytest.mark.parametrize("own", [True, False])
@pytest.mark.parametrize("kv_heads", [1, 2])
def test_grouped_heads_are_heads_with_the_same_keys(kv_heads: int, own: bool) -> None:
    heads = [Attention(ScaledDot()) for _ in range(4)] if own else 4
    grouped = _multi_head(heads, kv_heads=kv_heads)
    full = _multi_head(heads)
    learned = grouped.state_dict()
    for name in learned:
        if name.startswith(("key_projection", "value_projection")):
            per_head = learned[name].unflatten(0, (kv_heads, HEAD))
            learned[name] = per_head.repeat_interleave(4 // kv_heads, 0).flatten(0, 1)
    full.load_state_dict(learned)
    query, keys, values, mask = _inputs()
    _assert_same(grouped(query, keys, values, mask), full(query, keys, values, mask))
    prepared = grouped.prepare(keys, values)
    assert prepared.values.shape == (B, kv_heads, K, HEAD)  # what a cache holds is smaller


def test_rotation_by_hand() -> None:
    """The fast pair of columns turns by the place, the slow one base^(1/2) times slower."""
    vectors = torch.tensor([[1.0, 0, 1, 0], [0, 1, 0, 1]], dtype=torch.float64)
    rows = [[cos(1), sin(1), cos(0.5), sin(0.5)], [-sin(2), cos(2), -sin(1), cos(1)]]
    expected = torch.tensor(rows, dtype=torch.float64)
    torch.testing.assert_close(rotate(vectors, position=1, base=4.0), expected)
    torch.testing.assert_close(Rotary(4.0)(vectors, 1), expected)
    assert torch.equal(rotate(vectors[:1]), vectors[:1])


def test_rotary_scores_go_by_distance() -> None:
    module = _multi_head(H, rotary=Rotary(base=50.0))
    query, keys, values, _ = _inputs()
    near = module(query, module.prepare(keys, values), position=3)
    far = module(query, module.prepare(keys, values, position=100), position=103)
    other = module(query, module.prepare(keys, values, position=100), position=102)
    _assert_same(far, near)
    assert not torch.allclose(other.weights, near.weights)
    torch.testing.assert_close(rotate(query[..., :10]).norm(dim=-1), query[..., :10].norm(dim=-1))


@pytest.mark.parametrize("masked", ["none", "first", "second", "both", "each query"])
@pytest.mark.parametrize("head", HEADS)
def test_a_cache_grows_to_what_would_be_prepared_at_once(head: str, masked: str) -> None:
    """Of one attention, of heads that share one, of heads of their own, in groups, with places."""
    query, keys, values, rows = _inputs()
    cut = 3
    first, second = rows[:, 0, :cut], rows[:, 0, cut:]
    if masked == "each query":
        first, second = rows[:, :, :cut], rows[:, 0, cut:]
    if masked in ("none", "second"):
        first = torch.ones_like(first)
    if masked in ("none", "first"):
        second = torch.ones_like(second)
    joined = torch.cat(
        [
            mask if mask.dim() == 3 else mask.unsqueeze(1).expand(B, Q, -1)
            for mask in (first, second)
        ],
        -1,
    )
    halves = [
        None if masked in ("none", "second") else first,
        None if masked in ("none", "first") else second,
    ]
    alone = HEADS[head]().double().eval()
    for module, k, places in (
        (alone, keys[..., :HEAD], False),
        (_multi_head([HEADS[head]()] * 4, kv_heads=2, rotary=Rotary()).eval(), keys, True),
        (_multi_head([HEADS[head]() for _ in range(4)], kv_heads=2).eval(), keys, False),
    ):
        asked = query[..., :HEAD] if module is alone else query
        whole = module(asked, module.prepare(k, values, None if masked == "none" else joined))
        later = {"position": cut} if places else {}
        cache = module.prepare(k[:, :cut], values[:, :cut], halves[0]).extend(
            module.prepare(k[:, cut:], values[:, cut:], halves[1], **later)
        )
        _assert_same(module(asked, cache), whole)
        assert (cache.mask is None) == (masked == "none")


def test_a_decoder_with_a_cache_is_causal_attention() -> None:
    """One word at a time, each added to the cache before it looks."""
    words = _inputs()[0]
    heads = [Attention(ScaledDot(), window=ALiBi([0.5, 0.25, 0.125]))] * H
    whole = MultiHead(
        [Attention(ScaledDot(), window=Windows(Causal(), ALiBi([0.5, 0.25, 0.125])))] * H,
        DQ,
        head_dim=HEAD,
        rotary=Rotary(),
    ).double()
    stepwise = MultiHead(heads, DQ, head_dim=HEAD, rotary=Rotary()).double()
    stepwise.load_state_dict(whole.state_dict())
    expected = whole(words, words)
    cache = None
    for i in range(Q):
        word = words[:, i : i + 1]
        one = stepwise.prepare(word, position=i)
        cache = one if cache is None else cache.extend(one)
        step = stepwise(word, cache, position=i)
        torch.testing.assert_close(step.context, expected.context[:, i : i + 1])
        torch.testing.assert_close(step.weights, expected.weights[:, :, i : i + 1, : i + 1])


def test_heads_that_draw_beside_heads_that_do_not() -> None:
    """A head that leaves nothing to chance draws with certainty: log 1 = 0, and no entropy."""
    module = _multi_head(
        [Attention(Dot()), Attention(Dot(), align=Hard()), Attention(Dot(), align=sparsemax)]
    )
    query, keys, values, _ = _inputs()
    attended = module(query, keys, values)
    assert attended.log_prob.shape == attended.entropy.shape == (B, H, Q)
    assert (attended.log_prob[:, [0, 2]] == 0).all()
    assert (attended.entropy[:, [0, 2]] == 0).all()
    assert (attended.log_prob[:, 1] < 0).all()
    assert (attended.entropy[:, 1] > 0).all()
    assert module.eval()(query, keys, values).log_prob is None


def test_nothing_is_kept_between_calls() -> None:
    query, keys, values, mask = _inputs()
    for head in HEADS.values():
        module = _multi_head([head()] * H)
        before = {name: value.clone() for name, value in module.state_dict().items()}
        first = module(query, keys, values, mask)
        _assert_same(module(query, keys, values, mask), first)
        assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())
