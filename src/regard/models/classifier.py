"""The complete classifier: an encoder, an attention that pools its states, and class scores."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import dropout as drop

from regard.attention import (
    Additive,
    Attention,
    AttentionPooling,
    ConjunctivePooling,
    Dot,
    ScaledDot,
    Score,
)
from regard.models.encoder import Encoder

__all__ = ["AttentionHead", "Classified", "ConjunctiveHead", "SeriesModel", "make_scores"]


class Classified(NamedTuple):
    """What a classifier returns.

    Attributes:
        logits: [B, N].
        maps: "attention" [B, S], each row summing to one, and "evidence" [B, N, S], signed, which
            sums over the positions to the logits.
    """

    logits: Tensor
    maps: dict[str, Tensor]


def make_scores(
    name: str, *, heads: int, key_dim: int, attention_dim: int
) -> tuple[list[Score], int]:
    """A score by name for each head, and how wide the learned queries are.

    The heads of additive attention share its comparison space among them.

    >>> make_scores("additive", heads=2, key_dim=5, attention_dim=14)[1]
    7
    """
    if name == "additive":
        width = max(1, attention_dim // heads)
        return [Additive(None, key_dim, width) for _ in range(heads)], width
    kind = {"dot": Dot, "scaled-dot": ScaledDot}[name]
    return [kind() for _ in range(heads)], key_dim


def _two_sided(scores: Tensor, dim: int) -> Tensor:
    """One score z of a binary problem -> (-z / 2, z / 2), whose softmax is the sigmoid of z."""
    if scores.shape[dim] > 1:
        return scores
    return torch.cat([-scores / 2, scores / 2], dim)


class AttentionHead(nn.Module):
    """Attend with learned queries, then classify the context.

    A binary problem gets one score, not two.

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
        self.pool = AttentionPooling([Attention(score) for score in scores], query_dim)
        self.classify = nn.Linear(state_dim, classes if classes > 2 else 1)

    def forward(self, states: Tensor, mask: Tensor | None) -> Classified:
        """[B, S, D] states -> logits and maps."""
        context, weights = self.pool(states, mask)
        # The classifier is linear and the weights sum to one, so that the logits are a sum over
        # the positions: what each adds is the evidence.
        evidence = (weights.unsqueeze(-1) * self.classify(states)).transpose(1, 2)  # [B, N, S]
        logits = _two_sided(self.classify(context), 1)
        return Classified(logits, {"attention": weights, "evidence": _two_sided(evidence, 1)})


class ConjunctiveHead(nn.Module):
    """Classify every position and gate it by attention; a binary problem gets one score, not two.

    Parameters: as for `AttentionHead`.
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
