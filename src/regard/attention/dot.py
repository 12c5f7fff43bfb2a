"""Dot-product scores: plain, scaled, bilinear and cosine."""

from contextlib import nullcontext
from typing import Any, Self

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

from regard.attention.checks import check_sizes
from regard.attention.kernels import Band, Reach, band_dot, dot_attention, is_narrow
from regard.attention.layers import check_keras, weights_of
from regard.attention.memory import Memory
from regard.attention.score import Score
from regard.attention.window import View
from regard.errors import ConfigError

__all__ = ["Cosine", "Dot", "General", "ScaledDot", "dot_score"]


def dot_score(query: Tensor, keys: Tensor) -> Tensor:
    """score = q . k: [B, Q, D], [B, K, D] -> [B, Q, K]; of float16 in float32, which can hold it.

    >>> dot_score(torch.tensor([[[1.0, 2.0]]]), torch.tensor([[[3.0, 4.0], [0.0, 1.0]]]))
    tensor([[[11.,  2.]]])
    """
    return _wide(query) @ _wide(keys).mT


def _wide(vectors: Tensor) -> Tensor:
    return vectors.float() if vectors.dtype == torch.float16 else vectors


class Dot(Score):
    """score(q, k) = q . k, for query and key of the same width.

    Source: Luong, Pham and Manning, 2015, "Effective approaches to attention-based neural
    machine translation", section 3.1.

    >>> Dot()(torch.tensor([[[1.0, 2.0]]]), torch.tensor([[[3.0, 4.0], [0.0, 1.0]]]))
    tensor([[[11.,  2.]]])
    """

    compares_bands = True

    def query_side(self, query: Tensor) -> Tensor:
        """The left factor of the dot products: [B, Q, Dq] -> [B, Q, width of the prepared keys]."""
        return query

    def query_width(self, prepared: Tensor) -> int:
        return prepared.shape[-1]

    def compare(self, query: Tensor, prepared: Tensor) -> Tensor:
        return dot_score(self.query_side(query), prepared)

    def compare_band(
        self, query: Tensor, prepared: Tensor, band: Band, mask: Tensor | None
    ) -> Tensor:
        sides = _wide(self.query_side(query)).flatten(0, -3), _wide(prepared).flatten(0, -3)
        scores: Tensor = band_dot(*sides, band.first.flatten(0, -2), band.width)
        return scores.view(*query.shape[:-1], band.width)

    def attend(
        self, query: Tensor, memory: Memory, *, reach: Reach, position: int, need_weights: bool
    ) -> tuple[Tensor, None] | None:
        if need_weights:
            return None
        keys = memory.prepared.shape[-2]
        causal = reach == Reach(after=0) and memory.mask is None and position == 0
        # a compiled graph takes a mask instead, which any number of queries and keys can have
        if causal and query.shape[-2] == keys and not torch.compiler.is_compiling():
            return self.attend_view(query, memory, View(), dropout=0.0, causal=True), None
        if reach.width is None or not is_narrow(reach.width, keys):
            return None
        sides = (self.query_side(query), *memory[:3])
        return dot_attention(*sides, reach=reach, position=position), None

    def attend_view(
        self, query: Tensor, memory: Memory, view: View, *, dropout: float, causal: bool = False
    ) -> Tensor:
        """By torch's fused kernels; `causal` needs a view without mask and bias."""
        given, mask, bias = view.mask, view.mask, view.bias
        if bias is not None:
            # the lowest finite number, not -inf: a row of -inf alone would be NaN
            given = bias if mask is None else bias.masked_fill(~mask, torch.finfo(bias.dtype).min)
        sides = (self.query_side(query), memory.prepared, memory.values)
        if query.dim() == 3:  # the kernels take four dimensions
            sides = (sides[0].unsqueeze(1), sides[1].unsqueeze(1), sides[2].unsqueeze(1))
            given = given.unsqueeze(1) if given is not None and given.dim() == 3 else given
        wide = query.device.type == "cpu" and torch.is_autocast_enabled("cpu")
        if wide:  # the backward pass of torch's kernel takes six times as long in bfloat16
            sides = (sides[0].float(), sides[1].float(), sides[2].float())
            given = given.float() if given is not None and given.is_floating_point() else given
        with torch.autocast("cpu", enabled=False) if wide else nullcontext():
            context = scaled_dot_product_attention(
                *sides, given, dropout_p=dropout, is_causal=causal, scale=1.0
            )
        context = context.squeeze(1) if query.dim() == 3 else context
        if mask is not None:  # some kernels return NaN where nothing may be attended
            context = context.masked_fill(~mask.any(-1, keepdim=True), 0.0)
        return context


