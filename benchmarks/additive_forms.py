"""Additive attention as it is usually written, as Keras has it, and as ours, to be compared.

All take queries and keys that are projected already.
"""

import os
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

from regard.attention.kernels import additive_attention, additive_attention_and_weights

__all__ = ["DOT", "FORMS", "KERAS", "OURS", "USUAL", "WEIGHTLESS", "Form", "make_sides"]

USUAL, KERAS = "PyTorch", "Keras"
OURS, WEIGHTLESS = "ours", "ours without weights"
DOT = "dot product"


class Form(NamedTuple):
    """One way to compute it.

    Attributes:
        forward: from the sides to the context and, where it makes them, the weights.
        sides: query [B, Q, A], keys [B, K, A], values [B, K, A] and vector [A], as this form
            holds them; all want gradients.
    """

    forward: Callable[..., tuple[Tensor, ...]]
    sides: tuple[Tensor, ...]


def make_sides(shape: tuple[int, int, int, int]) -> tuple[Tensor, ...]:
    """Query, keys, values and vector at random, for B, Q, K, A; the same for the same shape."""
    B, Q, K, A = shape
    generator = torch.Generator().manual_seed(0)
    sides = [torch.randn(B, length, A, generator=generator) for length in (Q, K, K)]
    sides.append(torch.randn(A, generator=generator) * A**-0.5)
    return tuple(side.requires_grad_() for side in sides)


def _usual(query: Tensor, keys: Tensor, values: Tensor, vector: Tensor) -> tuple[Tensor, ...]:
    scores = torch.tanh(query[:, :, None] + keys[:, None]) @ vector
    weights = torch.softmax(scores, -1)
    return weights @ values, weights


def _ours(query: Tensor, keys: Tensor, values: Tensor, vector: Tensor) -> tuple[Tensor, ...]:
    return additive_attention_and_weights(query, keys, values, vector)


def _weightless(query: Tensor, keys: Tensor, values: Tensor, vector: Tensor) -> tuple[Tensor, ...]:
    return (additive_attention(query, keys, values, vector),)


def _dot(query: Tensor, keys: Tensor, values: Tensor) -> tuple[Tensor, ...]:
    # the fast kernels are for four dimensions
    query, keys, values = (side.unsqueeze(1) for side in (query, keys, values))
    return (scaled_dot_product_attention(query, keys, values).squeeze(1),)


def _keras(sides: tuple[Tensor, ...]) -> Form:
    os.environ["KERAS_BACKEND"] = "torch"  # read when keras is imported
    import keras

    query, keys, values, vector = sides
    layer = keras.layers.AdditiveAttention(use_scale=True)
    layer.build([query.shape, values.shape, keys.shape])
    layer.scale.assign(vector.detach())

    def forward(query: Tensor, keys: Tensor, values: Tensor, _: Tensor) -> tuple[Tensor, ...]:
        context, weights = layer([query, values, keys], return_attention_scores=True)
        return context, weights

    return Form(forward, (query, keys, values, layer.scale.value))


FORMS: dict[str, Callable[[tuple[Tensor, ...]], Form]] = {
    USUAL: lambda sides: Form(_usual, sides),
    KERAS: _keras,
    OURS: lambda sides: Form(_ours, sides),
    WEIGHTLESS: lambda sides: Form(_weightless, sides),
    DOT: lambda sides: Form(_dot, sides[:3]),
}
