"""Attention pooling: learned queries, self-attention, or the last state as the query."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import cast

import torch
from torch import Tensor, nn

from regard.attention.attention import Attended, Attention
from regard.attention.checks import check_heads, check_positions
from regard.attention.masking import finite_where_masked
from regard.errors import ConfigError

__all__ = [
    "AttentionPooling",
    "LastStatePooling",
    "Pooled",
    "SelfAttentionPooling",
    "learned_queries",
    "take_states",
]


@dataclass(frozen=True)
class Pooled:
    """What attention pooling returns; `context, weights = pool(states)` unpacks the first two.

    Attributes:
        context: [B, D], the weighted sum of the states; of `LastStatePooling` [B, 2 D].
        weights: [B, S], the mean over heads and queries; they sum to one, or to less if those of
            the alignment or window do.
        head_weights: [B, H, Q, S], of each head and query; Q = S for self-attention, 1 otherwise.
        log_prob: [B], of all positions that `Hard` sampled in training with REINFORCE; otherwise
            None.
        entropy: [B], of the distributions they were sampled from; otherwise None.
    """

    context: Tensor
    weights: Tensor
    head_weights: Tensor
    log_prob: Tensor | None = None
    entropy: Tensor | None = None

    def __iter__(self) -> Iterator[Tensor]:
        """The context and the weights."""
        yield self.context
        yield self.weights


torch.export.register_dataclass(Pooled)  # so that an exported graph can return it


class AttentionPooling(nn.Module):
    """context = sum over s of weights_s * states_s, weights = align(score(q, states)), q learned.

    With several heads, each with its own score and query, the weights and contexts are averaged.

    Parameters:
        heads: one or more `Attention`, none that depends on the position of the query.
        query_dim: Dq, the width of the learned queries. The query of a single head starts at zero,
            which gives uniform weights for dot products; several start at random, because equal
            ones would stay equal. If no head reads its query (`Uniform`), none is learned.

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
        check_heads(heads, Attention)
        _refuse_ordered(heads, "a learned query has none")
        self.heads = nn.ModuleList(heads)
        read = any(head.reads_query for head in heads)
        self.queries = learned_queries(len(heads), query_dim if read else 0)

    def forward(self, states: Tensor, mask: Tensor | None = None) -> Pooled:
        """Pool states [B, S, D] over the positions that mask [B, S] allows."""
        check_positions(mask, states)
        states = finite_where_masked(states, mask)
        each = [
            head(query.expand(states.shape[0], 1, -1), states, mask=mask)
            for head, query in zip(self.heads, self.queries, strict=True)
        ]
        return _average(each, None)


class SelfAttentionPooling(nn.Module):
    """context = mean over i of sum over s of weights_is * states_s: every state is a query.

    Parameters:
        heads: one or more `Attention` for queries and keys as wide as the states; their contexts
            are averaged.

    Source: self-attention of Vaswani et al., 2017, "Attention is all you need", section 3.2.3,
    followed by a mean over the positions.

    >>> from regard.attention import LocalMonotonic, ScaledDot
    >>> pooling = SelfAttentionPooling([Attention(ScaledDot(), window=LocalMonotonic(2))])
    >>> context, weights = pooling(torch.randn(2, 11, 5))
    >>> context.shape, weights.shape
    (torch.Size([2, 5]), torch.Size([2, 11]))
    """

    def __init__(self, heads: Sequence[Attention]) -> None:
        super().__init__()
        check_heads(heads, Attention)
        self.heads = nn.ModuleList(heads)

    def forward(self, states: Tensor, mask: Tensor | None = None) -> Pooled:
        """Pool states [B, S, D] over the positions that mask [B, S] allows."""
        check_positions(mask, states)
        states = finite_where_masked(states, mask)
        return _average([head(states, states, mask=mask) for head in self.heads], mask)


