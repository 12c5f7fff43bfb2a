"""Inception encoder: parallel convolutions of several widths, with residual connections."""

import torch
from torch import Tensor, nn
from torch.nn.functional import max_pool2d, pad, relu

from regard.models.conv_bilstm import NormalisedConvolution
from regard.models.encoder import Encoder, MaskedBatchNorm, apply_mask, columns

__all__ = ["Inception"]

_KERNELS = ((13, 3), (13, 1), (9, 2))  # size and dilation: 37, 13 and 17 steps wide
_NARROWEST = 3
_BLOCKS_PER_SHORTCUT = 3


def _convolution(inputs: int, outputs: int, kernel: int = 1, dilation: int = 1) -> nn.Conv2d:
    return nn.Conv2d(
        inputs, outputs, (1, kernel), dilation=(1, dilation), padding="same", bias=False
    )


class _Block(nn.Module):
    """Bottleneck, three parallel convolutions and a pooled branch, batch normalisation."""

    def __init__(self, inputs: int, hidden: int, stride: int) -> None:
        super().__init__()
        narrow = min(inputs, hidden)
        self.bottleneck = nn.Identity() if narrow == inputs else _convolution(inputs, narrow)
        self.branches = nn.ModuleList(
            _convolution(narrow, hidden, *kernel) for kernel in _kernels(stride)
        )
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


def _kernels(stride: int) -> list[tuple[int, int]]:
    """Size and dilation of each kernel, about as many steps wide as without a stride.

    >>> _kernels(1), _kernels(4)
    ([(13, 3), (13, 1), (9, 2)], [(9, 1), (3, 1), (5, 1)])
    """
    if stride == 1:
        return list(_KERNELS)
    widths = [(size - 1) * dilation + 1 for size, dilation in _KERNELS]
    return [(max(_NARROWEST, 2 * round((width / stride - 1) / 2) + 1), 1) for width in widths]


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
    """Inception blocks, with a residual connection over every three: D = 4 * hidden.

    The input is each channel and its first difference, both scaled to unit variance; with a stride,
    the outputs of a strided convolution of the channels and their differences.

    Parameters:
        channels: C.
        hidden: width of each branch and of the bottleneck before them.
        layers: number of blocks.
        stride: steps per position, S = ceil(T / stride); kernels are as many steps wide as without.

    Source: Ismail Fawaz et al., 2020, "InceptionTime: finding AlexNet for time series
    classification" (there six blocks, kernels 40, 20 and 10 wide, five networks and no
    differences; here odd kernels, so that each position is the centre of its receptive field, two
    of them dilated, which costs less).
    """

    def __init__(self, channels: int, hidden: int, layers: int, stride: int = 1) -> None:
        super().__init__()
        self.stride = stride
        self.kernels = tuple(
            2 * (stride * (size - 1) * dilation // 2) + 1 for size, dilation in _kernels(stride)
        )
        self.window: nn.Module = nn.Identity()
        if stride > 1:  # windows that overlap by half
            self.window = NormalisedConvolution(channels, hidden, kernel=2 * stride, stride=stride)
        width = start = 2 * (channels if stride == 1 else hidden)
        self.norm = MaskedBatchNorm(width)
        self.blocks = nn.ModuleList()
        self.shortcuts = nn.ModuleList()
        for layer in range(1, layers + 1):
            block = _Block(width, hidden, stride)
            self.blocks.append(block)
            width = block.width
            if layer % _BLOCKS_PER_SHORTCUT == 0:
                self.shortcuts.append(_Shortcut(start, width))
                start = width
        self.width = width

    def forward(self, series: Tensor, mask: Tensor | None = None) -> Tensor:
        if self.stride > 1:
            series = self.window(apply_mask(series, mask))
            mask = None if mask is None else self.position_mask(mask)
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
