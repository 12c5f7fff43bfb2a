"""Attention pooling: learned queries read the whole sequence."""

from collections.abc import Sequence
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

    With several heads, each a score and a query of its own, the weights, and so the contexts, are
    averaged: each head settles on other positions of the same evidence, together they cover it.

    Parameters:
        heads: one `Attention` or several.
        query_dim: Dq, the width of the queries to learn. The query of a single head starts at
            zero, that is, for dot products, from uniform weights; several start at random, since
            equal ones would stay equal.

    Source: Yang et al., 2016, "Hierarchical attention networks for document classification",
    equations 5 to 7, where q is the word context vector; there with one head.

    >>> from regard.attention import Additive
    >>> pooling = AttentionPooling([Attention(Additive(None, 5, 7))], 7)
    >>> context, weights = pooling(torch.randn(2, 11, 5))
    >>> context.shape, weights.shape
    (torch.Size([2, 5]), torch.Size([2, 11]))
    """

    def __init__(self, heads: Sequence[Attention], query_dim: int) -> None:
        super().__init__()
        self.heads = nn.ModuleList(heads)
        self.queries = learned_queries(len(heads), query_dim)

    def forward(self, states: Tensor, mask: Tensor | None = None) -> Pooled:
        """Pool states [B, S, D] over the positions that mask [B, S] allows."""
        contexts, weights = zip(
            *(
                head(query.expand(len(states), 1, -1), states, mask=mask)
                for head, query in zip(self.heads, self.queries, strict=True)
            ),
            strict=True,
        )
        return Pooled(torch.cat(contexts, 1).mean(1), torch.cat(weights, 1).mean(1))


def learned_queries(heads: int, query_dim: int) -> nn.Parameter:
    """[H, Dq] to learn: zeros for one head, random for several."""
    start = torch.zeros(1, query_dim) if heads == 1 else torch.randn(heads, query_dim)
    return nn.Parameter(start)
