"""Weights of the well-known tutorials, of torch and of Keras, loaded: the same numbers."""

import os

os.environ["KERAS_BACKEND"] = "torch"  # read when keras is imported

import re
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
    with pytest.raises(
        ConfigError, match="layer: AdditiveAttention has no weights yet: call it once"
    ):
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
    with pytest.raises(ConfigError, match="has no weights yet: call it once"):
        MultiHead.from_keras(layer)
    theirs = layer(query, values, keys, return_attention_scores=True)
    _assert_same(MultiHead.from_keras(layer)(query, keys, values), theirs)


def test_heads_of_keras_of_two_widths_are_refused() -> None:
    layer = keras.layers.MultiHeadAttention(2, 4, value_dim=3)
    query, keys, values = _given()
    layer(query, values, keys)
    with pytest.raises(ConfigError, match="value_dim 3 of a head must be its key_dim 4"):
        MultiHead.from_keras(layer)


def test_one_linear_that_takes_the_encoder_first() -> None:
    query, keys, values = _given(D)  # equal widths: only the order tells which is which
    attn, v = nn.Linear(D + D, A), nn.Linear(A, 1, bias=False)
    query_side, key_side = (
        query.unsqueeze(2).expand(B, Q, K, D),
        keys.unsqueeze(1).expand(B, Q, K, D),
    )
    weights = v(torch.tanh(attn(torch.cat([key_side, query_side], 3)))).squeeze(3).softmax(2)
    score = Concat.from_torch(attn, v, query_dim=D, keys_first=True)
    _assert_same(Attention(score)(query, keys, values), (weights @ values, weights))
    query, keys, values = _given()
    attn = nn.Linear(DK + D, A)
    both = [keys.unsqueeze(1).expand(B, Q, K, DK), query.unsqueeze(2).expand(B, Q, K, D)]
    weights = v(torch.tanh(attn(torch.cat(both, 3)))).squeeze(3).softmax(2)
    score = Concat.from_torch(attn, v, query_dim=D, keys_first=True)
    _assert_same(Attention(score)(query, keys, values), (weights @ values, weights))


@pytest.mark.parametrize("use_scale", [True, False])
@pytest.mark.parametrize("with_dense", ["query", "keys", "neither"])
def test_additive_attention_of_keras_without_dense_layers(use_scale: bool, with_dense: str) -> None:
    generator = torch.Generator().manual_seed(1)
    query, keys = (torch.randn(B, size, A, generator=generator) for size in (Q, K))
    dense = keras.layers.Dense(A, bias_initializer="random_normal")
    layer = keras.layers.AdditiveAttention(use_scale=use_scale)
    sides = [
        dense(query) if with_dense == "query" else query,
        keys,
        dense(keys) if with_dense == "keys" else keys,
    ]
    theirs = layer(sides, return_attention_scores=True)
    given = {name: dense if name == with_dense else None for name in ("query", "keys")}
    if not use_scale and with_dense == "neither":
        with pytest.raises(ConfigError, match="without a scale no width is known"):
            Additive.from_keras(layer, **given)
        return
    _assert_same(Attention(Additive.from_keras(layer, **given))(query, keys), theirs)


def test_a_dense_layer_with_an_activation_is_refused() -> None:
    query, keys, _ = _given()
    dense = [keras.layers.Dense(A, activation=name) for name in ("tanh", None)]
    layer = keras.layers.AdditiveAttention()
    layer([dense[0](query), dense[1](keys)])
    with pytest.raises(ConfigError, match="query must be a Dense layer without act.*not with tanh"):
        Additive.from_keras(layer, query=dense[0], keys=dense[1])
    with pytest.raises(ConfigError, match="keys must be a keras.layers.Dense, not Linear"):
        Additive.from_keras(layer, query=dense[1], keys=nn.Linear(3, A))


LINEAR = nn.Linear(D, A)
WRONG: dict[str, Any] = {
    "query must be an nn.Linear, not None": lambda: Additive.from_torch(None, LINEAR, LINEAR),  # type: ignore[arg-type]
    "keys must be an nn.Linear, not Sequential": lambda: Additive.from_torch(
        LINEAR,
        nn.Sequential(LINEAR, nn.Tanh()),  # type: ignore[arg-type]
        LINEAR,
    ),
    "projection must be an nn.Linear, not a tensor [13, 5]": lambda: Concat.from_torch(
        LINEAR.weight,  # type: ignore[arg-type]
        LINEAR,
        query_dim=2,
    ),
    "vector must be an nn.Linear, not None": lambda: Additive.from_torch(LINEAR, LINEAR, None),  # type: ignore[arg-type]
    "vector must be 13 wide, as what it is multiplied with, not 3": lambda: Additive.from_torch(
        LINEAR, LINEAR, torch.zeros(1, 3)
    ),
    "query and keys must have as many outputs as each other, not 13 and 7": lambda: (
        Additive.from_torch(LINEAR, nn.Linear(D, 7), LINEAR)
    ),
    "query_dim must be a whole number, not 2.0": lambda: Concat.from_torch(
        LINEAR,
        torch.zeros(A),
        query_dim=2.0,  # type: ignore[arg-type]
    ),
    "module must be an nn.MultiheadAttention, not OrderedDict; load it into the module it is of: "
    "load_state_dict": lambda: MultiHead.from_torch(LINEAR.state_dict()),  # type: ignore[arg-type]
    "module must be an nn.MultiheadAttention, not TransformerEncoderLayer; it has one at "
    "self_attn": lambda: MultiHead.from_torch(nn.TransformerEncoderLayer(6, 2, 3)),  # type: ignore[arg-type]
    "module must be an nn.MultiheadAttention, not the class Linear": lambda: MultiHead.from_torch(
        nn.Linear  # type: ignore[arg-type]
    ),
    "layer must be a keras.layers.MultiHeadAttention or keras.layers.GroupQueryAttention, not "
    "Dense": lambda: MultiHead.from_keras(keras.layers.Dense(3)),
    "layer must be a keras.layers.AdditiveAttention, not None": lambda: Additive.from_keras(
        None, query=None, keys=None
    ),
    "layer must be a keras.layers.Attention, not Linear": lambda: ScaledDot.from_keras(LINEAR),
}


@pytest.mark.parametrize("message", WRONG)
def test_what_is_no_layer_of_the_kind(message: str) -> None:
    with pytest.raises(ConfigError, match=f"^{re.escape(message)}$"):
        WRONG[message]()
