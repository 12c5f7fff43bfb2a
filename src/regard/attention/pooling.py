"""Attention pooling: one learned query reads the whole sequence."""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from regard.attention.attention import Attention

__all__ = ["AttentionPooling", "Pooled"]


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

    The query starts at zero, that is, for dot products, from uniform weights.

    Parameters:
        attention: any `Attention`.
        query_dim: Dq, the width of the query to learn.

    Source: Yang et al., 2016, "Hierarchical attention networks for document classification",
    equations 5 to 7, where q is the word context vector.

    >>> from regard.attention import Additive
    >>> pooling = AttentionPooling(Attention(Additive(None, 5, 7)), 7)
    >>> context, weights = pooling(torch.randn(2, 11, 5))
    >>> context.shape, weights.shape
    (torch.Size([2, 5]), torch.Size([2, 11]))
    """

    def __init__(self, attention: Attention, query_dim: int) -> None:
        super().__init__()
        self.attention = attention
        self.query = nn.Parameter(torch.zeros(query_dim))

    def forward(self, states: Tensor, mask: Tensor | None = None) -> Pooled:
        """Pool states [B, S, D] over the positions that mask [B, S] allows."""
        query = self.query.expand(len(states), 1, -1)  # [B, 1, Dq]
        context, weights = self.attention(query, states, mask=mask)
        return Pooled(context.squeeze(1), weights.squeeze(1))
