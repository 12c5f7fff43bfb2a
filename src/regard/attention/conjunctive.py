"""Conjunctive pooling: classify every position and average, gated by attention."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import linear, logsigmoid

from regard.attention.checks import check_heads, check_positions, check_sizes
from regard.attention.masking import finite_where_masked
from regard.attention.pooling import learned_queries
from regard.attention.score import Score
from regard.attention.softmax import masked_softmax

__all__ = ["ConjunctivePooling", "Gated", "conjunctive_pool"]

_BATCHES = 10  # that the figures for prediction are means over
_LEAST = 1e-5  # added to a variance


class Gated(NamedTuple):
    """What conjunctive pooling returns.

    Attributes:
        logits: [B, N].
        gates: [B, S], each between 0 and 1; 0 where masked.
        weights: [B, S], the gates divided by their sum.
        evidence: [B, N, S], signed; sums over the positions to the logits.
    """

    logits: Tensor
    gates: Tensor
    weights: Tensor
    evidence: Tensor


def conjunctive_pool(class_scores: Tensor, scores: Tensor, mask: Tensor | None = None) -> Gated:
    """logits = mean over s of sigmoid(score_s) * class_scores_s.

    Parameters:
        class_scores: [B, S, N], the logits of each position.
        scores: [B, H, S], the attention scores of each head; the gates of the heads are averaged.
        mask: boolean [B, S], True means may be attended. None allows all.

    Returns:
        `Gated(logits [B, N], gates [B, S], weights [B, S], evidence [B, N, S])`; zeros where
        nothing is allowed.

    >>> gated = conjunctive_pool(torch.ones(1, 2, 3), torch.zeros(1, 1, 2))
    >>> gated.logits, gated.weights
    (tensor([[0.5000, 0.5000, 0.5000]]), tensor([[0.5000, 0.5000]]))
    """
    gates = torch.sigmoid(scores).mean(1)
    positions: Tensor | int = scores.shape[2]
    if mask is not None:
        gates = gates.masked_fill(~mask, 0.0)
        class_scores = class_scores.masked_fill(~mask.unsqueeze(-1), 0.0)
        positions = mask.sum(1).clamp(min=1)[:, None, None]
    evidence = (gates.unsqueeze(-1) * class_scores).transpose(1, 2) / positions
    # gates / sum(gates), in a form that does not underflow
    weights = masked_softmax(logsigmoid(scores).logsumexp(1), mask)
    return Gated(evidence.sum(-1), gates, weights, evidence)


class ConjunctivePooling(nn.Module):
    """logits = W norm(mean over s of sigmoid(score(q, h_s)) * h_s) + b, q learned.

        h_s = states_s / sqrt(1 + mean of states_s^2)

    Unlike softmax weights, the gates are independent: several, or none, may be open. They say how
    much a position counts, and the evidence for what.

    The size of h_s is at most 1, so that no position says more than all others by the size of its
    state alone: what a case is told by is found wherever it can be seen, and not only where it is
    seen best.

    The norm is batch normalisation, without which a mean over many positions hardly differs from
    case to case, and the layer after it learns slowly. At prediction it is linear, so that the
    logits are sums over the positions; what is the same for all of them is shared evenly.

    Parameters:
        heads: one or more `Score`, each with its own query; their gates are averaged.
        query_dim: Dq, the width of the learned queries.
        state_dim: D.
        logits: N.

    Source: Early et al., 2024, "Inherently interpretable time series classification via multiple
    instance learning" (ICLR), equation 6, there of the states as they are and without the norm;
    Ioffe and Szegedy, 2015, "Batch normalization".

    >>> from regard.attention import Additive
    >>> pooling = ConjunctivePooling([Additive(None, 5, 7)], 7, 5, 3)
    >>> [list(part.shape) for part in pooling(torch.randn(2, 11, 5))]
    [[2, 3], [2, 11], [2, 11], [2, 3, 11]]
    """

    def __init__(self, heads: Sequence[Score], query_dim: int, state_dim: int, logits: int) -> None:
        super().__init__()
        check_heads(heads, Score)
        check_sizes(state_dim=state_dim, logits=logits)
        self.heads = nn.ModuleList(heads)
        read = any(score.reads_query for score in heads)
        self.queries = learned_queries(len(heads), query_dim if read else 0)
        self.norm = _Norm(state_dim)
        self.classify = nn.Linear(state_dim, logits)
        nn.init.zeros_(self.classify.weight)

    def forward(self, states: Tensor, mask: Tensor | None = None) -> Gated:
        """Pool states [B, S, D] over the positions that mask [B, S] allows."""
        check_positions(mask, states)
        bounded = _bounded(finite_where_masked(states, mask))
        given = bounded.to(states.dtype)
        scores = [
            score(query.expand(states.shape[0], 1, -1), given)
            for score, query in zip(self.heads, self.queries, strict=True)
        ]
        gated = conjunctive_pool(bounded, torch.cat(scores, 1).to(bounded.dtype), mask)
        mean, scale = self.norm(gated.logits)
        positions = torch.ones_like(gated.gates) if mask is None else mask.to(bounded.dtype)
        counts = positions.sum(1, keepdim=True)
        weight, bias = (each.to(bounded.dtype) for each in self.classify.parameters())
        logits = linear((gated.logits - mean) * scale, weight, bias) * (counts > 0)
        shared = bias - weight @ (mean * scale)
        even = positions / counts.clamp(min=1)
        evidence = (weight * scale) @ gated.evidence + shared[:, None] * even[:, None]
        parts = (logits, gated.gates, gated.weights, evidence)
        return Gated(*(part.to(states.dtype) for part in parts))


def _bounded(states: Tensor) -> Tensor:
    """[B, S, D], each of a root mean square below 1, in single precision at least."""
    states = states.to(torch.promote_types(states.dtype, torch.float32))
    size = torch.linalg.vector_norm(states, dim=-1, keepdim=True) / math.sqrt(states.shape[-1])
    return states / torch.sqrt(1 + size.square())


class _Norm(nn.Module):
    """Batch normalisation as a mean and a scale: norm(x) = (x - mean) * scale.

    The figures for prediction are means over the last ten batches or so, of fewer at the beginning:
    a short training has them right as well.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.mean = nn.Buffer(torch.zeros(width))
        self.variance = nn.Buffer(torch.ones(width))
        self.batches = nn.Buffer(torch.zeros(()))

    def forward(self, contexts: Tensor) -> tuple[Tensor, Tensor]:
        """[B, D] -> [D] and [D], in training of the batch, if it has more than one case."""
        kept, dtype = (self.mean, self.variance), contexts.dtype
        mean, variance = (each.to(dtype) for each in kept)
        if self.training and len(contexts) > 1:
            mean, variance = contexts.mean(0), contexts.var(0)
            with torch.no_grad():
                self.batches.add_(1)
                share = 1 / self.batches.clamp(max=_BATCHES)
                for each, now in zip(kept, (mean, variance), strict=True):
                    each.lerp_(now.to(each.dtype), share)
        return mean, torch.rsqrt(variance + _LEAST)
