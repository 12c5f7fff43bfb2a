"""The contract of attention: weights, context, masks, memory, dropout."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

from regard.attention import Additive, Attention, Dot, ScaledDot, Score, masked_softmax
from regard.errors import ConfigError

B, Q, K, D, DV = 2, 3, 5, 7, 11


def _scores() -> list[Score]:
    torch.manual_seed(0)
    return [Additive(D, D, 13), Dot(), ScaledDot()]


def _inputs(seed: int = 0) -> tuple[Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    query = torch.randn(B, Q, D, generator=generator, dtype=torch.float64)
    keys = torch.randn(B, K, D, generator=generator, dtype=torch.float64)
    values = torch.randn(B, K, DV, generator=generator, dtype=torch.float64)
    return query, keys, values


def _some_mask() -> Tensor:
    mask = torch.ones(B, K, dtype=torch.bool)
    mask[0, 3:] = False
    return mask


@pytest.mark.parametrize("score", _scores())
@pytest.mark.parametrize("masked", [False, True])
def test_context_is_the_weighted_sum(score: Score, masked: bool) -> None:
    query, keys, values = _inputs()
    mask = _some_mask() if masked else None
    context, weights = Attention(score).double()(query, keys, values, mask)
    assert weights is not None
    assert context.shape == (B, Q, DV)
    assert weights.shape == (B, Q, K)
    for b in range(B):
        for i in range(Q):
            expected = sum(weights[b, i, j] * values[b, j] for j in range(K))
            torch.testing.assert_close(context[b, i], expected)
    torch.testing.assert_close(weights.sum(-1), torch.ones(B, Q, dtype=torch.float64))
    if masked:
        assert (weights[0, :, 3:] == 0).all()


@given(st.integers(0, 10_000), st.lists(st.booleans(), min_size=1, max_size=9))
def test_masked_softmax_is_softmax_over_what_is_allowed(seed: int, allowed: list[bool]) -> None:
    generator = torch.Generator().manual_seed(seed)
    scores = torch.randn(len(allowed), generator=generator, dtype=torch.float64) * 30
    mask = torch.tensor(allowed)
    weights = masked_softmax(scores, mask)
    assert (weights[~mask] == 0).all()
    torch.testing.assert_close(weights[mask], torch.softmax(scores[mask], -1))
    assert weights.sum().item() == pytest.approx(1.0 if any(allowed) else 0.0)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
@pytest.mark.parametrize("score", _scores())
@pytest.mark.parametrize("need_weights", [True, False])
def test_nothing_to_attend_gives_zeros_and_zero_gradient(
    score: Score, need_weights: bool, dtype: torch.dtype
) -> None:
    attention = Attention(score).to(dtype)
    query, keys, values = (t.to(dtype).requires_grad_() for t in _inputs())
    mask = torch.ones(B, Q, K, dtype=torch.bool)
    mask[1, 2] = False
    context, weights = attention(query, keys, values, mask, need_weights=need_weights)
    assert (context[1, 2] == 0).all()
    if need_weights:
        assert weights is not None
        assert (weights[1, 2] == 0).all()
    context.square().sum().backward()
    for tensor in (query, keys, values, *attention.parameters()):
        assert tensor.grad is not None
        assert tensor.grad.isfinite().all()
    assert query.grad is not None
    assert (query.grad[1, 2] == 0).all()


@pytest.mark.parametrize("score", _scores())
def test_asking_for_no_weights_gives_the_same_context(score: Score) -> None:
    attention = Attention(score).double()
    query, keys, values = _inputs()
    with_weights, _ = attention(query, keys, values, _some_mask())
    without, weights = attention(query, keys, values, _some_mask(), need_weights=False)
    assert weights is None
    torch.testing.assert_close(without, with_weights)


def test_scaled_dot_agrees_with_torch() -> None:
    query, keys, values = _inputs()
    mask = _some_mask()
    expected = scaled_dot_product_attention(query, keys, values, mask[:, None])
    torch.testing.assert_close(Attention(ScaledDot())(query, keys, values, mask).context, expected)


def test_scaled_dot_agrees_with_multihead_attention_weights_too() -> None:
    peer = nn.MultiheadAttention(D, 1, bias=False, batch_first=True, dtype=torch.float64)
    query, keys, _ = _inputs()
    w_q, w_k, w_v = peer.in_proj_weight.chunk(3)
    mask = _some_mask()
    expected, expected_weights = peer(query, keys, keys, key_padding_mask=~mask)
    context, weights = Attention(ScaledDot())(query @ w_q.T, keys @ w_k.T, keys @ w_v.T, mask)
    torch.testing.assert_close(weights, expected_weights)
    torch.testing.assert_close(peer.out_proj(context), expected)


@pytest.mark.parametrize("score", _scores())
def test_memory_gives_the_same_step_by_step(score: Score) -> None:
    attention = Attention(score).double()
    query, keys, values = _inputs()
    whole = attention(query, keys, values, _some_mask())
    memory = attention.prepare(keys, values, _some_mask())
    for i in range(Q):
        step = attention(query[:, i : i + 1], memory)
        torch.testing.assert_close(step.context, whole.context[:, i : i + 1])
        torch.testing.assert_close(step.weights, whole.weights[:, i : i + 1])


def test_weights_are_those_before_dropout() -> None:
    query, keys, values = _inputs()
    attention = Attention(Dot(), dropout=0.5)
    torch.manual_seed(0)
    context, weights = attention(query, keys, values)
    torch.testing.assert_close(weights.sum(-1), torch.ones(B, Q, dtype=torch.float64))
    assert not torch.allclose(context, weights @ values)
    attention.eval()
    torch.testing.assert_close(attention(query, keys, values).context, weights @ values)


@given(st.permutations(range(K)))
def test_permuting_keys_permutes_weights(order: list[int]) -> None:
    attention = Attention(_scores()[0]).double()
    query, keys, values = _inputs()
    context, weights = attention(query, keys, values)
    moved_context, moved = attention(query, keys[:, order], values[:, order])
    torch.testing.assert_close(moved, weights[:, :, order])
    torch.testing.assert_close(moved_context, context)


def test_padding_changes_nothing() -> None:
    attention = Attention(_scores()[0]).double()
    query, keys, values = _inputs()
    mask = torch.arange(K) < torch.tensor([[3], [5]])
    context, _ = attention(query, keys, values, mask)
    alone, _ = attention(query[:1], keys[:1, :3], values[:1, :3])
    torch.testing.assert_close(context[:1], alone)


def test_bad_shapes_are_named() -> None:
    query, keys, values = _inputs()
    attention = Attention(Dot())
    with pytest.raises(
        ConfigError, match=r"query must be \[B, Q, Dq\] with B = 2, as the keys, not \[1, 3, 7\]"
    ):
        attention(query[:1], keys)
    with pytest.raises(ConfigError, match=r"not \[2, 5, 7\] and \[2, 4, 11\]"):
        attention(query, keys, values[:, :4])
    with pytest.raises(ConfigError, match="mask must be a boolean tensor"):
        attention(query, keys, mask=torch.ones(B, K))
    with pytest.raises(ConfigError, match=r"mask must be \[B, K\].*not \[2, 4\]"):
        attention(query, keys, mask=torch.ones(B, 4, dtype=torch.bool))
    with pytest.raises(ConfigError, match="give them to prepare"):
        attention(query, attention.prepare(keys), values)
    with pytest.raises(ConfigError, match=r"dropout must be .* not 1\.5"):
        Attention(Dot(), dropout=1.5)


def test_what_is_returned_is_indexed_as_it_is_unpacked() -> None:
    attended = Attention(ScaledDot())(torch.randn(2, 3, 5), torch.randn(2, 7, 5))
    context, weights = attended
    assert attended[0] is context
    assert attended[1] is attended[-1] is weights
    with pytest.raises(IndexError):
        attended[2]
