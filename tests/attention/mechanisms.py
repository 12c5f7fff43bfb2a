"""Every member of `regard.attention`, made small, for the tests that go over all of them.

Each is a factory by its name: what it makes has parameters of its own. The inputs hold a row of
which everything is masked: `mask[1, 1]` of an attention, the last case of a pooling.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from regard.attention import (
    Additive,
    ALiBi,
    Attention,
    AttentionPooling,
    Causal,
    Concat,
    ConjunctivePooling,
    Cosine,
    Coverage,
    Dot,
    General,
    Global,
    Hard,
    HierarchicalPooling,
    LastStatePooling,
    LocalMonotonic,
    LocalPredictive,
    Location,
    LocationSensitive,
    Monotonic,
    MultiHead,
    Relative,
    Rotary,
    ScaledDot,
    Score,
    SelfAttentionPooling,
    Sliding,
    StackedPooling,
    Uniform,
    Window,
    Windows,
    alibi_slopes,
    entmax15,
    masked_softmax,
    sparsemax,
)

B, Q, K, D, DV, A = 2, 3, 7, 5, 11, 13
HEAD = 6  # width of a head: even, for rotary positions

SCORES: dict[str, Callable[[], Score]] = {
    "additive": lambda: Additive(D, D, A),
    "additive with bias": lambda: Additive(D, D, A, bias=True),
    "concat": lambda: Concat(D, D, A, bias=True),
    "dot": Dot,
    "scaled dot": ScaledDot,
    "scaled dot, learned": lambda: ScaledDot(0.7, learnable=True),
    "general": lambda: General(D, D),
    "cosine": Cosine,
    "cosine, learned": lambda: Cosine(0.5, learnable=True),
    "location": lambda: Location(D, 17),
    "location-sensitive": lambda: LocationSensitive(D, D, A, filters=2, width=3),
    "coverage": lambda: Coverage(D, D, A),
    "none": Uniform,
}
RECURRENT = ("location-sensitive", "coverage")

WINDOWS: dict[str, Callable[[], Window]] = {
    "global": Global,
    "causal": Causal,
    "local-m": lambda: LocalMonotonic(1),
    "local-p": lambda: LocalPredictive(2, query_dim=D, hidden_dim=A),
    "local-p, renormalised": lambda: LocalPredictive(
        2, query_dim=D, hidden_dim=A, renormalise=True
    ),
    "sliding": lambda: Sliding(3),
    "alibi": lambda: ALiBi(0.25),
    "causal and alibi": lambda: Windows(Causal(), ALiBi(0.25)),
    "relative": lambda: Relative(D, distance=2),
}

ALIGNS: dict[str, Callable[[], Any]] = {
    "softmax": lambda: masked_softmax,
    "sparsemax": lambda: sparsemax,
    "entmax15": lambda: entmax15,
    "hard by reinforce": lambda: Hard("reinforce"),
    "hard by gumbel": lambda: Hard("gumbel", temperature=0.7),
    "monotonic": Monotonic,
}

# Queries D wide, keys D wide, values DV wide.
HEADS: dict[str, Callable[[], MultiHead]] = {
    "shared": lambda: _multi_head(3),
    "shared, additive": lambda: _multi_head([Attention(Additive(HEAD, HEAD, A))] * 3),
    "shared, sparsemax and alibi": lambda: _multi_head(
        [Attention(ScaledDot(), window=ALiBi(alibi_slopes(3)), align=sparsemax)] * 3
    ),
    "separate": lambda: _multi_head(
        [
            Attention(Additive(HEAD, HEAD, A)),
            Attention(Dot(), window=Causal()),
            Attention(Cosine(), align=sparsemax),
        ]
    ),
    "rotary": lambda: _multi_head(3, rotary=Rotary()),
    "grouped": lambda: _multi_head(4, kv_heads=2),
    "multi-query, separate": lambda: _multi_head(
        [Attention(ScaledDot(), align=entmax15), Attention(Dot())], kv_heads=1
    ),
}
RECURRENT_HEADS: dict[str, Callable[[], MultiHead]] = {
    "shared, coverage": lambda: _multi_head([Attention(Coverage(HEAD, HEAD, A))] * 3),
    "separate, location-sensitive": lambda: _multi_head(
        [Attention(LocationSensitive(HEAD, HEAD, A, filters=2, width=3)), Attention(Dot())]
    ),
    "shared, monotonic": lambda: _multi_head([Attention(ScaledDot(), align=Monotonic())] * 3),
}

# Of states [B, K, D].
POOLINGS: dict[str, Callable[[], nn.Module]] = {
    "attention": lambda: AttentionPooling([Attention(Additive(None, D, A))], A),
    "attention of two": lambda: AttentionPooling(
        [Attention(ScaledDot()), Attention(Dot(), align=sparsemax)], D
    ),
    "self-attention": lambda: SelfAttentionPooling(
        [Attention(ScaledDot(), window=LocalMonotonic(2)), Attention(General(D, D))]
    ),
    "last state": lambda: LastStatePooling(
        [Attention(Additive(D, D, A)), Attention(ScaledDot(), align=sparsemax)]
    ),
    "mean": lambda: AttentionPooling([Attention(Uniform())], D),
    "conjunctive": lambda: ConjunctivePooling([Additive(None, D, A)], A, D, 3),
    "stacked": lambda: StackedPooling(
        MultiHead(3, D, head_dim=HEAD), _running_sum, SelfAttentionPooling([Attention(ScaledDot())])
    ),
    "hierarchical": lambda: _Sentences(
        HierarchicalPooling(
            POOLINGS["attention"](),
            AttentionPooling([Attention(Dot())], D),
            encode_words=_running_sum,
        )
    ),
}


class Each(nn.Module):
    """Several mechanisms on the same inputs, so that one graph holds them all."""

    def __init__(self, members: Mapping[str, nn.Module]) -> None:
        super().__init__()
        self.names = list(members)
        self.members = nn.ModuleList(members.values())

    def forward(self, *inputs: Tensor) -> dict[str, Any]:
        """What each of them makes of the inputs, by its name."""
        return {
            name: member(*inputs) for name, member in zip(self.names, self.members, strict=True)
        }


class _Sentences(nn.Module):
    """Hierarchical pooling, of states [B, K, D] taken for one sentence after another."""

    def __init__(self, pooling: HierarchicalPooling) -> None:
        super().__init__()
        self.pooling = pooling

    def forward(self, states: Tensor, mask: Tensor) -> Any:
        """Of two sentences: the states, and the same turned round and without the last word."""
        words = torch.stack([states, states.flip(1)], 1)
        last = torch.arange(mask.shape[1], device=mask.device) == mask.shape[1] - 1
        return self.pooling(words, torch.stack([mask, mask.flip(1) & ~last], 1))


def attention_inputs(
    dtype: torch.dtype = torch.float32, *, seed: int = 0, keys: int = K
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Query [B, Q, D], keys [B, K, D], values [B, K, DV] and a mask [B, Q, K].

    The numbers are the same in every dtype, since those of bfloat16 are taken.
    """
    generator = torch.Generator().manual_seed(seed)
    query, key, value = (
        torch.randn(B, length, width, generator=generator).bfloat16().to(dtype)
        for length, width in ((Q, D), (keys, D), (keys, DV))
    )
    mask = torch.rand(B, Q, keys, generator=generator) < 0.7
    mask[0] |= torch.arange(keys) == 0
    mask[1, 1] = False
    return query, key, value, mask


