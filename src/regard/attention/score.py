"""What every score has in common: it compares queries with keys it may have prepared before."""

import torch
from torch import Tensor, nn

__all__ = ["RecurrentScore", "Score"]


class Score(nn.Module):
    """How well each query matches each key: [B, Q, Dq], [B, K, Dk] -> [B, Q, K].

    A score splits into `prepare`, the part that looks at the keys alone and so is done once for
    all the steps of a decoder, and `compare`, the part that needs the query. More dimensions may
    stand between B and Q, the same in query and keys: [B, H, Q, Dq] for heads that share a score.

    Attributes:
        query_dim: Dq, or None where any will do.
        key_dim: Dk, or None where any will do.
        reads_query: whether the query makes any difference; where not, none is learned.
    """

    query_dim: int | None = None
    key_dim: int | None = None
    reads_query: bool = True

    def prepare(self, keys: Tensor) -> Tensor:
        """[B, K, Dk] keys -> what `compare` wants of them, K in its place; here the keys."""
        return keys

    def keep(self, prepared: Tensor) -> Tensor:
        """What more is worth having of prepared keys that are looked at again and again."""
        return prepared

    def compare(self, query: Tensor, prepared: Tensor) -> Tensor:
        """[B, Q, Dq] query against prepared keys -> [B, Q, K] scores."""
        raise NotImplementedError

    def compare_one(self, query: Tensor, prepared: Tensor, key: Tensor) -> Tensor:
        """One query [B, 1, Dq] of each case against the key at one place, [B] -> [B] scores."""
        row = torch.arange(len(key), device=key.device)
        return self.compare(query, prepared[row, key].unsqueeze(1))[:, 0, 0]

    def forward(self, query: Tensor, keys: Tensor) -> Tensor:
        """[B, Q, Dq] query, [B, K, Dk] keys -> [B, Q, K] scores."""
        return self.compare(query, self.prepare(keys))


class RecurrentScore(Score):
    """A score that reads where the steps before have looked, and so takes one query at a time.

    What it reads, [B, K], is passed in and handed back: `state = update(state, weights)`.
    """

    def start(self, prepared: Tensor) -> Tensor:
        """[B, K] zeros: nothing has been looked at yet."""
        return prepared.new_zeros(prepared.shape[:-1])

    def update(self, state: Tensor, weights: Tensor) -> Tensor:
        """What the next step reads, from what this one read and its weights, all [B, K]."""
        raise NotImplementedError

    def compare(self, query: Tensor, prepared: Tensor, state: Tensor | None = None) -> Tensor:
        """One query [B, 1, Dq] against prepared keys -> [B, 1, K]; state [B, K], None at first."""
        raise NotImplementedError
