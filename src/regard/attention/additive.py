"""Additive scores: query and key are projected to one space, added, and passed through a tanh."""

from typing import Any, Self

import torch
from torch import Tensor, nn

from regard.attention.checks import check_sizes
from regard.attention.kernels import (
    Band,
    Reach,
    additive_attention,
    additive_attention_and_weights,
    additive_score,
    check_kernel,
    exponentials,
    is_exported,
)
from regard.attention.layers import check_keras, check_torch, dense_of, vector_of, weights_of
from regard.attention.memory import Memory
from regard.attention.score import Score
from regard.errors import ConfigError

__all__ = ["Additive", "AdditiveScore", "Concat"]


class AdditiveScore(Score):
    """score(q, k) = v . tanh(q' + k'), where a subclass defines the projections q' and k'.

    Attributes:
        vector: v, [A].
        kernel: None selects the kernel automatically, see `regard.attention.kernels`.
    """

    compares_bands = True
    vector: nn.Parameter
    kernel: str | None = None

    def query_side(self, query: Tensor) -> Tensor:
        """q': [B, Q, Dq] -> [B, Q, A]."""
        raise NotImplementedError

    def keep(self, prepared: Tensor) -> Tensor:
        """k' and, in float32, e^2k' beside it: [B, K, A] -> [B, K, 2 A]."""
        if prepared.dtype != torch.float32 or is_exported():
            return prepared
        return torch.cat([prepared, exponentials(prepared)], -1)

    def compare(self, query: Tensor, prepared: Tensor) -> Tensor:
        return self.compare_band(query, prepared, None, None)

    def compare_where(self, query: Tensor, prepared: Tensor, mask: Tensor | None) -> Tensor:
        return self.compare_band(query, prepared, None, mask)

    def compare_band(
        self, query: Tensor, prepared: Tensor, band: Band | None, mask: Tensor | None
    ) -> Tensor:
        keys, keys_exp = self._split(prepared)
        how: Any = {"keys_exp": keys_exp, "band": band, "kernel": self.kernel}
        return additive_score(self.query_side(query), keys, self.vector, mask, **how)

    def attend(
        self, query: Tensor, memory: Memory, *, reach: Reach, position: int, need_weights: bool
    ) -> tuple[Tensor, Tensor | None]:
        keys, keys_exp = self._split(memory.prepared)
        given = (self.query_side(query), keys, memory.values, self.vector, memory.mask)
        how: Any = {"keys_exp": keys_exp, "reach": reach, "position": position}
        how["kernel"] = self.kernel
        if need_weights:
            return additive_attention_and_weights(*given, **how)
        return additive_attention(*given, **how), None

    def _split(self, prepared: Tensor) -> tuple[Tensor, Tensor | None]:
        width = self.vector.shape[0]
        if prepared.shape[-1] == width:
            return prepared, None
        if prepared.shape[-1] != 2 * width:
            raise ConfigError(
                f"keys must be prepared by this score, {width} wide (or {2 * width}, with their "
                f"exponentials), not {prepared.shape[-1]}"
            )
        return prepared[..., :width], prepared[..., width:]