def pooling_inputs(
    dtype: torch.dtype = torch.float32, *, seed: int = 0, keys: int = K
) -> tuple[Tensor, Tensor]:
    """States [B, K, D] and a mask [B, K], which leaves nothing of the last case."""
    _, states, _, mask = attention_inputs(dtype, seed=seed, keys=keys)
    return states, torch.stack([mask[0, 0], mask[1, 1]])


def tensors_of(result: Any) -> dict[str, Tensor]:
    """The tensors in what a mechanism, or `Each`, returns, by where in it they stand."""
    leaves = torch.utils._pytree.tree_flatten_with_path(result)[0]
    return {
        torch.utils._pytree.keystr(path): leaf for path, leaf in leaves if isinstance(leaf, Tensor)
    }


def assert_same(actual: Any, expected: Any, *, rtol: float = 1e-5, atol: float = 1e-6) -> None:
    """The same tensors in the same places."""
    actual, expected = tensors_of(actual), tensors_of(expected)
    assert list(actual) == list(expected)
    assert expected
    for place, tensor in expected.items():
        assert tensor.isfinite().all(), place
        torch.testing.assert_close(
            actual[place], tensor, rtol=rtol, atol=atol, msg=partial("{}: {}".format, place)
        )


def _multi_head(heads: Any, **how: Any) -> MultiHead:
    return MultiHead(heads, D, value_dim=DV, output_dim=17, head_dim=HEAD, bias=False, **how)


def _running_sum(states: Tensor, mask: Tensor | None) -> Tensor:
    """An encoder that leaves out what is masked, as those do that are told true lengths."""
    if mask is not None:
        states = states.masked_fill(~mask.unsqueeze(-1), 0.0)
    return states.cumsum(1)
