"""Transformer layers against torch's own, in both orders."""

from typing import Literal, cast

import numpy as np
import pytest
import torch
from torch import nn

from regard.reference import (
    Array,
    Order,
    Sublayer,
    decoder_layer,
    encoder_layer,
    feed_forward,
    layer_norm,
    multi_head,
)

L, S, D, HIDDEN, H = 5, 7, 6, 11, 2
Rng = np.random.Generator
Activation = Literal["relu", "gelu"]


def _numpy(tensor: torch.Tensor) -> Array:
    array: Array = tensor.detach().numpy()
    return array


def _norm(peer: nn.LayerNorm) -> Sublayer:
    return lambda x: layer_norm(x, _numpy(peer.weight), _numpy(peer.bias), peer.eps)


def _network(
    peer: nn.TransformerEncoderLayer | nn.TransformerDecoderLayer, name: Activation
) -> Sublayer:
    w_1, b_1 = _numpy(peer.linear1.weight), _numpy(peer.linear1.bias)
    w_2, b_2 = _numpy(peer.linear2.weight), _numpy(peer.linear2.bias)
    return lambda x: feed_forward(x, w_1, b_1, w_2, b_2, name)


def _attention(peer: nn.MultiheadAttention, query: Array, memory: Array) -> Array:
    assert peer.in_proj_weight is not None
    w_q, w_k, w_v = _numpy(peer.in_proj_weight).reshape(3, D, D)
    b_q, b_k, b_v = _numpy(peer.in_proj_bias).reshape(3, D)
    w_o, b_o = _numpy(peer.out_proj.weight), _numpy(peer.out_proj.bias)
    return multi_head(query, memory, memory, H, w_q, w_k, w_v, w_o, b_q, b_k, b_v, b_o)[0]


def _unlike_each_other(peer: nn.Module) -> None:
    """Parameters that torch starts at zero or one are given values that show where they are."""
    torch.manual_seed(0)
    for parameter in peer.parameters():
        nn.init.normal_(parameter)


@pytest.mark.parametrize("order", ["pre", "post"])
@pytest.mark.parametrize("activation", ["relu", "gelu"])
def test_encoder_layer_is_that_of_torch(rng: Rng, order: Order, activation: Activation) -> None:
    peer = nn.TransformerEncoderLayer(
        D, H, HIDDEN, 0.0, activation, 1e-3, True, order == "pre", dtype=torch.float64
    )
    _unlike_each_other(peer)
    x = rng.normal(size=(L, D))
    output = encoder_layer(
        x,
        lambda x: _attention(peer.self_attn, x, x),
        _network(peer, activation),
        [_norm(peer.norm1), _norm(peer.norm2)],
        order,
    )
    np.testing.assert_allclose(output, _numpy(peer(torch.tensor(x)[None]))[0], rtol=1e-9)


@pytest.mark.parametrize("order", ["pre", "post"])
@pytest.mark.parametrize("activation", ["relu", "gelu"])
def test_decoder_layer_is_that_of_torch(rng: Rng, order: Order, activation: Activation) -> None:
    peer = nn.TransformerDecoderLayer(
        D, H, HIDDEN, 0.0, activation, 1e-3, True, order == "pre", dtype=torch.float64
    )
    _unlike_each_other(peer)
    x, memory = rng.normal(size=(L, D)), rng.normal(size=(S, D))
    output = decoder_layer(
        x,
        memory,
        lambda x: _attention(peer.self_attn, x, x),
        lambda x, memory: _attention(peer.multihead_attn, x, memory),
        _network(peer, activation),
        [_norm(peer.norm1), _norm(peer.norm2), _norm(peer.norm3)],
        order,
    )
    expected = peer(torch.tensor(x)[None], torch.tensor(memory)[None])
    np.testing.assert_allclose(output, _numpy(expected)[0], rtol=1e-9)


def test_layer_norm_has_mean_bias_and_spread_weight(rng: Rng) -> None:
    x = 5 + 3 * rng.normal(size=(L, D))
    y = layer_norm(x, np.full(D, 2.0), np.full(D, 7.0), eps=0.0)
    np.testing.assert_allclose(y.mean(1), 7.0)
    np.testing.assert_allclose(y.std(1), 2.0)
    assert layer_norm(np.ones((1, D)), np.ones(D), np.zeros(D)).tolist() == [[0.0] * D]


def test_unknown_choices_are_refused() -> None:
    x, w = np.ones((1, 1)), np.ones((1, 1))
    with pytest.raises(ValueError, match="order: expected 'pre' or 'post', got 'Post'"):
        encoder_layer(x, lambda x: x, lambda x: x, [lambda x: x] * 2, cast(Order, "Post"))
    with pytest.raises(ValueError, match="activation: expected 'relu' or 'gelu', got 'tanh'"):
        feed_forward(x, w, x[0], w, x[0], cast(Activation, "tanh"))
