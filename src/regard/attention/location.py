"""Scores that do not read the keys: of the query and the position, and constant ones."""

import torch
from torch import Tensor, nn

from regard.attention.checks import check_sizes
from regard.attention.dot import dot_score
from regard.attention.score import Score
from regard.errors import ConfigError

__all__ = ["Location", "Uniform"]


class Location(Score):
    """score(q) = W_a q, with one row of W_a for each position; the keys are not read.

    Parameters:
        query_dim: Dq.
        max_keys: the largest number of keys.

    Source: Luong, Pham and Manning, 2015, "Effective approaches to attention-based neural
    machine translation", equation 8. As there, fewer keys use the first rows.

    >>> Location(3, 11)(torch.randn(2, 4, 3), torch.randn(2, 6, 5)).shape
    torch.Size([2, 4, 6])
    """

    def __init__(self, query_dim: int, max_keys: int) -> None:
        super().__init__()
        check_sizes(query_dim=query_dim, max_keys=max_keys)
        self.weight = nn.Parameter(torch.empty(max_keys, query_dim))
        nn.init.xavier_uniform_(self.weight)
        self.query_dim = query_dim

    def compare(self, query: Tensor, prepared: Tensor) -> Tensor:
        return dot_score(query, self._rows(prepared))

    def compare_one(self, query: Tensor, prepared: Tensor, key: Tensor) -> Tensor:
        return (query.squeeze(1) * self._rows(prepared)[key]).sum(-1)

    def _rows(self, prepared: Tensor) -> Tensor:
        """The first K rows, [K, Dq]."""
        count = prepared.shape[-2]
        if count > len(self.weight):
            raise ConfigError(
                f"location attention was made for at most {len(self.weight)} keys, not {count}"
            )
        return self.weight[:count]


class Uniform(Score):
    """score(q, k) = 0: softmax gives uniform weights, and the context is a mean.

    A baseline for the other scores: the same model with mean pooling. Windows and masks restrict
    the keys that are averaged; aligned by `Hard`, all allowed keys are equally likely.

    Source: Wiegreffe and Pinter, 2019, "Attention is not not explanation", section 3.2, where
    frozen uniform weights are the first test of whether attention is needed.

    >>> Uniform()(torch.randn(1, 2, 3), torch.randn(1, 4, 5))
    tensor([[[0., 0., 0., 0.],
             [0., 0., 0., 0.]]])
    """

    reads_query = False

    def compare(self, query: Tensor, prepared: Tensor) -> Tensor:
        return query.new_zeros(*query.shape[:-1], prepared.shape[-2])
