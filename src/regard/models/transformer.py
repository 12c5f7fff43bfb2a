"""Transformer encoder: every step attends to every other."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from regard.attention import Attention, MultiHead, ScaledDot
from regard.models.encoder import Encoder, apply_mask
from regard.models.transformer_layers import TransformerEncoderLayer

__all__ = ["Transformer", "sinusoids"]


def sinusoids(steps: int, width: int, *, like: Tensor) -> Tensor:
    """Positions [steps, width]: sin(t / 10000^(2i / width)) in even columns, cos in odd ones.

    Source: Vaswani et al., 2017, "Attention is all you need", section 3.5.
    """
    time = torch.arange(steps, device=like.device, dtype=like.dtype).unsqueeze(1)
    column = torch.arange(width, device=like.device)
    rate = 10000.0 ** (-(column - column % 2).to(like.dtype) / width)
    return torch.where(column % 2 == 0, torch.sin(time * rate), torch.cos(time * rate))


class Transformer(Encoder):
    """Pre-norm Transformer encoder over the steps: S = T, D = hidden.

    Parameters:
        channels: C.
        hidden: D; 8, or as many as divide it, of its columns make a head.
        layers: how many, one on the other.
        dropout: in every layer, in training.

    Source: Vaswani et al., 2017, with the normalisation first as in Xiong et al., 2020, "On layer
    normalization in the Transformer architecture".
    """

    def __init__(self, channels: int, hidden: int, layers: int, *, dropout: float) -> None:
        super().__init__()
        self.width = hidden
        # Steps alone say little: each is embedded with its nearest neighbours.
        self.embed = nn.Conv1d(channels, hidden, 7, padding=3)
        heads = max(heads for heads in range(1, hidden // 8 + 2) if hidden % heads == 0)
        self.layers: Sequence[TransformerEncoderLayer]
        self.layers = nn.ModuleList(  # type: ignore[assignment]
            TransformerEncoderLayer(
                MultiHead([Attention(ScaledDot(), dropout=dropout)] * heads, hidden),
                hidden,
                2 * hidden,
                dropout=dropout,
            )
            for _ in range(layers)
        )
        self.norm = nn.LayerNorm(hidden)

    def forward(self, series: Tensor, mask: Tensor | None = None) -> Tensor:
        """[B, C, T] -> [B, T, hidden]."""
        states = self.embed(apply_mask(series, mask)).transpose(1, 2)  # [B, T, D]
        states = states + sinusoids(states.shape[1], self.width, like=states)
        for layer in self.layers:
            states = layer(states, mask, need_weights=False).context
        encoded: Tensor = self.norm(states)
        return encoded
