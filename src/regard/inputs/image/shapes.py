"""Drawn shapes: small grey pictures of discs, squares, triangles and others."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

__all__ = ["SHAPES", "draw_shapes"]

_Floats = NDArray[np.float64]

_FINER = 4  # times the resolution, for smooth edges


def _disc(x: _Floats, y: _Floats) -> NDArray[np.bool_]:
    return np.asarray(np.hypot(x, y) < 0.9)


def _ring(x: _Floats, y: _Floats) -> NDArray[np.bool_]:
    return np.asarray((np.hypot(x, y) < 0.9) & (np.hypot(x, y) > 0.5))


def _square(x: _Floats, y: _Floats) -> NDArray[np.bool_]:
    return np.asarray(np.maximum(abs(x), abs(y)) < 0.75)


def _triangle(x: _Floats, y: _Floats) -> NDArray[np.bool_]:
    return np.asarray((y < 0.75) & (abs(x) < (y + 0.95) / 2))


def _cross(x: _Floats, y: _Floats) -> NDArray[np.bool_]:
    return np.asarray((np.minimum(abs(x), abs(y)) < 0.25) & (np.maximum(abs(x), abs(y)) < 0.9))


def _bars(x: _Floats, y: _Floats) -> NDArray[np.bool_]:
    return np.asarray((abs(x) < 0.85) & (abs(y) < 0.8) & (abs(abs(y) - 0.55) < 0.25))


SHAPES: dict[str, Callable[[_Floats, _Floats], NDArray[np.bool_]]] = {
    "bars": _bars,
    "cross": _cross,
    "disc": _disc,
    "ring": _ring,
    "square": _square,
    "triangle": _triangle,
}
"""Name to whether points of [-1, 1] x [-1, 1], y downwards, are inside."""


def draw_shapes(
    count: int, *, size: int, generator: np.random.Generator
) -> tuple[NDArray[np.uint8], NDArray[np.str_]]:
    """Draw shapes of random sizes, turned up to 20 degrees, in random greys.

    Returns:
        [count, size, size], black around the shape, and the [count] names, equally often each.
    """
    names = np.array(list(SHAPES))[generator.permutation(count) % len(SHAPES)]
    fine = _FINER * size
    y, x = np.meshgrid(*[(np.arange(fine) + 0.5) / fine * 2 - 1] * 2, indexing="ij")
    drawn = np.empty((count, size, size), np.uint8)
    for at, name in enumerate(names):
        angle, scale = generator.uniform(-0.35, 0.35), generator.uniform(0.75, 1.0)
        u = (x * np.cos(angle) + y * np.sin(angle)) / scale
        v = (y * np.cos(angle) - x * np.sin(angle)) / scale
        inside = SHAPES[str(name)](u, v)
        share = inside.reshape(size, _FINER, size, _FINER).mean((1, 3))
        drawn[at] = np.rint(share * generator.uniform(140, 255))
    return drawn, names
