"""Relative positions: a learned vector for each distance, by which a query adds to its scores."""

import torch
from torch import Tensor, nn

from regard.attention.window import View, Window, distances
from regard.errors import ConfigError

__all__ = ["Relative"]


class Relative(Window):
    """score + q . r_d / sqrt(Dq), d = j - p clipped to -distance .. distance.

    For the key j and the query q at position p. With scaled dot products this is q . (k + r_d) /
    sqrt(Dq), as published; it goes with any other score too. Heads of a `MultiHead` that share an
    attention share the vectors, which start at zero.

    Parameters:
        query_dim: Dq.
        distance: from which on all distances are one.

    Source: Shaw, Uszkoreit and Vaswani, 2018, "Self-attention with relative position
    representations", equation 4; computed by distances and not by pairs, as in Huang et al., 2019,
    "Music Transformer", section 3.4.

    >>> window = Relative(2, distance=1)
    >>> with torch.no_grad():
    ...     window.vectors[:, 0] = torch.tensor([-1.0, 0.0, 1.0])
    >>> window(2**0.5 * torch.ones(1, 2, 2), 3).bias
    tensor([[[ 0.0000,  1.0000,  1.0000],
             [-1.0000,  0.0000,  1.0000]]], grad_fn=<GatherBackward0>)
    """

    relative = True
    reads_query = True

    def __init__(self, query_dim: int, *, distance: int = 64) -> None:
        super().__init__()
        if distance < 1:
            raise ConfigError(f"distance must be at least 1, not {distance}")
        self.query_dim, self.distance = query_dim, distance
        self.vectors = nn.Parameter(torch.zeros(2 * distance + 1, query_dim))

    def extra_repr(self) -> str:
        return f"{self.query_dim}, distance={self.distance}"

    def forward(
        self, query: Tensor, keys: int, *, lengths: Tensor | None = None, position: int = 0
    ) -> View:
        most = self.distance
        places = distances(query, keys, position).clamp(-most, most) + most  # [Q, K]
        vectors = self.vectors.to(query.dtype)
        each = query @ vectors.T * query.shape[-1] ** -0.5  # [..., Q, 2 distance + 1]
        return View(bias=each.gather(-1, places.expand(*query.shape[:-1], keys)))
