"""Scores that depend on the weights of the previous queries."""

import torch
from torch import Tensor, nn
from torch.nn.functional import conv1d

from regard.attention.additive import Additive
from regard.attention.checks import check_sizes
from regard.attention.kernels import additive_score
from regard.attention.score import RecurrentScore
from regard.errors import ConfigError

__all__ = ["Coverage", "LocationSensitive", "coverage_loss"]


class _AdditiveRecurrent(RecurrentScore):
    """v . tanh(W_q q + W_k k + features of the state + b)."""

    def __init__(self, query_dim: int, key_dim: int, hidden_dim: int, *, bias: bool) -> None:
        super().__init__()
        self.additive = Additive(query_dim, key_dim, hidden_dim, bias=bias)
        self.query_dim, self.key_dim = query_dim, key_dim

    def prepare(self, keys: Tensor) -> Tensor:
        return self.additive.prepare(keys)

    def features(self, state: Tensor) -> Tensor:
        """The features that are added to the prepared keys: [B, K] -> [B, K, A]."""
        raise NotImplementedError

    def compare(self, query: Tensor, prepared: Tensor, state: Tensor | None = None) -> Tensor:
        if query.shape[-2] != 1:
            raise ConfigError(
                f"{type(self).__name__} takes one query at a time, not {query.shape[-2]}: "
                "each depends on the weights of the previous one"
            )
        state = self.start(prepared) if state is None else state
        projected = self.additive.query_projection(query)
        return additive_score(projected, prepared + self.features(state), self.additive.vector)


class LocationSensitive(_AdditiveRecurrent):
    """score(q, k_j) = v . tanh(W_q q + W_k k_j + U f_j + b), f = F * previous weights.

    The previous weights of the first query are zeros; the paper does not say.

    Parameters:
        query_dim: Dq.
        key_dim: Dk.
        hidden_dim: A.
        filters: number of filters that convolve the previous weights.
        width: of the filters, odd.
        bias: whether to learn b, as the paper does.

    Source: Chorowski et al., 2015, "Attention-based models for speech recognition", equations 8
    and 9.

    >>> score = LocationSensitive(3, 5, 7)
    >>> score(torch.randn(2, 1, 3), torch.randn(2, 6, 5)).shape
    torch.Size([2, 1, 6])
    """

    def __init__(
        self,
        query_dim: int,
        key_dim: int,
        hidden_dim: int,
        *,
        filters: int = 10,
        width: int = 31,
        bias: bool = True,
    ) -> None:
        super().__init__(query_dim, key_dim, hidden_dim, bias=bias)
        check_sizes(filters=filters, width=width)
        if width % 2 == 0:
            raise ConfigError(f"width must be odd, so that a filter has a centre, not {width}")
        self.filters = nn.Parameter(torch.empty(filters, 1, width))
        nn.init.xavier_uniform_(self.filters)
        self.feature_projection = nn.Linear(filters, hidden_dim, bias=False)

    def features(self, state: Tensor) -> Tensor:
        if state.numel() == 0:  # conv1d refuses it
            return state.new_zeros(*state.shape, self.feature_projection.out_features)
        rows = state.reshape(-1, 1, state.shape[-1])
        convolved = conv1d(rows, self.filters, padding="same").mT  # [B, K, filters]
        features: Tensor = self.feature_projection(convolved)
        return features.reshape(*state.shape, -1)

    def update(self, state: Tensor, weights: Tensor) -> Tensor:
        return weights


class Coverage(_AdditiveRecurrent):
    """score(q, k_j) = v . tanh(W_q q + W_k k_j + w_c c_j + b), c the sum of all previous weights.

    Parameters:
        query_dim: Dq.
        key_dim: Dk.
        hidden_dim: A.
        bias: whether to learn b, as the paper does.

    Source: See, Liu and Manning, 2017, "Get to the point: summarization with pointer-generator
    networks", equations 10 and 11, after Tu et al., 2016, "Modeling coverage for neural machine
    translation"; `coverage_loss` is equation 12.

    >>> Coverage(3, 5, 7)(torch.randn(2, 1, 3), torch.randn(2, 6, 5)).shape
    torch.Size([2, 1, 6])
    """

    def __init__(self, query_dim: int, key_dim: int, hidden_dim: int, *, bias: bool = True) -> None:
        super().__init__(query_dim, key_dim, hidden_dim, bias=bias)
        self.coverage_vector = nn.Parameter(torch.empty(hidden_dim))
        nn.init.uniform_(self.coverage_vector, -(hidden_dim**-0.5), hidden_dim**-0.5)

    def features(self, state: Tensor) -> Tensor:
        return state.unsqueeze(-1) * self.coverage_vector

    def update(self, state: Tensor, weights: Tensor) -> Tensor:
        return state + weights


def coverage_loss(weights: Tensor) -> Tensor:
    """Sum over queries i and keys j of min(weights_ij, coverage_ij): penalises repeated attention.

    Parameters:
        weights: [B, Q, K] of all queries, in order.

    Returns:
        [B]; zero if no two queries attend to the same key.

    Source: See, Liu and Manning, 2017, equation 12.

    >>> coverage_loss(torch.tensor([[[1.0, 0.0], [0.25, 0.75]]]))
    tensor([0.2500])
    """
    coverage = weights.cumsum(-2) - weights
    return torch.minimum(weights, coverage).sum((-2, -1))
