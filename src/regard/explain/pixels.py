"""Maps over the pixels of a picture, from maps over a grid, and compared with true boxes."""

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from regard.explain.localisation import average_precision

__all__ = ["box_ap", "box_chance", "lay_over_pixels", "pointing_game"]


def lay_over_pixels(
    maps: NDArray[np.floating], extents: NDArray[np.int64], *, cell: int, columns: int
) -> list[NDArray[np.float64]]:
    """Spread each position's value over the pixels of a picture, bilinearly.

    A position's value is highest at the middle of its cell and falls linearly to zero at the
    middles of its neighbours; what would lie outside the picture is shared among its pixels inside.
    On a picture that fills the grid this is bilinear upsampling.

    Parameters:
        maps: [B, ..., S], row by row.
        extents: [B, 2] rows and columns of each picture, at the top left of the grid.
        cell: pixels along a side of a position.
        columns: positions in a row of the grid.

    Returns:
        For each case [..., rows, columns] with the sum of the positions that cover its pixels.

    >>> lay_over_pixels(np.array([[0.2, 0.8]]), np.array([[1, 4]]), cell=2, columns=2)[0].round(3)
    array([[0.1  , 0.175, 0.325, 0.4  ]])
    """
    grids = np.asarray(maps, np.float64).reshape(*maps.shape[:-1], -1, columns)
    laid = []
    for grid, extent in zip(grids, extents.tolist(), strict=True):
        down, along = (_spread(pixels, cell) for pixels in extent)
        laid.append(down @ grid[..., : down.shape[1], : along.shape[1]] @ along.T)
    return laid


@cache
def _spread(pixels: int, cell: int) -> NDArray[np.float64]:
    """[pixels, positions] the share of each position's value at each pixel; columns sum to one."""
    middles = (np.arange(-(-pixels // cell)) + 0.5) * cell
    at = np.arange(pixels) + 0.5
    # Before the first middle, and after the last, the nearest position has all.
    at = np.clip(at, middles[0], middles[-1])
    shares = np.maximum(0, 1 - np.abs(at[:, None] - middles) / cell)
    return np.asarray(shares / shares.sum(0))


def box_ap(weights: Sequence[NDArray[np.floating]], boxes: NDArray[np.int64]) -> float:
    """Mean average precision with which the weights rank the pixels inside the true box.

    Parameters:
        weights: [rows, columns] of each case.
        boxes: [B, 4] half-open (top, left, bottom, right); empty ones are left out.

    Returns:
        Between 0 and 1; NaN if no case has a box. Random weights reach about the share of the
        pixels that are inside.

    >>> box_ap([np.array([[0.1, 0.5], [0.0, 0.4]])], np.array([[0, 1, 2, 2]]))
    1.0
    """
    scores = [
        average_precision(own.ravel(), _inside(own, box).ravel())
        for own, box in zip(weights, boxes, strict=True)
        if _has_pixels(box)
    ]
    return float(np.mean(scores)) if scores else float("nan")


def pointing_game(weights: Sequence[NDArray[np.floating]], boxes: NDArray[np.int64]) -> float:
    """The share of the cases whose highest weight lies inside the true box.

    Parameters and the NaN are those of `box_ap`. Of several highest weights each counts for its
    share.

    Source: Zhang et al., 2018, "Top-down neural attention by excitation backprop", section 4.2
    (there with a margin of 15 pixels, here without).

    >>> pointing_game([np.array([[0.1, 0.5], [0.0, 0.4]])], np.array([[0, 1, 1, 2]]))
    1.0
    """
    scores = [
        float(_inside(own, box)[own == own.max()].mean())
        for own, box in zip(weights, boxes, strict=True)
        if _has_pixels(box)
    ]
    return float(np.mean(scores)) if scores else float("nan")


def box_chance(extents: NDArray[np.int64], boxes: NDArray[np.int64]) -> float:
    """The mean share of a picture's pixels that are inside its box; NaN if no case has one."""
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    shares = areas / extents.prod(1)
    return float(shares[areas > 0].mean()) if (areas > 0).any() else float("nan")


def _has_pixels(box: NDArray[np.int64]) -> bool:
    top, left, bottom, right = box.tolist()
    return bool(top < bottom and left < right)


def _inside(own: NDArray[np.floating], box: NDArray[np.int64]) -> NDArray[np.bool_]:
    top, left, bottom, right = box.tolist()
    inside = np.zeros(own.shape, bool)
    inside[top:bottom, left:right] = True
    return inside
