"""Attention and heads against torch: its fused kernel and its module of several heads."""

import re

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

from regard.attention import (
    Additive,
    ALiBi,
    Attention,
    Causal,
    Cosine,
    Dot,
    Memory,
    MultiHead,
    Rotary,
    ScaledDot,
    sparsemax,
)
from regard.errors import ConfigError

B, H, Q, K, D, DV = 2, 3, 5, 7, 11, 13
WIDTH, DK = 33, 17  # of H heads; of keys

with_or_without_bias = pytest.mark.parametrize("bias", [True, False])
of_widths = pytest.mark.parametrize(
    ("kdim", "vdim"), [(None, None), (DK, DV), (DK, None), (None, DV)], ids=str
)


def _random(*shape: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


def _padding() -> Tensor:
    return torch.arange(K) < torch.tensor([[4], [K]])


def _some(*shape: int) -> Tensor:
    mask = torch.rand(*shape, generator=torch.Generator().manual_seed(3)) < 0.6
    mask[..., 0] = True
    return mask


def _peer(
    kdim: int | None = None,
    vdim: int | None = None,
    *,
    bias: bool = True,
    batch_first: bool = True,
    dropout: float = 0.0,
) -> nn.MultiheadAttention:
    torch.manual_seed(0)
    peer = nn.MultiheadAttention(
        WIDTH,
        H,
        dropout=dropout,
        bias=bias,
        kdim=kdim,
        vdim=vdim,
        batch_first=batch_first,
        dtype=torch.float64,
    )
    for name, parameter in peer.named_parameters():
        if name.endswith("bias"):  # which torch starts at zero
            nn.init.normal_(parameter)
    return peer


def _inputs(kdim: int | None = None, vdim: int | None = None) -> tuple[Tensor, Tensor, Tensor]:
    query = _random(B, Q, WIDTH)
    return query, _random(B, K, kdim or WIDTH, seed=1), _random(B, K, vdim or WIDTH, seed=2)


@pytest.mark.parametrize("need_weights", [True, False])
@pytest.mark.parametrize("masked", [None, "keys", "pairs"])
@pytest.mark.parametrize("scale", [None, 0.3])
def test_scaled_dot(masked: str | None, need_weights: bool, scale: float | None) -> None:
    query, keys, values = _random(B, Q, D), _random(B, K, D, seed=1), _random(B, K, DV, seed=2)
    mask = {None: None, "keys": _padding(), "pairs": _some(B, Q, K)}[masked]
    given = mask[:, None] if masked == "keys" and mask is not None else mask
    expected = scaled_dot_product_attention(query, keys, values, given, scale=scale)
    attention = Attention(ScaledDot(scale))
    context = attention(query, keys, values, mask, need_weights=need_weights).context
    torch.testing.assert_close(context, expected)


@pytest.mark.parametrize("need_weights", [True, False])
@pytest.mark.parametrize("queries", [3, K, 11])
def test_causal(queries: int, need_weights: bool) -> None:
    """Both let the first query see the first key alone, however many of each there are."""
    query, keys, values = (
        _random(B, queries, D),
        _random(B, K, D, seed=1),
        _random(B, K, DV, seed=2),
    )
    expected = scaled_dot_product_attention(query, keys, values, is_causal=True)
    attention = Attention(ScaledDot(), window=Causal())
    context = attention(query, keys, values, need_weights=need_weights).context
    torch.testing.assert_close(context, expected)


@pytest.mark.parametrize("need_weights", [True, False])
@pytest.mark.parametrize("causal", [True, False])
def test_heads_in_a_dimension_of_their_own(causal: bool, need_weights: bool) -> None:
    query, keys = _random(B, H, Q, D), _random(B, H, K, D, seed=1)
    values, mask = _random(B, H, K, DV, seed=2), _some(B, H, Q, K)
    order = torch.ones(Q, K, dtype=torch.bool).tril()
    expected = scaled_dot_product_attention(query, keys, values, mask & order if causal else mask)
    attention = Attention(ScaledDot(), window=Causal() if causal else None)
    context = attention(query, Memory(keys, values, mask), need_weights=need_weights).context
    torch.testing.assert_close(context, expected)


@pytest.mark.parametrize("need_weights", [True, False])
def test_a_bias_is_what_torch_takes_for_a_float_mask(need_weights: bool) -> None:
    query, keys, values = _random(B, Q, D), _random(B, K, D, seed=1), _random(B, K, DV, seed=2)
    distance = (torch.arange(K) - torch.arange(Q)[:, None]).abs().double()
    expected = scaled_dot_product_attention(query, keys, values, -0.25 * distance)
    attention = Attention(ScaledDot(), window=ALiBi(0.25))
    context = attention(query, keys, values, need_weights=need_weights).context
    torch.testing.assert_close(context, expected)


@with_or_without_bias
@of_widths
@pytest.mark.parametrize("masked", [True, False])
@pytest.mark.parametrize("batch_first", [True, False])
def test_from_torch_gives_the_same_context_and_weights(
    kdim: int | None, vdim: int | None, bias: bool, masked: bool, batch_first: bool
) -> None:
    peer = _peer(kdim, vdim, bias=bias, batch_first=batch_first)
    inputs = _inputs(kdim, vdim)
    mask = _padding() if masked else None
    expected, expected_weights = peer(
        *(each if batch_first else each.transpose(0, 1) for each in inputs),
        key_padding_mask=None if mask is None else ~mask,
        average_attn_weights=False,
    )
    ours = MultiHead.from_torch(peer)
    context, weights = ours(*inputs, mask)
    torch.testing.assert_close(context, expected if batch_first else expected.transpose(0, 1))
    torch.testing.assert_close(weights, expected_weights)
    assert weights.shape == (B, H, Q, K)
    without = ours(*inputs, mask, need_weights=False).context
    torch.testing.assert_close(without, context)


def test_from_torch_with_a_mask_of_pairs() -> None:
    peer, inputs, mask = _peer(), _inputs(), _some(B, Q, K)
    expected, expected_weights = peer(
        *inputs, attn_mask=~mask.repeat_interleave(H, 0), average_attn_weights=False
    )
    context, weights = MultiHead.from_torch(peer)(*inputs, mask)
    torch.testing.assert_close(context, expected)
    torch.testing.assert_close(weights, expected_weights)


def test_gradients_are_the_same() -> None:
    peer, inputs, mask = _peer(), _inputs(), _padding()
    ours = MultiHead.from_torch(peer)
    peer(*inputs, key_padding_mask=~mask)[0].square().sum().backward()
    ours(*inputs, mask).context.square().sum().backward()
    assert peer.in_proj_weight.grad is not None
    for mine, theirs in zip(
        (ours.query_projection, ours.key_projection, ours.value_projection),
        peer.in_proj_weight.grad.chunk(3),
        strict=True,
    ):
        torch.testing.assert_close(mine.weight.grad, theirs)


@with_or_without_bias
@of_widths
@pytest.mark.parametrize("training", [True, False])
def test_there_and_back_again(
    kdim: int | None, vdim: int | None, bias: bool, training: bool
) -> None:
    peer = _peer(kdim, vdim, bias=bias, dropout=0.25).train(training)
    ours = MultiHead.from_torch(peer)
    again = ours.to_torch()
    before, after = peer.state_dict(), again.state_dict()
    assert list(before) == list(after)
    for name, tensor in before.items():
        assert torch.equal(tensor, after[name])
    for one in (ours, again):
        assert one.training is training
    assert again.dropout == 0.25
    inputs, mask = _inputs(kdim, vdim), _padding()
    expected = peer.eval()(*inputs, key_padding_mask=~mask)
    for mine, theirs in zip(again.eval()(*inputs, key_padding_mask=~mask), expected, strict=True):
        assert torch.equal(mine, theirs)
    torch.testing.assert_close(ours.eval()(*inputs, mask).context, expected[0])


def test_to_torch_of_heads_made_here() -> None:
    torch.manual_seed(0)
    ours = MultiHead([Attention(ScaledDot(), dropout=0.5)] * H, WIDTH, key_dim=DK, value_dim=DV)
    inputs = tuple(each.float() for each in _inputs(DK, DV))
    peer = ours.eval().to_torch()
    assert not peer.training
    assert peer.dropout == 0.5
    expected, weights = peer(*inputs, average_attn_weights=False)
    torch.testing.assert_close(ours(*inputs).context, expected)
    torch.testing.assert_close(ours(*inputs).weights, weights)


def test_the_copies_are_copies() -> None:
    peer = _peer()
    ours = MultiHead.from_torch(peer)
    before = ours.query_projection.weight.detach().clone()
    with torch.no_grad():
        peer.in_proj_weight.zero_()
    assert torch.equal(ours.query_projection.weight, before)
    back = ours.to_torch()
    with torch.no_grad():
        ours.query_projection.weight.zero_()
    assert torch.equal(back.in_proj_weight[:WIDTH], before)


@pytest.mark.parametrize("extra", ["add_bias_kv", "add_zero_attn"])
def test_what_has_no_counterpart_here_is_refused(extra: str) -> None:
    peer = nn.MultiheadAttention(WIDTH, H, **{extra: True})
    with pytest.raises(
        ConfigError, match="^add_bias_kv and add_zero_attn have no counterpart in MultiHead$"
    ):
        MultiHead.from_torch(peer)


def _of(attention: Attention) -> MultiHead:
    return MultiHead([attention] * H, WIDTH)


@pytest.mark.parametrize(
    ("heads", "obstacle"),
    [
        (MultiHead([Attention(ScaledDot()) for _ in range(H)], WIDTH), "heads that differ"),
        (_of(Attention(Dot())), "the score Dot"),
        (_of(Attention(Cosine())), "the score Cosine"),
        (_of(Attention(Additive(D, D, 5))), "the score Additive"),
        (_of(Attention(ScaledDot(0.5))), "a scale other than 1 / sqrt(D)"),
        (_of(Attention(ScaledDot(learnable=True))), "a learned temperature"),
        (_of(Attention(ScaledDot(), window=Causal())), "the window Causal"),
        (_of(Attention(ScaledDot(), align=sparsemax)), "an align other than softmax"),
        (MultiHead(H, WIDTH, kv_heads=1), "shared keys and values"),
        (MultiHead(H, WIDTH + H, rotary=Rotary()), "rotary positions"),
        (MultiHead(H, WIDTH, head_dim=5), "a context or heads of another width"),
        (MultiHead(H, WIDTH, output_dim=5), "a context or heads of another width"),
    ],
)
def test_what_has_no_counterpart_in_torch_is_refused(heads: MultiHead, obstacle: str) -> None:
    with pytest.raises(
        ConfigError, match=re.escape(f"nn.MultiheadAttention has no counterpart for {obstacle}")
    ):
        heads.to_torch()


@pytest.mark.parametrize("need_weights", [True, False])
@pytest.mark.parametrize("kv_heads", [1, 2, 3, 6])
def test_grouped_queries(kv_heads: int, need_weights: bool) -> None:
    heads = 6
    torch.manual_seed(0)
    ours = MultiHead(heads, WIDTH, key_dim=DK, value_dim=DV, head_dim=D, kv_heads=kv_heads).double()
    query, keys, values = _inputs(DK, DV)
    mask = _some(B, Q, K)

    def split(projected: Tensor, count: int) -> Tensor:
        return projected.reshape(B, -1, count, D).transpose(1, 2)

    expected = scaled_dot_product_attention(
        split(ours.query_projection(query), heads),
        split(ours.key_projection(keys), kv_heads),
        split(ours.value_projection(values), kv_heads),
        mask[:, None],
        enable_gqa=True,
    )
    expected = ours.output_projection(expected.transpose(1, 2).flatten(2))
    context = ours(query, keys, values, mask, need_weights=need_weights).context
    torch.testing.assert_close(context, expected)


def test_a_row_that_is_all_masked_is_nan_there_and_zero_here() -> None:
    peer, inputs = _peer(bias=False), _inputs()
    mask = _padding()
    mask[0] = False
    context, weights = peer(*inputs, key_padding_mask=~mask, need_weights=True)
    assert weights[0].isnan().all()
    assert context[0].isnan().all()
    ours, our_weights = MultiHead.from_torch(peer)(*inputs, mask)
    assert (our_weights[0] == 0).all()
    assert (ours[0] == 0).all()
    torch.testing.assert_close(ours[1], context[1])
    torch.testing.assert_close(our_weights[1].mean(0), weights[1])


def test_weights_in_training_are_after_dropout_there_and_before_it_here() -> None:
    peer, inputs = _peer(dropout=0.5).train(), _inputs()
    torch.manual_seed(0)
    _, dropped = peer(*inputs, average_attn_weights=False)
    assert (dropped == 0).any()
    sums = dropped.sum(-1)
    assert not torch.allclose(sums, torch.ones_like(sums))
    ours = MultiHead.from_torch(peer)
    assert ours.training
    torch.manual_seed(0)
    context, weights = ours(*inputs)
    torch.testing.assert_close(weights.sum(-1), torch.ones(B, H, Q, dtype=torch.float64))
    _, kept = peer.eval()(*inputs, average_attn_weights=False)
    torch.testing.assert_close(weights, kept)
    assert not torch.allclose(context, ours.eval()(*inputs).context)