class Additive(AdditiveScore):
    """score(q, k) = v . tanh(W_q q + W_k k + b).

    It also loads the weights of a `Concat`.

    Parameters:
        query_dim: Dq. None for queries that are A wide already and not projected: for a learned
            query, W_q would be redundant.
        key_dim: Dk; may differ from Dq.
        hidden_dim: A, the width of W_q q and W_k k.
        bias: whether to learn b; the paper has none.
        kernel: "plain", "blocked", "numba" or "triton"; all give the same numbers to rounding.
            None selects the kernel automatically, see `regard.attention.kernels`.

    Source: Bahdanau, Cho and Bengio, 2015, "Neural machine translation by jointly learning to
    align and translate", appendix A.1.2 (there W_a is W_q and U_a is W_k).

    >>> Additive(3, 5, 7)(torch.randn(2, 4, 3), torch.randn(2, 6, 5)).shape
    torch.Size([2, 4, 6])
    """

    def __init__(
        self,
        query_dim: int | None,
        key_dim: int,
        hidden_dim: int,
        *,
        bias: bool = False,
        kernel: str | None = None,
    ) -> None:
        super().__init__()
        check_sizes(query_dim=query_dim, key_dim=key_dim, hidden_dim=hidden_dim)
        self.query_projection = (
            nn.Identity() if query_dim is None else nn.Linear(query_dim, hidden_dim, bias=False)
        )
        self.key_projection = nn.Linear(key_dim, hidden_dim, bias=bias)
        self.query_dim = hidden_dim if query_dim is None else query_dim
        self.key_dim = key_dim
        self.vector = _direction(hidden_dim)
        self.kernel = check_kernel(kernel)
        if query_dim is not None:
            self.register_load_state_dict_pre_hook(_split)  # type: ignore[no-untyped-call]

    @classmethod
    def from_torch(
        cls, query: nn.Linear, keys: nn.Linear, vector: nn.Linear | Tensor, **options: Any
    ) -> Self:
        """The weights of vector(tanh(query(q) + keys(k))), as in PyTorch's translation tutorial.

        The biases of the two projections are added up. That of the vector is left out: it adds the
        same to every score, and softmax, sparsemax and entmax15 give the same weights.

        Parameters:
            query: W_q, or W_a in the tutorial.
            keys: W_k, or U_a.
            vector: v, or V_a: one output, or the A numbers themselves.
            options: of the constructor.

        Raises:
            ConfigError: a part is no Linear, or the widths do not match.
        """
        for name, each in (("query", query), ("keys", keys)):
            check_torch(name, each, nn.Linear)
        if query.out_features != keys.out_features:
            raise ConfigError(
                "query and keys must have as many outputs as each other, not "
                f"{query.out_features} and {keys.out_features}"
            )
        numbers = vector_of(vector, keys.out_features)
        biases: list[Tensor] = [each.bias for each in (query, keys) if each.bias is not None]
        made = cls(
            query.in_features, keys.in_features, keys.out_features, bias=bool(biases), **options
        ).to(keys.weight)
        with torch.no_grad():
            made.get_parameter("query_projection.weight").copy_(query.weight)
            made.key_projection.weight.copy_(keys.weight)
            made.vector.copy_(numbers)
            if biases:
                made.key_projection.bias.copy_(torch.stack(biases).sum(0))
        return made

    @classmethod
    def from_keras(cls, layer: Any, *, query: Any, keys: Any, **options: Any) -> Self:
        """The weights of a `keras.layers.AdditiveAttention` behind two `Dense` layers.

        Keras's layer has no projections; `query` and `keys` are the Dense layers without activation
        that its inputs pass, W_q and W_k. None stands for an input that passes none: its projection
        starts as the identity. With `use_scale=False`, v is ones.

        Raises:
            ConfigError: a layer is of another kind, is not built, or has an activation; the widths
                do not match.
        """
        check_keras("layer", layer, "AdditiveAttention")
        scale = weights_of("layer", layer)
        given = {"query": query, "keys": keys}
        linear = {n: dense_of(n, each) for n, each in given.items() if each is not None}
        if not linear and not scale:
            raise ConfigError(
                "query or keys must be a Dense layer: without a scale no width is known"
            )
        width = next(iter(linear.values())).out_features if linear else len(scale[0])
        for name in given.keys() - linear.keys():
            linear[name] = nn.Linear(width, width, bias=False)
            nn.init.eye_(linear[name].weight)
        vector = scale[0] if scale else torch.ones(width)
        return cls.from_torch(linear["query"], linear["keys"], vector, **options)

    def prepare(self, keys: Tensor) -> Tensor:
        projected: Tensor = self.key_projection(keys)
        return projected

    def query_side(self, query: Tensor) -> Tensor:
        projected: Tensor = self.query_projection(query)
        return projected