class LastStatePooling(nn.Module):
    """context = [c; h_last], c = sum over s of weights_s h_s, weights = align(score(h_last, h_s)).

    The last true state of each case is the query, and is concatenated to the context. It is also
    one of the keys.

    Parameters:
        heads: one or more `Attention` for queries and keys as wide as the states, none that
            depends on the position of the query; their contexts are averaged.

    Raises:
        ConfigError: no heads, or one that depends on the position of the query.

    Source: after Bahdanau, Cho and Bengio, 2015, "Neural machine translation by jointly learning
    to align and translate", where the query is the state of a decoder; Luong, Pham and Manning,
    2015, "Effective approaches to attention-based neural machine translation", equation 5,
    concatenates context and query.

    >>> from regard.attention import Additive
    >>> pooling = LastStatePooling([Attention(Additive(5, 5, 7))])
    >>> context, weights = pooling(torch.randn(2, 11, 5))
    >>> context.shape, weights.shape
    (torch.Size([2, 10]), torch.Size([2, 11]))
    """

    def __init__(self, heads: Sequence[Attention]) -> None:
        super().__init__()
        check_heads(heads, Attention)
        _refuse_ordered(heads, "the last state is the only query")
        self.heads = nn.ModuleList(heads)

    def forward(self, states: Tensor, mask: Tensor | None = None) -> Pooled:
        """Pool states [B, S, D] over the positions that mask [B, S] allows -> context [B, 2 D].

        The last state is that at the last True position; zeros where nothing is True.
        """
        check_positions(mask, states)
        states = finite_where_masked(states, mask)
        last = _last_true(states, mask)  # [B, 1, D]
        pooled = _average([head(last, states, mask=mask) for head in self.heads], None)
        return replace(pooled, context=torch.cat([pooled.context, last.squeeze(1)], 1))


def _refuse_ordered(heads: Sequence[Attention], why: str) -> None:
    """Raise a `ConfigError` for heads that depend on the position of the query; say why."""
    for head in heads:
        if head.ordered:
            part = head.window if head.window.relative else head.score
            raise ConfigError(
                f"{type(part).__name__} depends on the position of the query, and {why}: use "
                "SelfAttentionPooling, where every state is a query"
            )


def _average(heads: Sequence[Attended], mask: Tensor | None) -> Pooled:
    """Mean over the heads and over the queries that mask [B, Q] allows."""
    contexts = torch.stack([head.context for head in heads]).mean(0)  # [B, Q, D]
    each = torch.stack([cast(Tensor, head.weights) for head in heads], 1)  # [B, H, Q, S]
    weights = each.mean(1)  # [B, Q, S]
    asking = torch.ones_like(weights[..., 0]) if mask is None else mask.to(weights.dtype)
    share = (asking / asking.sum(1, keepdim=True).clamp(min=1)).unsqueeze(1)  # [B, 1, Q]
    return Pooled(
        (share @ contexts).squeeze(1),
        (share @ weights).squeeze(1),
        each,
        _total([head.log_prob for head in heads], asking),
        _total([head.entropy for head in heads], asking),
    )


def _total(drawn: Sequence[Tensor | None], asking: Tensor) -> Tensor | None:
    """[B, Q] log-probabilities of each head -> [B], their sum; None if no head samples."""
    present = [part for part in drawn if part is not None]
    return (torch.stack(present).sum(0) * asking).sum(1) if present else None


def learned_queries(heads: int, query_dim: int) -> Tensor:
    """[H, Dq] parameters: zeros for one head, random for several; no parameters if Dq is zero.

    >>> learned_queries(1, 3)
    Parameter containing:
    tensor([[0., 0., 0.]], requires_grad=True)
    """
    if heads < 1:
        raise ConfigError("heads must be at least 1, not 0")
    if query_dim == 0:
        return nn.Buffer(torch.zeros(heads, 0), persistent=False)
    start = torch.zeros(1, query_dim) if heads == 1 else torch.randn(heads, query_dim)
    return nn.Parameter(start)


def _last_true(states: Tensor, mask: Tensor | None) -> Tensor:
    """[B, S, D] -> [B, 1, D], the state at the last True position; zeros if there is none."""
    if mask is None:
        return states[:, -1:]
    places = torch.arange(1, mask.shape[1] + 1, device=mask.device)
    last = (mask * places).amax(1).clamp(min=1) - 1  # [B]
    state = take_states(states, last.unsqueeze(1))
    return state.masked_fill(~mask.any(1)[:, None, None], 0.0)


def take_states(states: Tensor, places: Tensor) -> Tensor:
    """[B, S, D] states at positions [B, P] -> [B, P, D]."""
    # not take_along_dim, which fixes the sizes in an exported graph
    return states.gather(1, places.unsqueeze(2).expand(-1, -1, states.shape[2]))
