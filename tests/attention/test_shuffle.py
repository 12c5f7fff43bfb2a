"""Trained weights in another order."""

import pytest
import torch

from regard.attention import Additive, Attention, ConjunctivePooling, ScaledDot, shuffled_weights


@pytest.mark.parametrize("masked", [False, True])
def test_weights_change_places_and_the_context_follows(masked: bool) -> None:
    torch.manual_seed(0)
    attention = Attention(ScaledDot())
    query, keys = torch.randn(3, 2, 5), torch.randn(3, 9, 5)
    mask = torch.arange(9) < torch.tensor([9, 4, 1])[:, None] if masked else None
    before = attention(query, keys, mask=mask, need_weights=True)
    with shuffled_weights([attention], torch.Generator().manual_seed(1)):
        after = attention(query, keys, mask=mask)
    assert before.weights is not None
    assert after.weights is not None
    assert not torch.allclose(before.weights, after.weights)
    torch.testing.assert_close(
        after.weights.sort(-1).values, before.weights.sort(-1).values, rtol=0, atol=0
    )
    torch.testing.assert_close(after.context, after.weights @ keys)
    if mask is not None:
        assert not after.weights[~mask[:, None].expand_as(after.weights)].any()
    again = attention(query, keys, mask=mask, need_weights=True)
    torch.testing.assert_close(again.context, before.context, rtol=0, atol=0)


def test_each_query_has_an_order_of_its_own() -> None:
    attention = Attention(ScaledDot())
    query, keys = torch.randn(1, 1, 4).expand(1, 6, 4), torch.randn(1, 30, 4)
    with shuffled_weights([attention], torch.Generator().manual_seed(0)):
        weights = attention(query, keys).weights
    assert weights is not None
    assert len(torch.unique(weights[0], dim=0)) == 6


def test_gates_of_conjunctive_pooling_change_places() -> None:
    torch.manual_seed(0)
    pooling = ConjunctivePooling([Additive(None, 5, 7)], 7, 5, 3).eval()
    torch.nn.init.normal_(pooling.classify.weight)
    states = torch.randn(2, 11, 5)
    mask = torch.arange(11) < torch.tensor([11, 6])[:, None]
    before = pooling(states, mask)
    with shuffled_weights([pooling], torch.Generator().manual_seed(0)):
        after = pooling(states, mask)
    torch.testing.assert_close(after.gates.sort(-1).values, before.gates.sort(-1).values)
    assert not after.gates[1, 6:].any()
    assert not torch.allclose(after.logits, before.logits)
    torch.testing.assert_close(pooling(states, mask).logits, before.logits, rtol=0, atol=0)


def test_hooks_go_when_the_model_fails() -> None:
    attention = Attention(ScaledDot())
    with pytest.raises(KeyError), shuffled_weights([attention], torch.Generator()):
        raise KeyError
    assert not attention._forward_hooks
    assert not attention._forward_pre_hooks