class Concat(AdditiveScore):
    """score(q, k) = v . tanh(W [q; k] + b): `Additive` with W_q and W_k side by side in W.

    The same weights give the same numbers; it also loads the weights of an `Additive`.

    Parameters: as for `Additive`; query_dim is required.

    Source: Luong, Pham and Manning, 2015, "Effective approaches to attention-based neural
    machine translation", section 3.1, where the query comes first, too.

    >>> additive, concat = Additive(3, 5, 7), Concat(3, 5, 7)
    >>> concat.load_state_dict(additive.state_dict())
    <All keys matched successfully>
    """

    def __init__(
        self,
        query_dim: int,
        key_dim: int,
        hidden_dim: int,
        *,
        bias: bool = False,
        kernel: str | None = None,
    ) -> None:
        super().__init__()
        check_sizes(query_dim=query_dim, key_dim=key_dim, hidden_dim=hidden_dim)
        self.query_dim: int = query_dim
        self.key_dim = key_dim
        self.projection = nn.Linear(query_dim + key_dim, hidden_dim, bias=bias)
        self.vector = _direction(hidden_dim)
        self.kernel = check_kernel(kernel)
        self.register_load_state_dict_pre_hook(_join)  # type: ignore[no-untyped-call]

    @classmethod
    def from_torch(
        cls,
        projection: nn.Linear,
        vector: nn.Linear | Tensor,
        *,
        query_dim: int,
        keys_first: bool = False,
        **options: Any,
    ) -> Self:
        """The weights of vector(tanh(projection([q; k]))), as in many tutorials.

        There one Linear takes the decoder's state and an encoder state, concatenated in this order,
        or the other way round. Where both are equally wide, only your code tells which it is.

        Parameters:
            projection: W, from Dq + Dk to A.
            vector: v: one output, or the A numbers themselves; its bias is left out, as by
                `Additive.from_torch`.
            query_dim: Dq, the width of the decoder's state.
            keys_first: whether the projection takes [k; q], `cat([encoder, decoder])`.
            options: of the constructor.

        Raises:
            ConfigError: a part is no Linear, or the widths do not match.
        """
        check_torch("projection", projection, nn.Linear)
        check_sizes(query_dim=query_dim)
        key_dim = projection.in_features - query_dim
        if not 0 < query_dim < projection.in_features:
            raise ConfigError(
                f"query_dim must be from 1 to {projection.in_features - 1}, a part of the "
                f"projection's {projection.in_features} inputs, not {query_dim}"
            )
        numbers = vector_of(vector, projection.out_features)
        bias = projection.bias is not None
        made = cls(query_dim, key_dim, projection.out_features, bias=bias, **options)
        made = made.to(projection.weight)
        with torch.no_grad():
            made.projection.load_state_dict(projection.state_dict())
            if keys_first:
                made.projection.weight.copy_(projection.weight.roll(query_dim, 1))
            made.vector.copy_(numbers)
        return made

    def prepare(self, keys: Tensor) -> Tensor:
        weight = self.projection.weight[:, self.query_dim :]
        return nn.functional.linear(keys, weight, self.projection.bias)

    def query_side(self, query: Tensor) -> Tensor:
        return nn.functional.linear(query, self.projection.weight[:, : self.query_dim])


def _direction(hidden_dim: int) -> nn.Parameter:
    vector = nn.Parameter(torch.empty(hidden_dim))
    nn.init.uniform_(vector, -(hidden_dim**-0.5), hidden_dim**-0.5)
    return vector


def _split(module: nn.Module, weights: dict[str, Any], prefix: str, *_: object) -> None:
    """Rename the weights of a `Concat` to those of an `Additive`."""
    joint = weights.pop(f"{prefix}projection.weight", None)
    if joint is not None:
        width = module.get_parameter("query_projection.weight").shape[1]
        weights[f"{prefix}query_projection.weight"] = joint[:, :width]
        weights[f"{prefix}key_projection.weight"] = joint[:, width:]
    if f"{prefix}projection.bias" in weights:
        weights[f"{prefix}key_projection.bias"] = weights.pop(f"{prefix}projection.bias")


def _join(_: nn.Module, weights: dict[str, Any], prefix: str, *__: object) -> None:
    """Rename the weights of an `Additive` to those of a `Concat`."""
    of_query = weights.pop(f"{prefix}query_projection.weight", None)
    of_key = weights.pop(f"{prefix}key_projection.weight", None)
    if of_query is not None and of_key is not None:
        weights[f"{prefix}projection.weight"] = torch.cat([of_query, of_key], 1)
    if f"{prefix}key_projection.bias" in weights:
        weights[f"{prefix}projection.bias"] = weights.pop(f"{prefix}key_projection.bias")
