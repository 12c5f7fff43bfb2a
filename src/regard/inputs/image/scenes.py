"""Drawn scenes of coloured shapes with captions, the box of every word known.

a red circle above a small blue square
a large green cross
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from regard.checks import check_count
from regard.errors import ConfigError
from regard.inputs.image.pictures import Pictures
from regard.inputs.image.shapes import SHAPES

__all__ = ["COLOURS", "scenes"]

COLOURS: Mapping[str, tuple[int, int, int]] = {
    "red": (225, 35, 35),
    "orange": (245, 135, 20),
    "yellow": (245, 225, 50),
    "green": (45, 175, 60),
    "blue": (50, 85, 230),
    "purple": (160, 60, 200),
}
"""Name to RGB, in the order of the rainbow."""

_DRAWN = {
    "circle": "disc",
    "cross": "cross",
    "ring": "ring",
    "square": "square",
    "triangle": "triangle",
}  # word to the shape of `SHAPES`
_SIZES = {"small": (0.15, 0.18), "": (0.25, 0.29), "large": (0.37, 0.42)}  # shares of a picture
_FINER = 4  # times the resolution, for smooth edges
_GAP, _CLEAR = 2, 0.08  # pixels between boxes; by how much one distance exceeds the other
_DARKEST = 0.8  # of a colour
_GREY = 60  # of the lightest background
_SMALLEST = 28  # pixels of a side on which small shapes can be told apart


def scenes(*, pictures: int = 5000, size: int = 48, objects: int = 2, seed: int = 0) -> Pictures:
    """Draw scenes of one or more coloured shapes, each with its caption.

    The first object of a caption is the one whose colour comes first in the rainbow, and colours
    of a scene differ, so that a picture has one caption. The others follow in this order, each
    with its place relative to the first: "a red ring left of a blue square and above a small
    purple cross". Two objects are above each other if they are farther apart in height than in
    width, and beside each other otherwise; never nearly both.

    Parameters:
        pictures: how many to draw.
        size: rows and columns of a picture.
        objects: the most in a picture, 1 to 3; every number from 1 on is equally frequent.
        seed: random seed.

    Returns:
        RGB pictures, whose labels are the captions, and whose `links` have the box of every word
        that describes an object. The others have none: articles, and relations, which are read off
        both objects and the space between them.

    Raises:
        ConfigError: a parameter is out of range.

    >>> cases = scenes(pictures=3, seed=4)
    >>> for caption, links in zip(cases.labels, cases.links):
    ...     print(caption, "|", *(caption[start:stop] for start, stop, *_ in links))
    a small orange ring | small orange ring
    a yellow triangle above a large purple square | yellow triangle large purple square
    a small red circle | small red circle
    """
    check_count("pictures", pictures, least=1)
    check_count("size", size, least=_SMALLEST)
    check_count("seed", seed, least=0)
    check_count("objects", objects, least=1)
    if objects > 3:
        raise ConfigError(f"objects: wanted at most 3, given {objects}")
    generator = np.random.default_rng([seed, objects])
    counts = generator.permutation(pictures) % objects + 1
    colours = generator.permuted(np.tile(np.arange(len(COLOURS)), (pictures, 1)), axis=1)
    colours = np.sort(colours[:, :objects], axis=1)
    shapes = generator.integers(len(_DRAWN), size=colours.shape)
    sizes = generator.integers(len(_SIZES), size=colours.shape)
    low, high = np.rint(size * np.array(list(_SIZES.values()))).astype(np.int64).T
    sides = generator.integers(low[sizes], high[sizes] + 1)
    exists = np.arange(objects) < counts[:, None]
    corners = _places(sides, exists, size, generator)
    values = np.empty((pictures, size, size, 3), np.float32)
    values[:] = generator.uniform(0, _GREY, (pictures, 1, 1, 1))
    bright = generator.uniform(_DARKEST, 1, colours.shape)
    paint = np.array(list(COLOURS.values()))[colours] * bright[..., None]
    boxes = np.zeros((*colours.shape, 4), np.int64)
    drawn = list(_DRAWN.values())
    for n, k in np.argwhere(exists).tolist():
        side, (top, left) = int(sides[n, k]), corners[n, k].tolist()
        share, (above, before, below, after) = _shape(drawn[shapes[n, k]], side)
        area = values[n, top : top + side, left : left + side]
        area += share * (paint[n, k] - area)
        boxes[n, k] = top + above, left + before, top + below, left + after
    captions = np.empty(pictures, object)
    links = []
    for n, count in enumerate(counts.tolist()):
        named = [
            _named(*each)
            for each in zip(sizes[n].tolist(), colours[n].tolist(), shapes[n].tolist(), strict=True)
        ]
        captions[n], found = _caption(named[:count], boxes[n, :count])
        links.append(found)
    extents = np.full((pictures, 2), size, np.int64)
    return Pictures(np.rint(values).astype(np.uint8), extents, captions, links=tuple(links))


def _places(
    sides: NDArray[np.int64],
    exists: NDArray[np.bool_],
    size: int,
    generator: np.random.Generator,
) -> NDArray[np.int64]:
    """[B, objects, 2] top left corners: no two boxes touch, and every relation is clear.

    All scenes are drawn at once; those that are not valid are drawn again.
    """
    corners = np.zeros((*sides.shape, 2), np.int64)
    left = np.arange(len(sides))
    while left.size:
        own = sides[left][..., None]
        tried = generator.integers(0, size - own + 1, (*own.shape[:2], 2))
        corners[left] = tried
        middles = tried + own / 2
        valid = np.ones(len(left), bool)
        for k in range(1, sides.shape[1]):
            for j in range(k):
                apart = abs(middles[:, k] - middles[:, j])  # [b, 2]
                clear = apart.max(1) >= (own[:, k, 0] + own[:, j, 0]) / 2 + _GAP
                if j == 0:
                    clear &= abs(apart[:, 0] - apart[:, 1]) >= _CLEAR * size
                valid &= clear | ~exists[left, k]
        left = left[~valid]
    return corners


@cache
def _shape(name: str, side: int) -> tuple[NDArray[np.float64], tuple[int, int, int, int]]:
    """[side, side, 1] how much of each pixel the shape covers, and its box; it fills the side."""
    fine = _FINER * side
    y, x = np.meshgrid(*[(np.arange(fine) + 0.5) / fine * 2 - 1] * 2, indexing="ij")
    inside = SHAPES[name](x, y)
    (top, bottom), (left, right) = ((at[inside].min(), at[inside].max()) for at in (y, x))
    half = max(bottom - top, right - left) / 2
    inside = SHAPES[name]((left + right) / 2 + half * x, (top + bottom) / 2 + half * y)
    share = inside.reshape(side, _FINER, side, _FINER).mean((1, 3))
    down, along = np.flatnonzero(share.any(1)), np.flatnonzero(share.any(0))
    box = int(down[0]), int(along[0]), int(down[-1]) + 1, int(along[-1]) + 1
    return share[..., None], box


def _named(size: int, colour: int, shape: int) -> list[str]:
    """The words of an object, without its article."""
    words = list(_SIZES)[size], list(COLOURS)[colour], list(_DRAWN)[shape]
    return [word for word in words if word]


def _caption(
    named: Sequence[Sequence[str]], boxes: NDArray[np.int64]
) -> tuple[str, NDArray[np.int64]]:
    """The caption of objects with these words and boxes, and its links [n, 6]."""
    words: list[tuple[str, NDArray[np.int64] | None]] = []
    for k, (own, box) in enumerate(zip(named, boxes, strict=True)):
        if k > 1:
            words.append(("and", None))
        if k:
            words.append((_relation(boxes[0], box), None))
        words.append(("an" if own[0][0] in "aeiou" else "a", None))
        words += [(word, box) for word in own]
    text, links = "", []
    for word, place in words:
        text += " " * bool(text)
        if place is not None:
            links.append([len(text), len(text) + len(word), *place.tolist()])
        text += word
    return text, np.array(links, np.int64)


def _relation(first: NDArray[np.int64], other: NDArray[np.int64]) -> str:
    """Where the first of two boxes is, as the other sees it."""
    down, along = (first[:2] + first[2:] - other[:2] - other[2:]).tolist()
    if abs(down) > abs(along):
        return "above" if down < 0 else "below"
    return "left of" if along < 0 else "right of"