class ScaledDot(Dot):
    """score(q, k) = scale (q . k) / temperature; the default scale keeps the variance at one.

    Parameters:
        scale: None is 1 / sqrt(D).
        learnable: whether to learn a temperature, which starts at one; otherwise it stays one.

    Source: Vaswani et al., 2017, "Attention is all you need", equation 1.

    >>> ScaledDot()(torch.ones(1, 1, 4), torch.ones(1, 1, 4))
    tensor([[[2.]]])
    """

    def __init__(self, scale: float | None = None, *, learnable: bool = False) -> None:
        super().__init__()
        self.scale = scale
        self.log_temperature = nn.Parameter(torch.zeros(())) if learnable else None

    @classmethod
    def from_keras(cls, layer: Any) -> Self:
        """The score of a `keras.layers.Attention`, whose scale is 1 unless it has learned one.

        Raises:
            ConfigError: another layer, or its score_mode "concat".
        """
        check_keras("layer", layer, "Attention")
        given = layer.get_config()
        if given.get("score_mode") != "dot":
            raise ConfigError(
                f'layer must be an Attention of score_mode "dot", not {type(layer).__name__} of '
                f"{given.get('score_mode')!r}"
            )
        return cls(float(weights_of("layer", layer)[0]) if given["use_scale"] else 1.0)

    def query_side(self, query: Tensor) -> Tensor:
        width = max(1, query.shape[-1])  # the dot product of no columns is zero, whatever the scale
        query = query * (width**-0.5 if self.scale is None else self.scale)
        return query if self.log_temperature is None else query * torch.exp(-self.log_temperature)


class General(Dot):
    """score(q, k) = q W k, the bilinear score, for query and key of any widths.

    Parameters:
        query_dim: Dq.
        key_dim: Dk.

    Source: Luong, Pham and Manning, 2015, section 3.1.

    >>> General(3, 5)(torch.randn(2, 4, 3), torch.randn(2, 6, 5)).shape
    torch.Size([2, 4, 6])
    """

    def __init__(self, query_dim: int, key_dim: int) -> None:
        super().__init__()
        check_sizes(query_dim=query_dim, key_dim=key_dim)
        self.weight = nn.Parameter(torch.empty(query_dim, key_dim))
        # scores of inputs of unit variance start with unit variance
        nn.init.normal_(self.weight, std=(query_dim * key_dim) ** -0.5)
        self.query_dim, self.key_dim = query_dim, key_dim

    def prepare(self, keys: Tensor) -> Tensor:
        return keys @ self.weight.mT


class Cosine(Dot):
    """score(q, k) = beta cos(q, k), beta = 1 / temperature; the cosine of a zero vector is zero.

    Parameters:
        temperature: lower is sharper; the paper has beta, the key strength, instead.
        learnable: whether to learn the temperature, starting from this value.

    Source: Graves, Wayne and Danihelka, 2014, "Neural Turing machines", equations 5 and 6.

    >>> Cosine(0.5)(torch.tensor([[[3.0, 0.0]]]), torch.tensor([[[2.0, 0.0], [0.0, 9.0]]]))
    tensor([[[2., 0.]]])
    """

    def __init__(self, temperature: float = 1.0, *, learnable: bool = False) -> None:
        super().__init__()
        if not temperature > 0:
            raise ConfigError(f"temperature must be above 0, not {temperature}")
        start = torch.tensor(temperature).log()
        self.temperature = temperature
        self.log_temperature = nn.Parameter(start) if learnable else None

    def prepare(self, keys: Tensor) -> Tensor:
        return _direction(keys)

    def query_side(self, query: Tensor) -> Tensor:
        query = _direction(query)
        if self.log_temperature is None:
            return query / self.temperature
        return query * torch.exp(-self.log_temperature)


def _direction(vectors: Tensor) -> Tensor:
    """v / |v|; a zero vector stays zero, and its gradient finite."""
    length = torch.linalg.vector_norm(_wide(vectors), dim=-1, keepdim=True)
    return (vectors / torch.where(length > 0, length, 1.0)).to(vectors.dtype)
