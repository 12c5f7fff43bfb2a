"""The base classes of scores."""

import torch
from torch import Tensor, nn

from regard.attention.kernels import Band, Reach
from regard.attention.memory import Memory
from regard.attention.window import View

__all__ = ["RecurrentScore", "Score"]


class Score(nn.Module):
    """How well each query matches each key: [B, Q, Dq], [B, K, Dk] -> [B, Q, K].

    A score has two parts: `prepare` depends on the keys alone and is computed once for all steps
    of a decoder, `compare` depends on the query. Queries and keys may have further dimensions in
    common after B, such as [B, H, Q, Dq] for heads that share a score.

    A subclass defines `compare`. The other methods let `Attention` use what the score can do
    beyond that: skip masked keys, or compute the context without the weights.

    Attributes:
        query_dim: Dq, or None for any width.
        key_dim: Dk, or None for any width.
        reads_query: whether the scores depend on the query; if not, pooling learns none.
        compares_bands: whether `compare_band` is available.
    """

    query_dim: int | None = None
    key_dim: int | None = None
    reads_query: bool = True
    compares_bands: bool = False

    def prepare(self, keys: Tensor) -> Tensor:
        """[B, K, Dk] keys -> [B, K, width], what `compare` takes; by default the keys."""
        return keys

    def keep(self, prepared: Tensor) -> Tensor:
        """Prepared keys with whatever else to precompute when they are used many times."""
        return prepared

    def query_width(self, prepared: Tensor) -> int | None:
        """The width Dq that queries must have against these prepared keys; None for any."""
        return self.query_dim

    def compare(self, query: Tensor, prepared: Tensor) -> Tensor:
        """[B, Q, Dq] query against prepared keys -> [B, Q, K] scores."""
        raise NotImplementedError

    def compare_where(self, query: Tensor, prepared: Tensor, mask: Tensor | None) -> Tensor:
        """As `compare`, where only the scores that the mask allows are used afterwards."""
        return self.compare(query, prepared)

    def compare_band(
        self, query: Tensor, prepared: Tensor, band: Band, mask: Tensor | None
    ) -> Tensor:
        """[B, Q, Dq] query against a band of the prepared keys -> [B, Q, W] scores."""
        raise NotImplementedError

    def compare_one(self, query: Tensor, prepared: Tensor, key: Tensor) -> Tensor:
        """One query [B, 1, Dq] against the key at one position, [B] -> [B] scores."""
        row = torch.arange(key.shape[0], device=key.device)
        return self.compare(query, prepared[row, key].unsqueeze(1))[:, 0, 0]

    def attend(
        self, query: Tensor, memory: Memory, *, reach: Reach, position: int, need_weights: bool
    ) -> tuple[Tensor, Tensor | None] | None:
        """Softmax attention within a reach, if a kernel computes it without all the scores.

        Parameters:
            query: [B, Q, Dq].
            memory: prepared keys, values and mask.
            reach: how far each query sees.
            position: of the first query.
            need_weights: whether to return the weights.

        Returns:
            The context [B, Q, Dv] and, if needed, the weights [B, Q, K]; None without such a
            kernel.
        """
        return None

    def attend_view(
        self, query: Tensor, memory: Memory, view: View, *, dropout: float
    ) -> Tensor | None:
        """The context [B, Q, Dv] of softmax attention; None without a fused kernel.

        Parameters:
            view: the bias of the window, and the mask of window and memory.
            dropout: rate of the weights.
        """
        return None

    def forward(self, query: Tensor, keys: Tensor) -> Tensor:
        """[B, Q, Dq] query, [B, K, Dk] keys -> [B, Q, K] scores."""
        return self.compare(query, self.prepare(keys))


class RecurrentScore(Score):
    """A score that depends on the weights of the previous queries, and so takes one at a time.

    It reads a state [B, K], which is passed in and returned: `state = update(state, weights)`.
    """

    def start(self, prepared: Tensor) -> Tensor:
        """The state before the first query: [B, K] zeros."""
        return prepared.new_zeros(prepared.shape[:-1])

    def update(self, state: Tensor, weights: Tensor) -> Tensor:
        """The state for the next query, from the state and weights of this one, all [B, K]."""
        raise NotImplementedError

    def compare(self, query: Tensor, prepared: Tensor, state: Tensor | None = None) -> Tensor:
        """One query [B, 1, Dq] against prepared keys -> [B, 1, K]; state [B, K], None at first."""
        raise NotImplementedError
