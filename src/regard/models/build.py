"""The parts of a model by the names of the configuration."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from torch import nn

from regard.attention import (
    Attention,
    AttentionPooling,
    LastStatePooling,
    SelfAttentionPooling,
    StackedPooling,
)
from regard.models.encoder import Encoder
from regard.models.heads import AttentionHead, ConjunctiveHead, ContextHead
from regard.models.mechanisms import make_attentions
from regard.models.recurrent import ForwardReader

__all__ = ["make_head", "make_pooling"]


def make_head(
    encoder: Encoder,
    *,
    attention: Mapping[str, Any],
    pooling: str,
    attention_dim: int,
    heads: int,
    steps: int,
    outputs: int,
    two_sided: bool = False,
) -> nn.Module:
    """A pooling of an encoder's states and a linear layer.

    Parameters:
        encoder: whose states are pooled.
        attention: score, window, align and query, as the configuration resolves them.
        pooling: "attention", "conjunctive" or "stacked".
        attention_dim: A, over all heads.
        heads: H; their weights are averaged.
        steps: longest sequence of the training part.
        outputs: N.
        two_sided: whether a single output z becomes the logits (-z / 2, z / 2) of two classes.
    """
    make = partial(
        make_attentions,
        state_dim=encoder.width,
        attention_dim=attention_dim,
        positions=-(-steps // encoder.stride),
    )
    attentions, query_dim = make(attention, heads=heads)
    out: dict[str, Any] = {"outputs": outputs, "two_sided": two_sided}
    if pooling == "conjunctive":
        scores = [each.score for each in attentions]
        return ConjunctiveHead(scores, query_dim=query_dim, state_dim=encoder.width, **out)
    if pooling == "stacked":
        [first], _ = make({**attention, "query": "states"}, heads=1)
        pool = make_pooling(attentions, query_dim, attention["query"])
        stacked = StackedPooling(first, ForwardReader(encoder.width), pool)
        return ContextHead(stacked, context_dim=encoder.width, **out)
    if attention["query"] == "last":
        return ContextHead(LastStatePooling(attentions), context_dim=2 * encoder.width, **out)
    pool = make_pooling(attentions, query_dim, attention["query"])
    return AttentionHead(pool, state_dim=encoder.width, **out)


def make_pooling(
    attentions: Sequence[Attention], query_dim: int, query: str
) -> AttentionPooling | SelfAttentionPooling:
    """Pooling by learned queries, or by the states themselves where `query` is "states"."""
    if query == "states":
        return SelfAttentionPooling(attentions)
    return AttentionPooling(attentions, query_dim)
