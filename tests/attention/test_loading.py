"""Weights of the well-known tutorials, of torch and of Keras, loaded: the same numbers."""

import os

os.environ["KERAS_BACKEND"] = "torch"  # read when keras is imported

from typing import Any

import keras
import pytest
import torch
from torch import Tensor, nn

from regard.attention import Additive, Attention, Concat, MultiHead, ScaledDot
from regard.errors import ConfigError

B, Q, K, D, DK, A = 2, 3, 7, 5, 11, 13


def _given(key_dim: int = DK, value_dim: int = DK) -> tuple[Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    sizes = ((Q, D), (K, key_dim), (K, value_dim))
    query, keys, values = (torch.randn(B, *size, generator=generator) for size in sizes)
    return query, keys, values


def _assert_same(ours: Any, theirs: tuple[Tensor, Tensor]) -> None:
    torch.testing.assert_close(ours.context, theirs[0], rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(ours.weights, theirs[1], rtol=1e-5, atol=1e-5)


def test_one_linear_over_decoder_and_encoder_states() -> None:
    query, keys, values = _given()
    attn, v = nn.Linear(D + DK, A), nn.Linear(A, 1, bias=False)
    both = torch.cat(
        [query.unsqueeze(2).expand(B, Q, K, D), keys.unsqueeze(1).expand(B, Q, K, DK)], 3
    )
    weights = v(torch.tanh(attn(both))).squeeze(3).softmax(2)
    for vector in (v, v.weight, v.weight[0]):
        score = Concat.from_torch(attn, vector, query_dim=D)
        _assert_same(Attention(score)(query, keys, values), (weights @ values, weights))
    with pytest.raises(ConfigError, match="query_dim must be from 1 to 15, a part of the proj"):
        Concat.from_torch(attn, v, query_dim=16)
    with pytest.raises(ConfigError, match="vector must have 1 output, not 16"):
        Concat.from_torch(attn, nn.Linear(A, 16), query_dim=D)


@pytest.mark.parametrize("bias", [True, False])
def test_two_linears_and_a_third_for_the_score(bias: bool) -> None:
    query, keys, values = _given()
    Wa, Ua = nn.Linear(D, A, bias=bias), nn.Linear(DK, A, bias=bias)
    Va = nn.Linear(A, 1)
    scores = Va(torch.tanh(Wa(query).unsqueeze(2) + Ua(keys).unsqueeze(1))).squeeze(3)
    weights = scores.softmax(2)
    score = Additive.from_torch(Wa, Ua, Va)
    _assert_same(Attention(score)(query, keys, values), (weights @ values, weights))


def test_additive_attention_of_keras_behind_dense_layers() -> None:
    query, keys, values = _given()
    dense = [keras.layers.Dense(A, bias_initializer="random_normal") for _ in range(2)]
    layer = keras.layers.AdditiveAttention()
    with pytest.raises(ConfigError, match="layer: AdditiveAttention has no weights: call it once"):
        Additive.from_keras(layer, query=dense[0], keys=dense[1])
    theirs = layer([dense[0](query), values, dense[1](keys)], return_attention_scores=True)
    score = Additive.from_keras(layer, query=dense[0], keys=dense[1])
    _assert_same(Attention(score)(query, keys, values), theirs)


@pytest.mark.parametrize("use_scale", [True, False])
def test_attention_of_keras(use_scale: bool) -> None:
    query, keys, values = _given(D)
    layer = keras.layers.Attention(use_scale=use_scale)
    layer([query, values, keys])
    for variable in layer.weights:
        variable.assign(torch.tensor(1.7))
    theirs = layer([query, values, keys], return_attention_scores=True)
    _assert_same(Attention(ScaledDot.from_keras(layer))(query, keys, values), theirs)
    with pytest.raises(ConfigError, match='must be an Attention of score_mode "dot"'):
        ScaledDot.from_keras(keras.layers.Attention(score_mode="concat"))


@pytest.mark.parametrize("make", ["MultiHeadAttention", "GroupQueryAttention"])
@pytest.mark.parametrize("bias", [True, False])
def test_heads_of_keras(make: str, bias: bool) -> None:
    query, keys, values = _given(DK, DK)
    how: dict[str, Any] = {"use_bias": bias, "bias_initializer": "random_normal"}
    if make == "MultiHeadAttention":
        layer = keras.layers.MultiHeadAttention(6, 4, output_shape=17, **how)
    else:
        layer = keras.layers.GroupQueryAttention(4, 6, 2, **how)
    with pytest.raises(ConfigError, match="with 0 weights: call it once"):
        MultiHead.from_keras(layer)
    theirs = layer(query, values, keys, return_attention_scores=True)
    _assert_same(MultiHead.from_keras(layer)(query, keys, values), theirs)


def test_heads_of_keras_of_two_widths_are_refused() -> None:
    layer = keras.layers.MultiHeadAttention(2, 4, value_dim=3)
    query, keys, values = _given()
    layer(query, values, keys)
    with pytest.raises(ConfigError, match="value_dim 3 of a head must be its key_dim 4"):
        MultiHead.from_keras(layer)
