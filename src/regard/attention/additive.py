"""Additive attention: query and key meet in a space of their own, through a tanh."""

from typing import Any

import torch
from torch import Tensor, nn

from regard.attention.score import Score

__all__ = ["Additive", "Concat", "additive_score"]


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
    return torch.tanh(query.unsqueeze(-2) + keys.unsqueeze(-3)) @ vector  # [B, Q, K, A] @ [A]


class Additive(Score):
    """score(q, k) = v . tanh(W_q q + W_k k + b).

    Loads the weights of a `Concat` too.

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
        self.query_dim = hidden_dim if query_dim is None else query_dim
        self.key_dim = key_dim
        self.vector = _direction(hidden_dim)
        if query_dim is not None:
            self.register_load_state_dict_pre_hook(_split)  # type: ignore[no-untyped-call]

    def prepare(self, keys: Tensor) -> Tensor:
        """W_k k + b: [B, K, Dk] -> [B, K, A]."""
        projected: Tensor = self.key_projection(keys)
        return projected

    def compare(self, query: Tensor, prepared: Tensor) -> Tensor:
        """[B, Q, Dq] against [B, K, A] -> [B, Q, K]."""
        return additive_score(self.query_projection(query), prepared, self.vector)


class Concat(Score):
    """score(q, k) = v . tanh(W [q; k] + b): additive attention, W_q and W_k side by side in W.

    The same numbers from the same weights; it loads those of an `Additive` too.

    Parameters: as for `Additive`; query_dim must be given.

    Source: Luong, Pham and Manning, 2015, "Effective approaches to attention-based neural
    machine translation", section 3.1. There the query comes first, as here.

    >>> additive, concat = Additive(3, 5, 7), Concat(3, 5, 7)
    >>> concat.load_state_dict(additive.state_dict())
    <All keys matched successfully>
    """

    def __init__(
        self, query_dim: int, key_dim: int, hidden_dim: int, *, bias: bool = False
    ) -> None:
        super().__init__()
        self.query_dim: int = query_dim
        self.key_dim = key_dim
        self.projection = nn.Linear(query_dim + key_dim, hidden_dim, bias=bias)
        self.vector = _direction(hidden_dim)
        self.register_load_state_dict_pre_hook(_join)  # type: ignore[no-untyped-call]

    def prepare(self, keys: Tensor) -> Tensor:
        """The part of W [q; k] + b that comes from the key: [B, K, Dk] -> [B, K, A]."""
        weight = self.projection.weight[:, self.query_dim :]
        return nn.functional.linear(keys, weight, self.projection.bias)

    def compare(self, query: Tensor, prepared: Tensor) -> Tensor:
        """[B, Q, Dq] against [B, K, A] -> [B, Q, K]."""
        projected = nn.functional.linear(query, self.projection.weight[:, : self.query_dim])
        return additive_score(projected, prepared, self.vector)


def _direction(hidden_dim: int) -> nn.Parameter:
    vector = nn.Parameter(torch.empty(hidden_dim))
    nn.init.uniform_(vector, -(hidden_dim**-0.5), hidden_dim**-0.5)
    return vector


def _split(module: nn.Module, weights: dict[str, Any], prefix: str, *_: object) -> None:
    """Rename what a `Concat` has saved to what an `Additive` loads."""
    joint = weights.pop(f"{prefix}projection.weight", None)
    if joint is not None:
        width = module.get_parameter("query_projection.weight").shape[1]
        weights[f"{prefix}query_projection.weight"] = joint[:, :width]
        weights[f"{prefix}key_projection.weight"] = joint[:, width:]
    if f"{prefix}projection.bias" in weights:
        weights[f"{prefix}key_projection.bias"] = weights.pop(f"{prefix}projection.bias")


def _join(_: nn.Module, weights: dict[str, Any], prefix: str, *__: object) -> None:
    """Rename what an `Additive` has saved to what a `Concat` loads."""
    of_query = weights.pop(f"{prefix}query_projection.weight", None)
    of_key = weights.pop(f"{prefix}key_projection.weight", None)
    if of_query is not None and of_key is not None:
        weights[f"{prefix}projection.weight"] = torch.cat([of_query, of_key], 1)
    if f"{prefix}key_projection.bias" in weights:
        weights[f"{prefix}projection.bias"] = weights.pop(f"{prefix}key_projection.bias")
