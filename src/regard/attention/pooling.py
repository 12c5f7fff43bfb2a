"""Attention pooling: a sequence becomes one context, asked by learned queries or by itself."""

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn

from regard.attention.attention import Attended, Attention
from regard.errors import ConfigError

__all__ = ["AttentionPooling", "SelfAttentionPooling", "learned_queries"]


class AttentionPooling(nn.Module):
    """context = sum over s of weights_s * states_s, weights = align(score(q, states)), q learned.

    With several heads, each a score and a query of its own, the weights, and so the contexts, are
    averaged: each head settles on other positions of the same evidence, together they cover it.

    Parameters:
        heads: one `Attention` or several; none that goes by the order of the queries, of which
            there is only one.
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
        for head in heads:
            if head.ordered:
                part = head.window if head.window.relative else head.score
                raise ConfigError(
                    f"{type(part).__name__} goes by the order of the queries, and a learned query "
                    "has no place in any: use SelfAttentionPooling, where every state asks"
                )
        self.heads = nn.ModuleList(heads)
        self.queries = learned_queries(len(heads), query_dim)

    def forward(self, states: Tensor, mask: Tensor | None = None) -> Attended:
        """Pool states [B, S, D] over the positions that mask [B, S] allows.

        Returns:
            `Attended`: context [B, D], weights [B, S], and of hard attention log_prob and entropy
            [B], of all that was drawn for the case.
        """
        each = [
            head(query.expand(states.shape[0], 1, -1), states, mask=mask)
            for head, query in zip(self.heads, self.queries, strict=True)
        ]
        return _average(each, None)


class SelfAttentionPooling(nn.Module):
    """context = mean over i of sum over s of weights_is * states_s: every state asks, all count.

    Parameters:
        heads: one `Attention` or several, of queries and keys as wide as the states; they are
            averaged.

    Source: self-attention of Vaswani et al., 2017, "Attention is all you need", section 3.2.3,
    then a mean over the positions.

    >>> from regard.attention import LocalMonotonic, ScaledDot
    >>> pooling = SelfAttentionPooling([Attention(ScaledDot(), window=LocalMonotonic(2))])
    >>> context, weights = pooling(torch.randn(2, 11, 5))
    >>> context.shape, weights.shape
    (torch.Size([2, 5]), torch.Size([2, 11]))
    """

    def __init__(self, heads: Sequence[Attention]) -> None:
        super().__init__()
        if not heads:
            raise ConfigError("heads must be at least 1, not 0")
        self.heads = nn.ModuleList(heads)

    def forward(self, states: Tensor, mask: Tensor | None = None) -> Attended:
        """Pool states [B, S, D] over the positions that mask [B, S] allows.

        Returns:
            `Attended`: context [B, D], weights [B, S], and of hard attention log_prob and entropy
            [B], of all that was drawn for the case.
        """
        return _average([head(states, states, mask=mask) for head in self.heads], mask)


def _average(heads: Sequence[Attended], mask: Tensor | None) -> Attended:
    """Mean over the heads and the queries that the mask allows; what was drawn adds up."""
    contexts = torch.stack([head.context for head in heads]).mean(0)  # [B, Q, D]
    weights = torch.stack([cast(Tensor, head.weights) for head in heads]).mean(0)  # [B, Q, K]
    asking = torch.ones_like(weights[..., 0]) if mask is None else mask.to(weights.dtype)
    share = (asking / asking.sum(1, keepdim=True).clamp(min=1)).unsqueeze(1)  # [B, 1, Q]
    return Attended(
        (share @ contexts).squeeze(1),
        (share @ weights).squeeze(1),
        _total([head.log_prob for head in heads], asking),
        _total([head.entropy for head in heads], asking),
    )


def _total(drawn: Sequence[Tensor | None], asking: Tensor) -> Tensor | None:
    """[B, Q] of each head that draws -> [B], over those that ask; None where none draws."""
    present = [part for part in drawn if part is not None]
    return (torch.stack(present).sum(0) * asking).sum(1) if present else None


def learned_queries(heads: int, query_dim: int) -> nn.Parameter:
    """[H, Dq] to learn: zeros for one head, random for several."""
    if heads < 1:
        raise ConfigError("heads must be at least 1, not 0")
    start = torch.zeros(1, query_dim) if heads == 1 else torch.randn(heads, query_dim)
    return nn.Parameter(start)
