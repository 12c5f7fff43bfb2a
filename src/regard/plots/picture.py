"""Plot a picture with the light of its attention weights."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regard.errors import DataError
from regard.plots.lines import check_weights
from regard.plots.style import BLUE, VERMILION, axes_of_size

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Pixels", "glow", "light", "pixels_of", "plot_picture"]

Pixels: TypeAlias = ArrayLike | str | PathLike[str]
"""[rows, columns], or with 1 or 3 channels as last axis, uint8; or the path of a picture."""

_DARK = 0.45  # brightness where no weight is
_HEAT = 0.6  # share of vermilion where the weight is highest
_TINT = np.array([int(VERMILION[at : at + 2], 16) for at in (1, 3, 5)])


def plot_picture(
    pixels: Pixels,
    weights: ArrayLike | None = None,
    *,
    box: Sequence[int] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw a picture, dark where it was not looked at and glowing where it was.

    Parameters:
        pixels: [rows, columns], or with 1 or 3 channels as last axis, uint8; or the path of a file.
        weights: [rows, columns], not negative; those of the picture as a model has read it, at
            another size or on a square canvas, are stretched. None draws the picture as it is.
        box: half-open (top, left, bottom, right) of what is known to matter, outlined in blue.
        ax: where to draw; by default the axes of a new figure.

    Returns:
        The axes.

    Raises:
        DataError: shapes that do not match, weights that are negative or not finite, or no picture.

    Source: after figure 2 of Xu et al., 2015, "Show, attend and tell", where the light is white.

    >>> axes = plot_picture(np.zeros((5, 7), np.uint8), np.full((5, 7), 1 / 35))
    >>> [float(end) for end in axes.get_xlim()]
    [-0.5, 6.5]
    """
    from matplotlib.patches import Rectangle

    shown = pixels_of(pixels) if weights is None else light(pixels, weights)
    rows, columns = shown.shape[:2]
    ax = ax or axes_of_size(3.2 * min(1.5, columns / rows), 3.2)
    # Small pictures keep their pixels, large ones are smooth.
    ax.imshow(shown, interpolation="nearest" if max(rows, columns) <= 64 else "antialiased")
    ax.set_axis_off()
    if box is not None:
        top, left, bottom, right = box
        corner, size = (left - 0.5, top - 0.5), (right - left, bottom - top)
        ax.add_patch(Rectangle(corner, *size, fill=False, edgecolor=BLUE, linewidth=1.5))
    return ax


def light(pixels: Pixels, weights: ArrayLike) -> NDArray[np.uint8]:
    """[rows, columns, 3] the picture, darkened and tinted by its weights.

    A pixel p of relative weight w, from 0 to 1 for the highest, becomes
    (1 - 0.6 w) (0.45 + 0.55 w) p + 0.6 w vermilion.

    Parameters:
        pixels, weights: as of `plot_picture`.

    >>> light(np.full((1, 2), 200), np.array([[0.0, 0.0]])).tolist()
    [[[90, 90, 90], [90, 90, 90]]]
    """
    picture = pixels_of(pixels)
    given = _stretched(np.asarray(weights, np.float64), picture.shape[:2])
    heat, kept = _layers(given)
    return np.asarray(np.rint(kept * picture + heat * _TINT), np.uint8)


def glow(weights: ArrayLike) -> NDArray[np.uint8]:
    """[rows, columns, 4] RGBA: a layer that makes `light` of the picture below it.

    Parameters:
        weights: as of `plot_picture`.

    >>> glow(np.array([[0.0, 1.0]])).tolist()
    [[[0, 0, 0, 140], [224, 72, 11, 153]]]
    """
    heat, kept = _layers(np.asarray(weights, np.float64))
    cover = 1 - kept  # what is not kept of the picture is black, or vermilion
    return np.asarray(np.rint(np.concatenate([heat * _TINT / cover, 255 * cover], 2)), np.uint8)


def _layers(weights: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """[rows, columns, 1] the shares of vermilion and of the picture."""
    check_weights(weights.ravel())
    top = float(weights.max())
    relative = (weights / top if top > 0 else weights)[..., None]
    heat = _HEAT * relative
    return heat, (1 - heat) * (_DARK + (1 - _DARK) * relative)


def _stretched(weights: NDArray[np.float64], shape: tuple[int, int]) -> NDArray[np.float64]:
    """Weights of the picture as a model has read it, bilinearly over its own pixels.

    Those of a square canvas are cut to the picture at its top left.
    """
    if weights.shape == shape:
        return weights
    size = max(weights.shape, default=0)
    rows, columns = (max(1, round(side * size / max(shape))) for side in shape)
    if weights.shape == (size, size) and not (weights[rows:].any() or weights[:, columns:].any()):
        weights = weights[:rows, :columns]
    if weights.shape != (rows, columns):
        raise DataError(
            f"weights: wanted the shape {list(shape)} of the picture, or its proportions, given "
            f"{list(weights.shape)}"
        )
    from PIL.Image import Resampling, fromarray

    wide = fromarray(weights.astype(np.float32)).resize(shape[::-1], Resampling.BILINEAR)
    return np.asarray(wide, np.float64)


def pixels_of(given: Pixels) -> NDArray[np.uint8]:
    """[rows, columns, 3] of a picture, in a file or as numbers."""
    array = _read(given) if isinstance(given, str | PathLike) else np.asarray(given)
    if array.ndim == 2:
        array = array[..., None]
    if array.ndim != 3 or array.shape[2] not in (1, 3) or 0 in array.shape:
        raise DataError(
            "pixels: wanted the path of a picture, [rows, columns] or [rows, columns, 3], given "
            f"{list(array.shape)}"
        )
    return np.broadcast_to(array, (*array.shape[:2], 3)).astype(np.uint8)


def _read(path: str | PathLike[str]) -> NDArray[np.uint8]:
    """A picture, turned as its EXIF says."""
    from PIL import Image, ImageOps

    try:
        with Image.open(path) as image:
            return np.asarray(ImageOps.exif_transpose(image).convert("RGB"))
    except (OSError, ValueError) as error:
        raise DataError(f"pixels: {path} cannot be read as a picture: {error}") from None
