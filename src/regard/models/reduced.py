"""Time reduction: a strided convolution in front of any encoder of sequences."""

from __future__ import annotations

from torch import Tensor

from regard.models.conv_bilstm import NormalisedConvolution
from regard.models.encoder import Encoder, apply_mask

__all__ = ["Reduced"]


class Reduced(Encoder):
    """ReLU(LayerNorm(strided convolution)), then an encoder of its outputs: S = ceil(T / stride).

    The windows of the convolution overlap by half.

    Parameters:
        channels: C.
        encoder: of sequences of `width` channels, which does not stride itself.
        width: of the convolution.
        stride: steps per position.
    """

    def __init__(self, channels: int, encoder: Encoder, *, width: int, stride: int) -> None:
        super().__init__()
        self.window = NormalisedConvolution(channels, width, kernel=2 * stride, stride=stride)
        self.encoder = encoder
        self.width, self.stride, self.summary = encoder.width, stride, encoder.summary

    def forward(self, series: Tensor, mask: Tensor | None = None) -> Tensor:
        positions = None if mask is None else self.position_mask(mask)
        features = apply_mask(self.window(apply_mask(series, mask)), positions)
        encoded: Tensor = self.encoder(features, positions)
        return encoded
