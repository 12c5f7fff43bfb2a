"""Inception encoder: parallel convolutions of several widths, with residual connections."""

import torch
from torch import Tensor, nn
from torch.nn.functional import max_pool2d, pad, relu

from regard.models.encoder import Encoder, MaskedBatchNorm, apply_mask, columns

__all__ = ["Inception"]

_KERNELS = ((13, 3), (13, 1), (9, 2))  # size and dilation: 37, 13 and 17 steps wide
_BLOCKS_PER_SHORTCUT = 3


def _convolution(inputs: int, outputs: int, kernel: int = 1, dilation: int = 1) -> nn.Conv2d:
    return nn.Conv2d(
        inputs, outputs, (1, kernel), dilation=(1, dilation), padding="same", bias=False
    )


class _Block(nn.Module):
    """Bottleneck, three parallel convolutions and a pooled branch, batch normalisation."""

    def __init__(self, inputs: int, hidden: int) -> None:
        super().__init__()
        narrow = min(inputs, hidden)
        self.bottleneck = nn.Identity() if narrow == inputs else _convolution(inputs, narrow)
        self.branches = nn.ModuleList(_convolution(narrow, hidden, *kernel) for kernel in _KERNELS)
        self.pooled = _convolution(inputs, hidden)
        self.width = hidden * (len(_KERNELS) + 1)
        self.norm = MaskedBatchNorm(self.width)

    def forward(self, features: Tensor, mask: Tensor | None) -> Tensor:
        """[B, D, 1, T] -> [B, 4 * hidden, 1, T]."""
        narrow, peaks = self.bottleneck(features), features
        if mask is not None:  # padding must not be a peak among negative values
            peaks = peaks.masked_fill(~mask[:, None, None], -torch.inf)
        peaks = max_pool2d(peaks, (1, 3), 1, (0, 1))
        if mask is not None:
            peaks = peaks.masked_fill(~mask[:, None, None], 0.0)
        parts = [*(branch(narrow) for branch in self.branches), self.pooled(peaks)]
        return apply_mask(self.norm(torch.cat(parts, 1), mask), mask)


class _Shortcut(nn.Module):
    """A residual connection, projected to the width of its end."""

    def __init__(self, inputs: int, width: int) -> None:
        super().__init__()
        self.project = _convolution(inputs, width)
        self.norm = MaskedBatchNorm(width)

    def forward(self, features: Tensor, mask: Tensor | None) -> Tensor:
        normal: Tensor = self.norm(self.project(features), mask)
        return normal


class Inception(Encoder):
    """Inception blocks, with a residual connection over every three: S = T, D = 4 * hidden.

    The input is each channel and its first difference, both scaled to unit variance.

    Parameters:
        channels: C.
        hidden: width of each branch and of the bottleneck before them.
        layers: number of blocks.

    Source: Ismail Fawaz et al., 2020, "InceptionTime: finding AlexNet for time series
    classification" (there six blocks, kernels 40, 20 and 10 wide, five networks and no
    differences; here odd kernels, so that each position is the centre of its receptive field, two
    of them dilated, which costs less).
    """

    def __init__(self, channels: int, hidden: int, layers: int) -> None:
        super().__init__()
        width = start = 2 * channels
        self.norm = MaskedBatchNorm(width)
        self.blocks = nn.ModuleList()
        self.shortcuts = nn.ModuleList()
        for layer in range(1, layers + 1):
            block = _Block(width, hidden)
            self.blocks.append(block)
            width = block.width
            if layer % _BLOCKS_PER_SHORTCUT == 0:
                self.shortcuts.append(_Shortcut(start, width))
                start = width
        self.width = width

    def forward(self, series: Tensor, mask: Tensor | None = None) -> Tensor:
        change = pad(series[..., 1:] - series[..., :-1], (1, 0))
        both = columns(apply_mask(torch.cat([series, change], 1), mask))
        features = start = self.norm(both, mask)
        shortcuts = iter(self.shortcuts)
        for layer, block in enumerate(self.blocks, 1):
            features = block(features, mask)
            if layer % _BLOCKS_PER_SHORTCUT:
                features = relu(features)
            else:
                features = start = relu(features + next(shortcuts)(start, mask))
        states: Tensor = features[:, :, 0].transpose(1, 2)
        return states
