"""Attention and heads against Keras 3, with its weights copied; and where the two part.

Keras takes the values before the keys, and returns the weights as "attention scores".
"""

import os

os.environ["KERAS_BACKEND"] = "torch"  # read when keras is imported

from typing import Any

import keras
import pytest
import torch
from torch import Tensor, nn

from regard.attention import (
    Additive,
    Attention,
    Causal,
    Dot,
    LocalMonotonic,
    MultiHead,
    ScaledDot,
    Score,
    Sliding,
    additive_score,
    dot_score,
    masked_softmax,
)

B, Q, K, D, DV, HEAD, DK, OUT = 2, 3, 7, 5, 11, 13, 17, 19
H = 6  # not prime, so that fewer heads of keys and values divide it


def _random(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def _inputs(key_dim: int = D) -> tuple[Tensor, Tensor, Tensor]:
    return _random(B, Q, D), _random(B, K, key_dim, seed=1), _random(B, K, DV, seed=2)


def _padding() -> Tensor:
    return torch.arange(K) < torch.tensor([[4], [K]])


def _keras(layer: Any, inputs: tuple[Tensor, Tensor, Tensor], **how: Any) -> tuple[Tensor, Tensor]:
    """The context and weights of one of the layers that take a list."""
    query, keys, values = inputs
    context, weights = layer([query, values, keys], return_attention_scores=True, **how)
    return context, weights


def _value(variable: Any) -> Tensor:
    """The tensor that a variable of Keras holds."""
    tensor: Tensor = variable.value.detach()
    return tensor


def _copy(parameter: Tensor, value: Tensor) -> None:
    with torch.no_grad():
        parameter.copy_(value)


class _Scaled(Score):
    """Keras's scores with a learned scale: of dot products, or with concat inside the tanh."""

    def __init__(self, scale: float, *, concat: float | None = None) -> None:
        super().__init__()
        self.scale = scale
        self.concat = concat

    def compare(self, query: Tensor, prepared: Tensor) -> Tensor:
        if self.concat is None:
            return dot_score(query, prepared) * self.scale
        vector = torch.full((query.shape[-1],), self.concat)
        return additive_score(query * self.scale, prepared * self.scale, vector)


def _assert_same(ours: Any, theirs: tuple[Tensor, Tensor]) -> None:
    torch.testing.assert_close(ours.context, theirs[0], rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(ours.weights, theirs[1], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("masked", [True, False])
@pytest.mark.parametrize("causal", [True, False])
@pytest.mark.parametrize("use_scale", [True, False])
@pytest.mark.parametrize("score_mode", ["dot", "concat"])
def test_attention(score_mode: str, use_scale: bool, causal: bool, masked: bool) -> None:
    inputs, mask = _inputs(), _padding() if masked else None
    layer = keras.layers.Attention(use_scale=use_scale, score_mode=score_mode)
    layer.build([tuple(inputs[i].shape) for i in (0, 2, 1)])
    for variable in layer.weights:
        variable.assign(torch.tensor(1.7 if variable is layer.scale else 0.6))
    assert len(layer.weights) == use_scale + (score_mode == "concat")
    score = _Scaled(1.7 if use_scale else 1.0, concat=0.6 if score_mode == "concat" else None)
    theirs = _keras(layer, inputs, mask=[None, mask] if masked else None, use_causal_mask=causal)
    _assert_same(Attention(score, window=Causal() if causal else None)(*inputs, mask), theirs)


@pytest.mark.parametrize("masked", [True, False])
@pytest.mark.parametrize("causal", [True, False])
def test_additive_attention_is_our_score_of_what_is_projected_already(
    causal: bool, masked: bool
) -> None:
    inputs, mask = _inputs(), _padding() if masked else None
    layer = keras.layers.AdditiveAttention()
    theirs = _keras(layer, inputs, mask=[None, mask] if masked else None, use_causal_mask=causal)
    (vector,) = layer.weights
    allowed = torch.ones(Q, K, dtype=torch.bool)
    if causal:
        allowed = allowed.tril()
    if mask is not None:
        allowed = allowed & mask[:, None]
    weights = masked_softmax(additive_score(inputs[0], inputs[1], _value(vector)), allowed)
    torch.testing.assert_close(weights, theirs[1])
    torch.testing.assert_close(weights @ inputs[2], theirs[0])


def test_additive_attention_after_two_dense_layers_is_bahdanaus() -> None:
    """Keras's layer has no W_q and W_k, which the paper has (appendix A.1.2), so give it both."""
    query, keys, values = _inputs(DK)
    project = [keras.layers.Dense(HEAD, use_bias=False) for _ in range(2)]
    layer = keras.layers.AdditiveAttention()
    theirs = _keras(layer, (project[0](query), project[1](keys), values))
    score = Additive(D, DK, HEAD)
    assert isinstance(score.query_projection, nn.Linear)
    _copy(score.query_projection.weight, _value(project[0].kernel).T)
    _copy(score.key_projection.weight, _value(project[1].kernel).T)
    _copy(score.vector, _value(layer.weights[0]))
    _assert_same(Attention(score)(query, keys, values), theirs)


def test_additive_attention_refuses_queries_and_keys_of_different_widths() -> None:
    """Ours takes them, and so does the paper: decoder and encoder states differ in width there."""
    inputs = _inputs(DK)
    with pytest.raises(RuntimeError, match="must match the size of tensor"):
        _keras(keras.layers.AdditiveAttention(), inputs)
    weights = Attention(Additive(D, DK, HEAD))(*inputs).weights
    assert weights is not None
    torch.testing.assert_close(weights.sum(-1), torch.ones(B, Q))


@pytest.mark.parametrize("layer", [keras.layers.Attention, keras.layers.AdditiveAttention])
def test_a_row_that_is_all_masked_is_uniform_there_and_zero_here(layer: Any) -> None:
    """No paper speaks of it; here nothing is looked at where nothing may be."""
    inputs, mask = _inputs(), _padding()
    mask[0] = False
    context, weights = _keras(layer(), inputs, mask=[None, mask])
    torch.testing.assert_close(weights[0], torch.full((Q, K), 1 / K))
    torch.testing.assert_close(context[0], inputs[2][0].mean(0).expand(Q, DV))
    for score in (Dot(), Additive(D, D, HEAD)):
        ours = Attention(score)(*inputs, mask)
        assert ours.weights is not None
        assert (ours.weights[0] == 0).all()
        assert (ours.context[0] == 0).all()


def test_weights_in_training_are_after_dropout_there_and_before_it_here() -> None:
    inputs = _inputs()
    _, dropped = _keras(keras.layers.Attention(dropout=0.5, seed=0), inputs, training=True)
    assert (dropped == 0).any()
    assert not torch.allclose(dropped.sum(-1), torch.ones(B, Q))
    ours = Attention(Dot(), dropout=0.5).train()(*inputs)
    assert ours.weights is not None
    torch.testing.assert_close(ours.weights, _keras(keras.layers.Attention(), inputs)[1])


def _heads(layer: Any, kv_heads: int, attention: Attention | None, width: int) -> MultiHead:
    """Ours with the weights of a layer of Keras, whose kernels are [width, heads, d]."""
    ours = MultiHead(
        H if attention is None else [attention] * H,
        D,
        key_dim=width,
        value_dim=DV,
        output_dim=layer.weights[-1].shape[-1],
        head_dim=HEAD,
        kv_heads=kv_heads,
        bias=layer.get_config()["use_bias"],
    )
    ours_by_theirs = {
        "query": ours.query_projection,
        "key": ours.key_projection,
        "value": ours.value_projection,
        "attention_output": ours.output_projection,
    }
    for weight in layer.weights:
        *_, part, kind = weight.path.split("/")
        projection, value = ours_by_theirs[part], _value(weight)
        if kind == "bias":
            _copy(projection.bias, value.flatten())
        elif part == "attention_output":
            _copy(projection.weight, value.flatten(0, 1).T)
        else:
            _copy(projection.weight, value.flatten(1).T)
    return ours


def _keras_heads(layer: Any, inputs: tuple[Tensor, Tensor, Tensor], **how: Any) -> Any:
    """Built, and with biases that are not zero; then its context and weights."""
    query, keys, values = inputs
    layer.build(tuple(query.shape), tuple(values.shape), tuple(keys.shape))
    for i, weight in enumerate(layer.weights):
        if weight.path.endswith("bias"):
            weight.assign(_random(*weight.shape, seed=10 + i))
    return layer(query, values, keys, return_attention_scores=True, **how)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("masked", [True, False])
@pytest.mark.parametrize("window", [None, Causal(), Sliding(2), LocalMonotonic(1)], ids=repr)
def test_multi_head_attention(window: Any, masked: bool, bias: bool) -> None:
    """Keras's sliding window of n is n - 1 keys to either side: ours of radius n - 1."""
    inputs = _inputs(DK)
    mask = _padding()[:, None].expand(B, Q, K) if masked else None
    span = 2 if isinstance(window, Sliding | LocalMonotonic) else None
    layer = keras.layers.MultiHeadAttention(
        H, HEAD, use_bias=bias, output_shape=OUT, sliding_window=span
    )
    theirs = _keras_heads(
        layer,
        inputs,
        attention_mask=mask,
        use_causal_mask=isinstance(window, Causal | Sliding),
    )
    ours = _heads(layer, H, Attention(ScaledDot(), window=window), DK)
    result = ours(*inputs, mask)
    assert result.weights is not None
    assert result.weights.shape == (B, H, Q, K)
    _assert_same(result, theirs)


@pytest.mark.parametrize("kv_heads", [1, 2, 3])
def test_grouped_query_attention(kv_heads: int) -> None:
    inputs, mask = _inputs(DV), _padding()[:, None].expand(B, Q, K)  # it projects both alike
    layer = keras.layers.GroupQueryAttention(HEAD, H, kv_heads)
    theirs = _keras_heads(layer, inputs, attention_mask=mask)
    ours = _heads(layer, kv_heads, None, DV)
    _assert_same(ours(*inputs, mask), theirs)


def test_multi_head_attention_too_answers_nothing_with_zero_weights() -> None:
    """Unlike Keras's layers of one head."""
    inputs = _inputs(DK)
    mask = _padding()[:, None].repeat(1, Q, 1)
    mask[0, 1] = False
    layer = keras.layers.MultiHeadAttention(H, HEAD, output_shape=OUT)
    theirs = _keras_heads(layer, inputs, attention_mask=mask)
    assert (theirs[1][0, :, 1] == 0).all()
    _assert_same(_heads(layer, H, None, DK)(*inputs, mask), theirs)
