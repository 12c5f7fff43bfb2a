"""Pictures of one object among clutter, whose place is known."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regard.checks import check_count
from regard.errors import ConfigError, DataError
from regard.inputs.image.arrays import as_pictures
from regard.inputs.image.pictures import Pictures
from regard.inputs.image.shapes import draw_shapes

__all__ = ["clutter"]

_CROP = 28


def clutter(
    crops: Any = None,
    labels: ArrayLike | None = None,
    *,
    pictures: int = 3000,
    size: int = 64,
    pieces: int = 12,
    piece: int = 10,
    seed: int = 0,
) -> Pictures:
    """Put one object on a larger black canvas, at a random place, among pieces of others.

    Each piece is a square cut out of a random object, at a random place in it that is not empty.
    Where pieces and the object lie over each other, the brighter pixel is seen. The box is that of
    the object's pixels that are not black.

    Parameters:
        crops: [n, rows, columns] or [n, rows, columns, 3] objects on black, smaller than the
            canvas; None draws shapes of 28 x 28 pixels: bars, cross, disc, ring, square, triangle.
        labels: [n] what they are.
        pictures: how many to make; each crop is used once before one is used again.
        size: rows and columns of a picture.
        pieces: of clutter in each.
        piece: rows and columns of a piece.
        seed: random seed.

    Returns:
        Pictures with labels and boxes.

    Raises:
        ConfigError: a parameter is out of range.
        DataError: crops are no pictures, are larger than the canvas, or have no labels.

    Source: after Mnih et al., 2014, "Recurrent models of visual attention", section 4.1: "cluttered
    translated MNIST" (there 60 x 60 with four pieces of 8 x 8).

    >>> cases = clutter(pictures=6, size=40)
    >>> cases.values.shape, cases.boxes.shape, sorted(set(cases.labels.tolist()))[:2]
    ((6, 40, 40, 1), (6, 4), ['bars', 'cross'])
    """
    for name, number, least in (
        ("pictures", pictures, 1),
        ("size", size, 2),
        ("pieces", pieces, 0),
        ("piece", piece, 1),
        ("seed", seed, 0),
    ):
        check_count(name, number, least=least)
    generator = np.random.default_rng(seed)
    if (crops is None) != (labels is None):
        raise DataError("crops, labels: give both, or neither to draw shapes")
    if crops is None:
        side = min(_CROP, size)
        objects, names = draw_shapes(min(pictures, 2000), size=side, generator=generator)
        own: NDArray[np.uint8] = objects[..., None]
    else:
        largest = max(np.asarray(crops).shape[1:3], default=1)
        given = as_pictures(crops, labels, size=largest)
        if given.labels is None:
            raise DataError("labels: wanted one for each crop")
        own, names = given.values, given.labels
        own = own[:, : given.extents[0, 0], : given.extents[0, 1]]
    rows, columns = own.shape[1:3]
    if max(rows, columns) > size:
        raise DataError(f"crops: have {rows} x {columns} pixels; the canvas has {size} x {size}")
    if piece > min(rows, columns):
        raise ConfigError(f"piece: wanted at most the {min(rows, columns)} pixels of a crop")
    seen = own.max(-1) > 0  # [n, rows, columns]
    if not seen.reshape(len(own), -1).any(1).all():
        empty = int((~seen.reshape(len(own), -1).any(1)).argmax())
        raise DataError(f"crops: number {empty} is black all over")
    which = _in_turn(len(own), pictures, generator)
    values = np.zeros((pictures, size, size, own.shape[-1]), np.uint8)
    boxes = np.empty((pictures, 4), np.int64)
    for canvas, box, at in zip(values, boxes, which, strict=True):
        for _ in range(pieces):
            other = int(generator.integers(len(own)))
            cut = _piece(own[other], seen[other], piece, generator)
            _lay(canvas, cut, generator)
        top, left = _lay(canvas, own[at], generator)
        down, along = np.flatnonzero(seen[at].any(1)), np.flatnonzero(seen[at].any(0))
        box[:] = top + down[0], left + along[0], top + down[-1] + 1, left + along[-1] + 1
    extents = np.full((pictures, 2), size, np.int64)
    return Pictures(values, extents, np.asarray(names)[which], boxes)


def _in_turn(count: int, wanted: int, generator: np.random.Generator) -> NDArray[np.int64]:
    """Positions in random order, each once before one comes again."""
    turns = [generator.permutation(count) for _ in range(-(-wanted // count))]
    return np.concatenate(turns)[:wanted]


def _piece(
    own: NDArray[np.uint8], seen: NDArray[np.bool_], size: int, generator: np.random.Generator
) -> NDArray[np.uint8]:
    """A square around a random pixel that is not black, as far as it lies inside."""
    rows, columns = np.nonzero(seen)
    at = generator.integers(len(rows))
    top = np.clip(rows[at] - size // 2, 0, own.shape[0] - size)
    left = np.clip(columns[at] - size // 2, 0, own.shape[1] - size)
    return own[top : top + size, left : left + size]


def _lay(
    canvas: NDArray[np.uint8], own: NDArray[np.uint8], generator: np.random.Generator
) -> tuple[int, int]:
    """Lay pixels at a random place, where they are brighter; returns the top left corner."""
    top = int(generator.integers(canvas.shape[0] - own.shape[0] + 1))
    left = int(generator.integers(canvas.shape[1] - own.shape[1] + 1))
    place = canvas[top : top + own.shape[0], left : left + own.shape[1]]
    np.maximum(place, own, out=place)
    return top, left
