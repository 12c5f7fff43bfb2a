"""Convolutional encoder of pictures: residual blocks, with a state for every cell of a grid."""

from itertools import pairwise
from math import ceil, log2

import torch
from torch import Tensor, nn
from torch.nn.functional import pad, relu

from regard.models.encoder import MaskedBatchNorm
from regard.models.grid import GridEncoder, cell_of, grid_sinusoids, shrink_mask

__all__ = ["PictureConvolution"]


class PictureConvolution(GridEncoder):
    """A convolution, then stages that halve rows and columns, each of residual blocks: D = hidden.

    The last stage has width D, each one before it half of the next, but at least 16. There are as
    many stages as halvings: two for pictures of up to 64 pixels, whose positions are cells of 4 x 4
    pixels, and one more for every doubling, so that the grid is at most 16 x 16.

    Parameters:
        channels: C.
        hidden: D.
        layers: residual blocks of each stage, of two convolutions each.
        size: rows and columns of a picture.
        positions: whether sinusoids of row and column are added to the states, for what has to say
            where things are.

    Source: He et al., 2016, "Deep residual learning for image recognition" (there a 7 x 7 stem and
    four stages; here smaller, with the halving before each stage).
    """

    def __init__(
        self, channels: int, hidden: int, layers: int, *, size: int, positions: bool = False
    ) -> None:
        super().__init__()
        self.width, self.cell, self.placed = hidden, cell_of(size), positions
        stages = int(log2(self.cell))
        widths = [max(min(16, hidden), hidden >> stages - at) for at in range(stages)] + [hidden]
        self.stem = _Convolution(channels, widths[0])
        self.stages = nn.ModuleList(
            _Stage(before, width, layers) for before, width in pairwise(widths)
        )

    def forward(self, pictures: Tensor, mask: Tensor | None = None) -> Tensor:
        canvas = pictures.shape[-2:]
        pictures, mask = _cut(pictures, mask)
        features = relu(self.stem(pictures, mask))
        for stage in self.stages:
            mask = None if mask is None else shrink_mask(mask, 2)
            features = stage(features, mask)
        rows, columns = (ceil(side / self.cell) for side in canvas)
        spare = [0, columns - features.shape[3], 0, rows - features.shape[2]]
        states: Tensor = pad(features, spare).flatten(2).transpose(1, 2)
        if self.placed:
            states = states + grid_sinusoids(rows, columns, self.width, like=states)
        return states


class _Convolution(nn.Module):
    """A 3 x 3 convolution and batch normalisation, zero outside the pictures."""

    def __init__(self, inputs: int, outputs: int, *, stride: int = 1) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False)
        self.norm = MaskedBatchNorm(outputs)

    def forward(self, features: Tensor, mask: Tensor | None) -> Tensor:
        if features.shape[3] == 1:
            # In bfloat16, oneDNN's gradient to a strided kernel is wrong for one padded column.
            features = pad(features, (0, self.convolution.stride[1] - 1))
        normal: Tensor = self.norm(self.convolution(features), mask)
        return normal


class _Block(nn.Module):
    """relu(x + f(x)), f two convolutions."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first, self.second = _Convolution(width, width), _Convolution(width, width)

    def forward(self, features: Tensor, mask: Tensor | None) -> Tensor:
        return relu(features + self.second(relu(self.first(features, mask)), mask))


class _Stage(nn.Module):
    """A convolution of stride 2, then residual blocks."""

    def __init__(self, inputs: int, outputs: int, blocks: int) -> None:
        super().__init__()
        self.halve = _Convolution(inputs, outputs, stride=2)
        self.blocks = nn.ModuleList(_Block(outputs) for _ in range(blocks))

    def forward(self, features: Tensor, mask: Tensor | None) -> Tensor:
        features = relu(self.halve(features, mask))
        for block in self.blocks:
            features = block(features, mask)
        return features


def _cut(pictures: Tensor, mask: Tensor | None) -> tuple[Tensor, Tensor | None]:
    """The rows and columns of a batch's canvas that any picture covers, zero outside each picture.

    The mask is None where all pictures cover all of them: batch normalisation then takes less time.
    """
    if mask is None:
        return pictures, None
    if torch.compiler.is_exporting():  # a graph has one canvas
        return pictures * mask.unsqueeze(1), mask
    rows, columns = (int(mask.any(2 - side).any(0).sum()) for side in (0, 1))
    pictures, mask = pictures[..., :rows, :columns], mask[:, :rows, :columns]
    if mask.all():
        return pictures, None
    return pictures * mask.unsqueeze(1), mask
