"""What encoders of pictures have in common: positions in rows and columns."""

from math import ceil

import torch
from torch import Tensor
from torch.nn.functional import max_pool2d

from regard.models.encoder import Encoder
from regard.models.transformer import sinusoids

__all__ = ["GridEncoder", "cell_of", "grid_sinusoids", "shrink_mask"]

_MOST = 16  # positions along a side


class GridEncoder(Encoder):
    """Pictures [B, C, rows, columns] -> states [B, S, D] of a grid of positions, row by row.

    Attributes:
        width: D.
        cell: position (r, c) covers the pixels of the rows from r * cell up to, not including,
            (r + 1) * cell, and the columns likewise, so that S = ceil(rows / cell) *
            ceil(columns / cell).

    A mask is boolean [B, rows, columns], True inside a picture, which lies at the top left of its
    canvas; nothing computed there may depend on what lies outside.
    """

    cell: int

    def positions(self, shape: torch.Size) -> int:
        return ceil(shape[-2] / self.cell) * ceil(shape[-1] / self.cell)

    def position_mask(self, mask: Tensor) -> Tensor:
        """[B, rows, columns] -> [B, S], the positions that cover at least one pixel inside."""
        return shrink_mask(mask, self.cell).flatten(1)


def shrink_mask(mask: Tensor, by: int) -> Tensor:
    """[B, rows, columns] -> [B, ceil(rows / by), ceil(columns / by)], True where any pixel is."""
    return max_pool2d(mask.float().unsqueeze(1), by, ceil_mode=True).squeeze(1) > 0


def cell_of(size: int, least: int = 4) -> int:
    """Pixels along a side of a position: the least power of two from `least` on that gives a grid
    of at most 16 x 16.

    >>> cell_of(28), cell_of(64), cell_of(128)
    (4, 4, 8)
    """
    cell = least
    while ceil(size / cell) > _MOST:
        cell *= 2
    return cell


def grid_sinusoids(rows: int, columns: int, width: int, *, like: Tensor) -> Tensor:
    """Positions [rows * columns, width]: sinusoids of the row in the first half of the width,
    rounded up, and of the column in the rest.

    Source: Parmar et al., 2018, "Image Transformer", section 3.1, whose coordinates have half of
    the width each.
    """
    first = (width + 1) // 2
    down = sinusoids(rows, first, like=like)[:, None].expand(-1, columns, -1)
    along = sinusoids(columns, width - first, like=like)[None].expand(rows, -1, -1)
    return torch.cat([down, along], -1).flatten(0, 1)
