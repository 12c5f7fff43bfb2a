"""The complete classifier: an encoder, an attention that pools its states, and class scores."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import dropout as drop
from torch.nn.functional import linear

from regard.attention import (
    AttentionPooling,
    ConjunctivePooling,
    Score,
    SelfAttentionPooling,
)
from regard.models.encoder import Encoder

__all__ = ["AttentionHead", "Classified", "ConjunctiveHead", "SeriesModel"]


@dataclass(frozen=True)
class Classified:
    """What a classifier returns; `logits, maps = model(...)` takes the first two.

    Attributes:
        logits: [B, N].
        maps: "attention" [B, S], each row summing to one, and "evidence" [B, N, S], signed, which
            sums over the positions to the logits.
        log_prob: [B], of all that hard attention has drawn in training by REINFORCE, or None.
        entropy: [B], of the distributions that it was drawn from, or None.
    """

    logits: Tensor
    maps: dict[str, Tensor]
    log_prob: Tensor | None = None
    entropy: Tensor | None = None

    def __iter__(self) -> Iterator[Any]:
        """The logits and the maps."""
        yield self.logits
        yield self.maps


def _two_sided(scores: Tensor, dim: int) -> Tensor:
    """One score z of a binary problem -> (-z / 2, z / 2), whose softmax is the sigmoid of z."""
    if scores.shape[dim] > 1:
        return scores
    return torch.cat([-scores / 2, scores / 2], dim)


class AttentionHead(nn.Module):
    """Attend, then classify the context; a binary problem gets one score, not two.

    Parameters:
        pool: states to a context.
        state_dim: D.
        classes: N.
    """

    def __init__(
        self, pool: AttentionPooling | SelfAttentionPooling, *, state_dim: int, classes: int
    ) -> None:
        super().__init__()
        self.pool = pool
        self.classify = nn.Linear(state_dim, classes if classes > 2 else 1)

    def forward(self, states: Tensor, mask: Tensor | None) -> Classified:
        """[B, S, D] states -> logits and maps."""
        pooled = self.pool(states, mask)
        weights = _shares(pooled.weights, mask)  # [B, S]
        # The classifier is linear, so that the logits are a sum over the positions: what each adds
        # is the evidence. The bias goes with the shares, which sum to one where weights need not.
        parts = linear(states, self.classify.weight) * pooled.weights.unsqueeze(-1)
        evidence = (parts + self.classify.bias * weights.unsqueeze(-1)).transpose(1, 2)
        logits = _two_sided(self.classify(pooled.context), 1)
        maps = {"attention": weights, "evidence": _two_sided(evidence, 1)}
        return Classified(logits, maps, pooled.log_prob, pooled.entropy)


def _shares(weights: Tensor, mask: Tensor | None) -> Tensor:
    """Weights [B, S] that sum to one, also where they are less or, at true positions, all zero."""
    total = weights.sum(1, keepdim=True)
    even = torch.ones_like(weights) if mask is None else mask.to(weights.dtype)
    even = even / even.sum(1, keepdim=True).clamp(min=1)
    return torch.where(total > 0, weights / torch.where(total > 0, total, 1.0), even)


class ConjunctiveHead(nn.Module):
    """Classify every position and gate it by attention; a binary problem gets one score, not two.

    Parameters:
        scores: of each head.
        query_dim: width of the learned queries.
        state_dim: D.
        classes: N.
    """

    def __init__(
        self, scores: Sequence[Score], *, query_dim: int, state_dim: int, classes: int
    ) -> None:
        super().__init__()
        logits = classes if classes > 2 else 1
        self.pool = ConjunctivePooling(scores, query_dim, state_dim, logits)

    def forward(self, states: Tensor, mask: Tensor | None) -> Classified:
        """[B, S, D] states -> logits and maps."""
        gated = self.pool(states, mask)
        maps = {"attention": gated.weights, "evidence": _two_sided(gated.evidence, 1)}
        return Classified(_two_sided(gated.logits, 1), maps)


class SeriesModel(nn.Module):
    """Encoder, dropout on its states, head.

    Parameters:
        encoder: series to states.
        head: states to logits and maps.
        dropout: share of each case's state columns that are dropped in training.
    """

    def __init__(self, encoder: Encoder, head: nn.Module, *, dropout: float) -> None:
        super().__init__()
        self.encoder = encoder
        self.head = head
        self.dropout = dropout

    def forward(self, series: Tensor, mask: Tensor | None = None) -> Classified:
        """Classify.

        Parameters:
            series: [B, C, T].
            mask: boolean [B, T], True at the true steps, which come first; None when all are.
        """
        states = self.encoder(series, mask)
        if self.training and self.dropout:
            kept = drop(states.new_ones(len(states), 1, states.shape[2]), self.dropout)
            states = states * kept
        classified: Classified = self.head(
            states, None if mask is None else self.encoder.position_mask(mask)
        )
        return classified
