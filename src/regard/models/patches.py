"""Transformer encoder of pictures: every patch attends to all patches."""

from math import ceil

from torch import Tensor, nn

from regard.models.grid import GridEncoder, cell_of, grid_sinusoids
from regard.models.transformer import Transformer

__all__ = ["Patches"]


class Patches(Transformer, GridEncoder):
    """Pre-norm Transformer encoder over square patches with 2-D sinusoidal positions: D = hidden.

    A patch is embedded with a border of half its size around it. Patches are of 4 x 4 pixels in
    pictures of up to 64 pixels, and twice as large for every doubling, so that the grid is at most
    16 x 16.

    Parameters:
        channels: C.
        hidden: D.
        layers: number of stacked layers.
        size: rows and columns of a picture.
        dropout: in every layer, in training.

    Source: Dosovitskiy et al., 2021, "An image is worth 16x16 words" (there learned positions, a
    class token, and patches embedded without a border).
    """

    def __init__(
        self, channels: int, hidden: int, layers: int, *, size: int, dropout: float
    ) -> None:
        super().__init__(hidden, hidden, layers, dropout=dropout, kernel=0)
        self.cell = cell_of(size)
        self.patch = nn.Conv2d(channels, hidden, 2 * self.cell, self.cell, padding=self.cell // 2)

    def _embedded(self, series: Tensor, mask: Tensor | None) -> Tensor:
        if mask is not None:
            series = series * mask.unsqueeze(1)
        rows, columns = series.shape[-2:]
        border = [0, -columns % self.cell, 0, -rows % self.cell]
        patches = self.patch(nn.functional.pad(series, border))
        states: Tensor = patches.flatten(2).transpose(1, 2)  # [B, S, D]
        grid = ceil(rows / self.cell), ceil(columns / self.cell)
        return states + grid_sinusoids(*grid, self.width, like=states)
