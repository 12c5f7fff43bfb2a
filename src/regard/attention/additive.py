"""Additive attention: query and key meet in a space of their own, through a tanh."""

import torch
from torch import Tensor, nn

from regard.attention.score import Score

__all__ = ["Additive", "additive_score"]


def additive_score(query: Tensor, keys: Tensor, vector: Tensor) -> Tensor:
    """score = v . tanh(q + k), of queries and keys already projected to the same width A.

    Parameters:
        query: [B, Q, A].
        keys: [B, K, A].
        vector: v, [A].

    Returns:
        [B, Q, K] scores.

    >>> query, keys = torch.zeros(1, 1, 2), torch.full((1, 3, 2), 100.0)
    >>> additive_score(query, keys, torch.tensor([1.0, 2.0]))
    tensor([[[3., 3., 3.]]])
    """
    return torch.tanh(query.unsqueeze(2) + keys.unsqueeze(1)) @ vector  # [B, Q, K, A] @ [A]


class Additive(Score):
    """score(q, k) = v . tanh(W_q q + W_k k + b).

    Parameters:
        query_dim: Dq, or None when queries come already in the comparison space, A wide: a
            learned query needs no W_q, which the product W_q q would only hide.
        key_dim: Dk; query and key may differ in width.
        hidden_dim: A, the width of the space in which they are compared.
        bias: whether to learn b; the paper has none.

    Source: Bahdanau, Cho and Bengio, 2015, "Neural machine translation by jointly learning to
    align and translate", appendix A.1.2 (there W_a is W_q and U_a is W_k).

    >>> Additive(3, 5, 7)(torch.randn(2, 4, 3), torch.randn(2, 6, 5)).shape
    torch.Size([2, 4, 6])
    """

    def __init__(
        self, query_dim: int | None, key_dim: int, hidden_dim: int, *, bias: bool = False
    ) -> None:
        super().__init__()
        self.query_projection = (
            nn.Identity() if query_dim is None else nn.Linear(query_dim, hidden_dim, bias=False)
        )
        self.key_projection = nn.Linear(key_dim, hidden_dim, bias=bias)
        self.vector = nn.Parameter(torch.empty(hidden_dim))
        nn.init.uniform_(self.vector, -(hidden_dim**-0.5), hidden_dim**-0.5)

    def prepare(self, keys: Tensor) -> Tensor:
        """W_k k + b: [B, K, Dk] -> [B, K, A]."""
        projected: Tensor = self.key_projection(keys)
        return projected

    def compare(self, query: Tensor, prepared: Tensor) -> Tensor:
        """[B, Q, Dq] against [B, K, A] -> [B, Q, K]."""
        return additive_score(self.query_projection(query), prepared, self.vector)
