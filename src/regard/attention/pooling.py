"""Attention pooling: learned queries read the whole sequence."""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from regard.attention.attention import Attention

__all__ = ["AttentionPooling", "Pooled", "learned_queries"]


class Pooled(NamedTuple):
    """What attention pooling returns.

    Attributes:
        context: [B, D], the weighted sum of the states.
        weights: [B, S], summing to one over the positions that the mask allows.
    """

    context: Tensor
    weights: Tensor


class AttentionPooling(nn.Module):
    """context = sum over s of weights_s * states_s, weights = softmax(score(q, states)), q learned.

    With several queries their weights, and so their contexts, are averaged: each settles on other
    positions of the same evidence, and together they cover more of it.

    Parameters:
        attention: any `Attention`.
        query_dim: Dq, the width of the queries to learn.
        queries: how many. One starts at zero, that is, for dot products, from uniform weights;
            several start at random, since equal ones would stay equal.

    Source: Yang et al., 2016, "Hierarchical attention networks for document classification",
    equations 5 to 7, where q is the word context vector.

    >>> from regard.attention import Additive
    >>> pooling = AttentionPooling(Attention(Additive(None, 5, 7)), 7)
    >>> context, weights = pooling(torch.randn(2, 11, 5))
    >>> context.shape, weights.shape
    (torch.Size([2, 5]), torch.Size([2, 11]))
    """

    def __init__(self, attention: Attention, query_dim: int, *, queries: int = 1) -> None:
        super().__init__()
        self.attention = attention
        self.queries = learned_queries(queries, query_dim)

    def forward(self, states: Tensor, mask: Tensor | None = None) -> Pooled:
        """Pool states [B, S, D] over the positions that mask [B, S] allows."""
        queries = self.queries.expand(len(states), -1, -1)  # [B, Q, Dq]
        context, weights = self.attention(queries, states, mask=mask)
        return Pooled(context.mean(1), weights.mean(1))


def learned_queries(queries: int, query_dim: int) -> nn.Parameter:
    """[Q, Dq] to learn: zeros for one query, random for several."""
    start = torch.zeros(1, query_dim) if queries == 1 else torch.randn(queries, query_dim)
    return nn.Parameter(start)
