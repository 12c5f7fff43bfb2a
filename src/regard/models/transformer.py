"""Transformer encoder: every step attends to all steps."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from regard.attention import Attention, MultiHead, ScaledDot
from regard.models.encoder import Encoder, apply_mask
from regard.models.transformer_layers import TransformerEncoderLayer

__all__ = ["Transformer", "sinusoids"]


def sinusoids(steps: int, width: int, *, like: Tensor, first: int = 0) -> Tensor:
    """Positions [steps, width]: sin(t / 10000^(2i / width)) in even columns, cos in odd ones.

    Parameters:
        steps: number of positions.
        width: of each.
        like: a tensor of the dtype and device wanted.
        first: t of the first one.

    Source: Vaswani et al., 2017, "Attention is all you need", section 3.5.
    """
    time = torch.arange(first, first + steps, device=like.device, dtype=like.dtype).unsqueeze(1)
    column = torch.arange(width, device=like.device)
    rate = 10000.0 ** (-(column - column % 2).to(like.dtype) / width)
    return torch.where(column % 2 == 0, torch.sin(time * rate), torch.cos(time * rate))


class Transformer(Encoder):
    """Pre-norm Transformer encoder over the steps: S = T, D = hidden.

    Parameters:
        channels: C.
        hidden: D.
        layers: number of stacked layers.
        dropout: in every layer, in training.
        heads: H, which divides D; by default a head has about 8 columns.
        kernel: of the convolution that embeds the steps, odd; 0 takes inputs of D channels as they
            are, such as embedded tokens.
        weight_dropout: rate on the attention weights, in training; by default that of `dropout`.

    Source: Vaswani et al., 2017, with the normalisation first as in Xiong et al., 2020, "On layer
    normalization in the Transformer architecture".
    """

    def __init__(
        self,
        channels: int,
        hidden: int,
        layers: int,
        *,
        dropout: float,
        heads: int | None = None,
        kernel: int = 7,
        weight_dropout: float | None = None,
    ) -> None:
        super().__init__()
        self.width = hidden
        # A single step has little information, so its neighbours are embedded with it.
        self.embed = nn.Conv1d(channels, hidden, kernel, padding=kernel // 2) if kernel else None
        if heads is None:
            heads = max(heads for heads in range(1, hidden // 8 + 2) if hidden % heads == 0)
        on_weights = dropout if weight_dropout is None else weight_dropout
        self.layers: Sequence[TransformerEncoderLayer]
        self.layers = nn.ModuleList(  # type: ignore[assignment]
            TransformerEncoderLayer(
                MultiHead([Attention(ScaledDot(), dropout=on_weights)] * heads, hidden),
                hidden,
                2 * hidden,
                dropout=dropout,
            )
            for _ in range(layers)
        )
        self.norm = nn.LayerNorm(hidden)

    def forward(self, series: Tensor, mask: Tensor | None = None) -> Tensor:
        states = self._embedded(series, mask)
        seen = None if mask is None else self.position_mask(mask)
        for layer in self.layers:
            states = layer(states, seen, need_weights=False).context
        encoded: Tensor = self.norm(states)
        return encoded

    def attend(self, series: Tensor, mask: Tensor | None = None) -> Tensor:
        """[B, L, H, T, T] the weights of each layer and head, queries before keys."""
        states, weights = self._embedded(series, mask), []
        seen = None if mask is None else self.position_mask(mask)
        for layer in self.layers:
            attended = layer(states, seen)
            states = attended.context
            weights.append(attended.weights)
        return torch.stack(weights, 1)

    def _embedded(self, series: Tensor, mask: Tensor | None) -> Tensor:
        embedded = series if self.embed is None else self.embed(apply_mask(series, mask))
        states: Tensor = embedded.transpose(1, 2)  # [B, T, D]
        return states + sinusoids(states.shape[1], self.width, like=states)
