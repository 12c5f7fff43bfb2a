"""Heads against torch's own, the rotation against complex numbers."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import scaled_dot_product_attention

from regard.reference import (
    Array,
    Head,
    attend,
    causal,
    dot_score,
    multi_head,
    rotary,
    scaled_dot_score,
    sparsemax,
)

Q, K, Dk, Dv, H, WIDTH = 3, 5, 7, 11, 2, 6
Rng = np.random.Generator


def _numpy(tensor: torch.Tensor) -> Array:
    array: Array = tensor.detach().numpy()
    return array


@pytest.mark.parametrize("bias", [False, True])
def test_multi_head_is_that_of_torch(rng: Rng, bias: bool) -> None:
    torch.manual_seed(0)
    peer = nn.MultiheadAttention(
        WIDTH, H, bias=bias, kdim=Dk, vdim=Dv, batch_first=True, dtype=torch.float64
    )
    biases: list[Array | None] = [None] * 4
    if bias:
        nn.init.normal_(peer.in_proj_bias)
        nn.init.normal_(peer.out_proj.bias)
        biases = [*_numpy(peer.in_proj_bias).reshape(3, WIDTH), _numpy(peer.out_proj.bias)]
    query, keys, values = (rng.normal(size=size) for size in ((Q, WIDTH), (K, Dk), (K, Dv)))
    expected, expected_weights = peer(
        *(torch.tensor(x)[None] for x in (query, keys, values)), average_attn_weights=False
    )
    projections = (peer.q_proj_weight, peer.k_proj_weight, peer.v_proj_weight, peer.out_proj.weight)
    output, weights = multi_head(query, keys, values, H, *(_numpy(w) for w in projections), *biases)
    np.testing.assert_allclose(output, _numpy(expected)[0], rtol=1e-10)
    np.testing.assert_allclose(weights, _numpy(expected_weights)[0], rtol=1e-10)


@pytest.mark.parametrize(("heads", "kv_heads"), [(6, 2), (6, 3), (6, 1), (6, 6)])
def test_grouped_heads_are_those_of_torch(rng: Rng, heads: int, kv_heads: int) -> None:
    d, dv = 3, 5
    query, keys = rng.normal(size=(Q, heads * d)), rng.normal(size=(K, kv_heads * d))
    values = rng.normal(size=(K, kv_heads * dv))
    expected = scaled_dot_product_attention(
        torch.tensor(query).view(1, Q, heads, d).transpose(1, 2),
        torch.tensor(keys).view(1, K, kv_heads, d).transpose(1, 2),
        torch.tensor(values).view(1, K, kv_heads, dv).transpose(1, 2),
        enable_gqa=True,
    )  # [1, heads, Q, dv]
    output, weights = multi_head(
        query,
        keys,
        values,
        heads,
        *(np.eye(n) for n in (heads * d, kv_heads * d, kv_heads * dv, heads * dv)),
        kv_heads=kv_heads,
    )
    np.testing.assert_allclose(
        output, _numpy(expected[0].transpose(0, 1).reshape(Q, heads * dv)), rtol=1e-10
    )
    assert weights.shape == (heads, Q, K)


def _masked_sparsemax(h: int, query: Array, keys: Array, values: Array) -> tuple[Array, Array]:
    allowed = causal(len(query), len(keys), position=h)
    return attend(dot_score(query, keys), values, allowed, sparsemax)


@pytest.mark.parametrize("head", [None, _masked_sparsemax])
def test_one_head_of_identities_is_plain_attention(rng: Rng, head: Head | None) -> None:
    query, keys, values = (rng.normal(size=(n, Dk)) for n in (Q, K, K))
    output, weights = multi_head(query, keys, values, 1, *[np.eye(Dk)] * 4, head=head)
    context, expected = (
        attend(scaled_dot_score(query, keys), values)
        if head is None
        else attend(dot_score(query, keys), values, causal(Q, K), sparsemax)
    )
    np.testing.assert_allclose(output, context, rtol=1e-12)
    np.testing.assert_allclose(weights[0], expected, rtol=1e-12)


def test_each_head_is_told_which_it_is(rng: Rng) -> None:
    x = rng.normal(size=(K, WIDTH))
    _, weights = multi_head(x, x, x, H, *[np.eye(WIDTH)] * 4, head=_masked_sparsemax)
    for h in range(H):
        assert not weights[h][~causal(K, K, position=h)].any()


def test_rotation_is_a_product_of_complex_numbers(rng: Rng) -> None:
    x, position, base = rng.normal(size=(5, 6)), 3, 100.0
    angles = np.outer(position + np.arange(5), base ** (-np.arange(3) / 3))
    turned = (x[:, 0::2] + 1j * x[:, 1::2]) * np.exp(1j * angles)
    rotated = rotary(x, position, base)
    np.testing.assert_allclose(rotated[:, 0::2], turned.real, rtol=1e-12)
    np.testing.assert_allclose(rotated[:, 1::2], turned.imag, rtol=1e-12)


def test_rotation_by_hand() -> None:
    x = np.ones((2, 4))
    np.testing.assert_array_equal(rotary(x[:1]), x[:1])  # place 0 stays as it is
    slow, c, s = 10000**-0.5, np.cos, np.sin
    expected = [c(1) - s(1), c(1) + s(1), c(slow) - s(slow), c(slow) + s(slow)]
    np.testing.assert_allclose(rotary(x)[1], expected, rtol=1e-12)


def test_rotated_products_depend_on_the_distance_alone(rng: Rng) -> None:
    query, key = rng.normal(size=(1, 6)), rng.normal(size=(1, 6))
    near = dot_score(rotary(query, 2), rotary(key, 5))
    far = dot_score(rotary(query, 102), rotary(key, 105))
    np.testing.assert_allclose(near, far, rtol=1e-9)
    assert abs(near - dot_score(rotary(query, 2), rotary(key, 6))) > 1e-3


def test_rotary_heads_see_queries_at_their_position(rng: Rng) -> None:
    x, identities = rng.normal(size=(K, 8)), [np.eye(8)] * 4
    whole, weights = multi_head(x, x, x, H, *identities, rotary_base=50.0)
    last, last_weights = multi_head(x[3:], x, x, H, *identities, rotary_base=50.0, position=3)
    np.testing.assert_allclose(last, whole[3:], rtol=1e-12)
    np.testing.assert_allclose(last_weights, weights[:, 3:], rtol=1e-12)
    for h in range(H):
        columns = x[:, 4 * h : 4 * h + 4]
        turned = rotary(columns, 0, 50.0)
        context, expected = attend(scaled_dot_score(turned, turned), columns)
        np.testing.assert_allclose(weights[h], expected, rtol=1e-12)
        np.testing.assert_allclose(whole[:, 4 * h : 4 * h + 4], context, rtol=1e-12)
